"""A process beside a running `up` that prepares systems and does people's deeds over services.

Each line of its input is one deed as JSON, each line of its output what came of it. What is done at
a page or a REST door is not here: the tests do that over HTTP.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
import traceback
from typing import Any

from config.env import ROOT
from config.up.layout import Layout
from tests.ground_database import EmbeddedPostgres
from tests.trust import deeds
from tests.trust.winding import notices_of_timers, timers, wind_timers

PATIENCE = 60.0


class Stagehand:
    """The test's side: starts the process, and asks it for one deed after another."""

    def __init__(self, layout: Layout, environment: dict[str, str]) -> None:
        database = EmbeddedPostgres.url_of
        here = type("Here", (), {"layout": layout})()
        self._one_at_a_time = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.trust.stagehand"],
            cwd=ROOT,
            env={
                **environment,
                "DJANGO_SETTINGS_MODULE": "config.settings",
                "DATABASE_URL": database(here, layout.database, layout.app_role),
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def do(self, deed: str, **given: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with self._one_at_a_time:
            self._process.stdin.write(json.dumps({"deed": deed, **given}) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        assert line, f"the stagehand ended at {deed}"
        answer = json.loads(line)
        assert "problem" not in answer, f"{deed}: {answer['problem']}"
        return answer["came"]

    def stop(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(timeout=30)
        self._process.stdout.close()


# --- inside the process ---

DEEDS = {
    one.__name__: one
    for one in (
        deeds.people,
        deeds.prepare,
        deeds.cross_a_line,
        deeds.key,
        deeds.lift,
        deeds.is_contained,
        deeds.steps,
        deeds.rule_out_duties,
        deeds.pass_audit,
        deeds.freeze_post_mortem,
        deeds.holds,
        deeds.end_of,
        wind_timers,
        timers,
        notices_of_timers,
    )
}


def attempt(deed: str, given: dict[str, Any]) -> Any:
    """Do it; while the database is away, look again."""
    from django.db import InterfaceError, OperationalError, connection

    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return DEEDS[deed](**given)
        except (OperationalError, InterfaceError):
            if time.monotonic() > deadline:
                raise
            connection.close()
            time.sleep(0.2)


def main() -> None:
    import django

    # The answers own the output; whatever else is said goes where errors go.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    django.setup()
    from governance.outbox.subscriptions import prepare_receivers

    prepare_receivers()
    for line in sys.stdin:
        told = json.loads(line)
        try:
            answer = {"came": attempt(told.pop("deed"), told)}
        except Exception:  # noqa: BLE001  (whatever it is, the test shows it)
            answer = {"problem": traceback.format_exc()}
        answers.write(json.dumps(answer, default=str) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
