"""One web process of the history test: some threads write choices, others ask the doors.

Run as `python -m tests.fastpath.web_process FOLDER NAME WRITERS SECONDS`; what happened is
written to FOLDER/NAME.jsonl. It stops after its time or when FOLDER/stop exists.
"""

from __future__ import annotations

import io
import json
import os
import random
import sys
import threading
import time
from pathlib import Path
from typing import Any

PURPOSE = "product_suggestions"
SUBJECTS = [f"person-{number}" for number in range(4)]


def ask(doors: Any, secret: str, subject: str) -> tuple[bool, int]:
    """One OFREP question at the WSGI door; the revision it is answered from."""
    body = json.dumps({"context": {"targetingKey": subject, "region": "DE"}}).encode()
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": f"/ofrep/v1/evaluate/flags/purpose.{PURPOSE}",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
        "HTTP_AUTHORIZATION": f"Bearer {secret}",
    }
    status: list[str] = []
    text = b"".join(doors(environ, lambda line, _headers: status.append(line)))
    assert status[0].startswith("200"), (status, text)
    told = json.loads(text)
    return bool(told["value"]), int(told["metadata"].get("revision", 0))


def main(folder: Path, name: str, writers: int, seconds: float) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    from consent.fastpath.front import Front
    from consent.fastpath.journal import Control
    from consent.fastpath.serving import serving_of_process
    from consent.services import record_choice
    from consent.slowpath.wsgi import DecisionDoors
    from governance.core.actors import SystemActor
    from governance.core.errors import Conflict
    from tests.fastpath.history import Check, Write, append

    if os.environ.get("HISTORY_WITHOUT_DOUBTS"):
        Control.raise_doubts = lambda *_: None  # type: ignore[method-assign]
    doors = Front(DecisionDoors(lambda *_: []), serving_of_process())
    secret = (folder / "secret").read_text()
    path = folder / f"{name}.jsonl"
    deadline = time.monotonic() + seconds
    lock = threading.Lock()

    def going() -> bool:
        return time.monotonic() < deadline and not (folder / "stop").exists()

    def write(seed: int) -> None:
        chance = random.Random(seed)
        while going():
            time.sleep(chance.random() * 0.03)  # else everybody is in doubt all the time
            subject, allow = chance.choice(SUBJECTS), chance.random() < 0.5
            began = time.monotonic_ns()
            try:
                made = record_choice(
                    subject=subject,
                    purpose=PURPOSE,
                    status="given" if allow else "withdrawn",
                    actor=SystemActor("tests"),
                )
            except Conflict:
                continue  # a grant said at the moment of a denial: ties deny
            event = Write(subject, allow, made.revision, began, time.monotonic_ns())
            with lock:
                append(path, [event])

    def check(seed: int) -> None:
        chance = random.Random(seed)
        told = []
        while going():
            subject = chance.choice(SUBJECTS)
            began = time.monotonic_ns()
            allow, revision = ask(doors, secret, subject)
            told.append(Check(subject, allow, revision, began, time.monotonic_ns()))
            time.sleep(0.0005)
        with lock:
            append(path, told)
            (folder / f"{name}.counts").write_text(json.dumps(doors.counts()))

    seed = hash(name) & 0xFFFF
    threads = [threading.Thread(target=write, args=(seed + each,)) for each in range(writers)]
    threads += [threading.Thread(target=check, args=(seed + 100 + each,)) for each in range(2)]
    (folder / f"{name}.ready").touch()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))
