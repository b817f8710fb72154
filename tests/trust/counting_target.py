"""A small real place that serves: it does what it is told, says so, and counts what it was told.

`python -m tests.trust.counting_target FILE` asks over OFREP, hears webhooks and reports what it
serves. `GET /told` answers with the count. Knows nothing of Tactful but its public doors.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

PACE = 0.2  # seconds between two questions
REPEAT = 3.0  # seconds after which an unchanged word is said again
EVALUATE = "/ofrep/v1/evaluate/flags/"
Word = tuple[str, bool]


@dataclass
class Target:
    """One place that serves one system."""

    system: str
    key: str
    url: str
    api_key: str
    secret: str = ""  # set once the endpoint is registered
    lock: threading.Lock = field(default_factory=threading.Lock)
    ids: dict[str, str] = field(default_factory=dict)  # webhook id -> what it told
    raw: Counter[str] = field(default_factory=Counter)
    served: list[Word] = field(default_factory=list)
    refused: int = 0
    heard: str = ""

    def ask(self, method: str, path: str, body: dict[str, Any]) -> Any:
        place = urlsplit(self.url)
        connection = http.client.HTTPConnection(str(place.hostname), place.port, timeout=5)
        try:
            headers = {"Content-Type": "application/json", "X-API-Key": self.api_key}
            connection.request(method, path, json.dumps(body), headers)
            answer = connection.getresponse()
            told = answer.read()
            if answer.status != 200:
                raise OSError(f"{path} answered {answer.status}")
            return json.loads(told)
        finally:
            connection.close()

    def decide(self) -> Word:
        """What is to be served to somebody who is not signed in."""
        name = f"system.{self.system}"
        may = self.ask("POST", EVALUATE + name, {"context": {}})["value"]
        version = self.ask("POST", f"{EVALUATE}{name}.version", {"context": {}})["value"]
        return str(version), bool(may)

    def serve(self) -> None:
        """Follow every change for ever; a server that is away changes nothing."""
        said: tuple[Word, float] | None = None
        while True:
            with contextlib.suppress(OSError, ValueError, KeyError, http.client.HTTPException):
                word = self.decide()
                with self.lock:
                    if not self.served or self.served[-1] != word:
                        self.served.append(word)
                if said is None or said[0] != word or time.monotonic() - said[1] > REPEAT:
                    report = {"system": self.system, "version": word[0], "personalises": word[1]}
                    answer = self.ask("POST", f"/api/v1/targets/{self.key}/reports", report)
                    said, self.heard = (word, time.monotonic()), answer["standing"]
            time.sleep(PACE)

    def hear(self, body: bytes, headers: dict[str, str]) -> bool:
        """Take a message by its id: the same id again is the same message, and has no effect."""
        try:
            told = Webhook(self.secret).verify(body, headers)
        except (WebhookVerificationError, ValueError):
            self.refused += 1
            return False
        what = f"{told['type']} {told.get('subject', '')}".strip()
        with self.lock:
            self.raw[what] += 1
            self.ids[headers["webhook-id"]] = what
        return True

    def told(self) -> dict[str, Any]:
        with self.lock:
            return {
                "effects": dict(Counter(self.ids.values())),
                "deliveries": dict(self.raw),
                "served": self.served,
                "refused": self.refused,
                "standing": self.heard,
            }


def listen(target: Target, port: int) -> ThreadingHTTPServer:
    """Hear webhooks at /hook, take the secret at /secret, answer the count at /told."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(200, json.dumps(target.told()).encode())

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path == "/secret":
                target.secret = body.decode()
                self._answer(200, b"")
                return
            names = {name.lower(): value for name, value in self.headers.items()}
            self._answer(200 if target.hear(body, names) else 401, b"")

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """What it was told is counted, not logged."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def main() -> None:
    told = json.loads(Path(sys.argv[1]).read_text())
    port = told.pop("port")
    target = Target(**told)
    listen(target, port)
    print("ready", flush=True)
    target.serve()


if __name__ == "__main__":
    main()
