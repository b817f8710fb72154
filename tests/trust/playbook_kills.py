"""One incident through the whole generic playbook, with a process killed at each step's boundary.

What is expected stands in `test_playbook_kills`. A gate in the database holds whoever is about to
end a step, so that a kill hits inside the step's transaction, after everything before was kept.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psycopg

from config.env import ROOT
from config.up.postgres import conninfo
from incidents.choices import ENDED, StepType
from tests.trust.deeds import WHY
from tests.trust.proof_playbook import AUTOMATIC, STEPS
from tests.trust.stagehand import Stagehand
from tests.trust.up_process import UpProcess, free_port, wait_until

#: What is killed, by a word of its command line.
KINDS = {
    "relay": "manage.py relay",
    "worker": "desk@",
    "beat": "celery.beat",
    "web": "granian",
    "stream": "consent.stream",
    "postgresql": "bin/postgres",
}
PATIENCE = 90.0  # for one step, whatever was killed: the longest back-off is 30 s
CSRF = "c" * 32
EFFECTS = (
    "incident.opened",
    "hold.placed",
    "serving_version.changed",
    "incident.step",
    "hold.released",
)

_GATE = """
DROP TABLE IF EXISTS closed_gate CASCADE;
CREATE TABLE closed_gate (place text PRIMARY KEY);
GRANT SELECT ON closed_gate TO PUBLIC;
CREATE OR REPLACE FUNCTION stop_at_gate() RETURNS trigger LANGUAGE plpgsql VOLATILE AS $$
DECLARE here text;
BEGIN
    SELECT system.key || ':' || NEW.key INTO here FROM incidents_incident AS incident
        JOIN registry_system AS system ON system.id = incident.system_id
        WHERE incident.id = NEW.incident_id;
    IF EXISTS (SELECT FROM closed_gate WHERE place = here) THEN
        PERFORM set_config('application_name', 'gate ' || here, false);
        WHILE EXISTS (SELECT FROM closed_gate WHERE place = here) LOOP
            PERFORM pg_sleep(0.02);
        END LOOP;
        PERFORM set_config('application_name', 'tactful', false);
    END IF;
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER stop_at_gate BEFORE UPDATE OF state ON incidents_incidentstep
    FOR EACH ROW EXECUTE FUNCTION stop_at_gate();
"""


class Gates:
    """Doors before the end of each step; durable, so they outlive a kill of the server."""

    def __init__(self, up: UpProcess) -> None:
        layout = up.layout
        self._where = conninfo(layout, layout.superuser, layout.database)
        self._ask(_GATE)

    def _ask(self, words: str, *given: str) -> list[Any]:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                with psycopg.connect(self._where, autocommit=True) as connection:
                    found = connection.execute(words, given or None)
                    return found.fetchall() if found.description else []
            except psycopg.OperationalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    def close(self, system: str) -> None:
        for step in STEPS:
            self._ask("INSERT INTO closed_gate VALUES (%s)", f"{system}:{step}")

    def open(self, system: str, step: str) -> None:
        self._ask("DELETE FROM closed_gate WHERE place = %s", f"{system}:{step}")

    def states(self, system: str) -> list[Any]:
        """How far each step is, read past everybody who may be waiting."""
        return self._ask(
            "SELECT step.key, step.state, step.outcome FROM incidents_incidentstep AS step"
            " JOIN incidents_incident AS incident ON incident.id = step.incident_id"
            " JOIN registry_system AS system ON system.id = incident.system_id"
            " WHERE system.key = %s ORDER BY step.position",
            system,
        )

    def somebody_waits(self, system: str, step: str) -> bool:
        name = f"gate {system}:{step}"
        return bool(self._ask("SELECT 1 FROM pg_stat_activity WHERE application_name = %s", name))


def kill(up: UpProcess, kind: str) -> None:
    """SIGKILL to a process of `up` and whatever it started; one that is down is waited for."""

    def strike() -> bool:
        try:
            pid = up.named(KINDS[kind])
        except (AssertionError, OSError):
            return False
        try:
            if kind == "postgresql":  # its backends end by themselves when their parent is gone
                os.kill(pid, signal.SIGKILL)
            else:
                os.killpg(pid, signal.SIGKILL)
        except ProcessLookupError:
            return False
        return True

    assert wait_until(strike, PATIENCE), f"{kind} did not come back"


class Place:
    """The place that serves: a process of its own, which counts."""

    def __init__(self, folder: Path, system: str) -> None:
        self.port = free_port()
        self.key = f"shop-{system}"
        self.hook = f"http://127.0.0.1:{self.port}/hook"
        self._file = folder / f"{system}.json"
        self._process: subprocess.Popen[str] | None = None
        self.system = system

    def start(self, url: str, api_key: str, secret: str) -> None:
        self._file.write_text(
            json.dumps(
                {
                    "port": self.port,
                    "system": self.system,
                    "key": self.key,
                    "url": url,
                    "api_key": api_key,
                    "secret": secret,
                }
            )
        )
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.trust.counting_target", str(self._file)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n"

    def told(self) -> dict[str, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request("GET", "/told")
        told: dict[str, Any] = json.loads(connection.getresponse().read())
        connection.close()
        return told

    def effects(self) -> dict[str, int]:
        """How many distinct messages told it of each kind of effect."""
        found: dict[str, int] = {}
        for what, count in self.told()["effects"].items():
            kind = what.split()[0].removeprefix("tactful.")
            found[kind] = found.get(kind, 0) + count
        return found

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            assert self._process.stdout is not None
            self._process.stdout.close()


class Browser:
    """A person's clicks; who gets no answer clicks again."""

    def __init__(self, port: int, sessions: dict[str, str]) -> None:
        self._port = port
        self._sessions = sessions

    def click(self, who: str, path: str, **form: str) -> int:
        """The status of the answer; 0 where there was none."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Cookie": f"session={self._sessions[who]}; csrf={CSRF}",
            "Origin": f"http://127.0.0.1:{self._port}",
        }
        try:
            body = urlencode({**form, "csrfmiddlewaretoken": CSRF})
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            return 0
        else:
            return answer.status
        finally:
            connection.close()


class Walk:
    """One system's incident from the alert to its closing, along every step of the playbook."""

    def __init__(
        self,
        up: UpProcess,
        hand: Stagehand,
        gates: Gates,
        browser: Browser,
        place: Place,
    ) -> None:
        self.up, self.hand, self.gates, self.browser = up, hand, gates, browser
        self.place, self.system = place, place.system
        self.killed: list[tuple[str, str]] = []

    def go(self, kind_at: Callable[[str, bool], str | None]) -> None:
        """`kind_at(step, automatic)` says what is killed at the boundary of each step."""
        self.gates.close(self.system)
        self.hand.do("cross_a_line", system=self.system)
        for step in AUTOMATIC:
            self._pass(step, kind_at(step, True))
        self._until(lambda: len(self._steps()) > 0)
        base = f"/incidents/{self._reference()}"
        self._until(lambda: self.browser.click("ivo", f"{base}/command/") == 302)
        for step in AUTOMATIC:  # what could not end by itself was handed over to people
            self._insist(step, lambda at: self._finish(at, base))
        for step in [one for one in STEPS if one not in AUTOMATIC]:
            self._by_people(step, base, kind_at(step, False))
        for target in ("review", "closed"):
            self._move(base, target)

    def _pass(self, step: str, kind: str | None) -> None:
        arrived = wait_until(lambda: self.gates.somebody_waits(self.system, step), PATIENCE)
        assert arrived, f"nobody came to end {step}: {self.gates.states(self.system)}"
        if kind is not None:
            kill(self.up, kind)
            self.killed.append((kind, step))
        self.gates.open(self.system, step)

    def _by_people(self, step: str, base: str, kind: str | None) -> None:
        """Somebody does the step, again where the house fell on them, until it is done."""
        over = threading.Event()

        def do() -> None:
            while not over.is_set():
                with contextlib.suppress(AssertionError):  # refused: somebody's deed came through
                    self._finish(step, base)
                if over.wait(0.1) or self._is_over(step):
                    return

        doing = threading.Thread(target=do)
        doing.start()
        try:
            self._pass(step, kind)
            self._until(lambda: not doing.is_alive())
        finally:
            over.set()
            doing.join()

    def _finish(self, step: str, base: str) -> None:
        found = next(one for one in self._steps() if one["key"] == step)
        match found["type"]:
            case StepType.INVESTIGATE:
                self.browser.click("ivo", f"{base}/cause/", cause="The reward counts clicks only.")
            case StepType.DECIDE_DUTIES:
                self.hand.do("rule_out_duties", system=self.system)
            case StepType.LIFT_HOLD:
                self.hand.do("pass_audit", system=self.system)
                for hold in self.hand.do("holds", system=self.system):
                    for who in ("ivo", "ada"):
                        self.browser.click(who, f"{base}/lift/", hold=hold, reason=WHY)
            case StepType.POST_MORTEM:
                self.hand.do("freeze_post_mortem", system=self.system)
            case StepType.OPEN_CHECKLIST:
                self.browser.click("root", f"{base}/steps/{found['position']}/")
            case StepType.STATUS_UPDATE:
                path = f"{base}/steps/{found['position']}/"
                self.browser.click("ivo", path, skip="1", note=WHY)
            case _:
                self.browser.click("ivo", f"{base}/steps/{found['position']}/", **_words(found))

    def _insist(self, step: str, deed: Callable[[str], None]) -> None:
        def done() -> bool:
            if self._is_over(step):
                return True
            deed(step)
            return self._is_over(step)

        self._until(done)

    def _steps(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.hand.do("steps", system=self.system)
        return found

    def _reference(self) -> str:
        return str(self._steps()[0]["reference"])

    def _is_over(self, step: str) -> bool:
        return any(one["key"] == step and one["state"] in ENDED for one in self._steps())

    def _move(self, base: str, target: str) -> None:
        def moved() -> bool:
            if self._steps()[0]["incident_state"] == target:
                return True
            self.browser.click("ivo", f"{base}/move/", state=target)
            return bool(self._steps()[0]["incident_state"] == target)

        self._until(moved)

    def _until(self, true: Callable[[], bool]) -> None:
        assert wait_until(true, PATIENCE), self.gates.states(self.system)

    def ended(self) -> dict[str, Any]:
        """What the run left in the record and at the place, once all news have arrived."""
        wanted = dict.fromkeys(EFFECTS, 1)
        wait_until(lambda: self.place.effects() == wanted, PATIENCE)
        told = self.place.told()
        return {
            **self.hand.do("end_of", system=self.system),
            "effects": self.place.effects(),
            "refused": told["refused"],
            "served": known_answers(told["served"]),
        }


def known_answers(served: list[list[Any]]) -> list[list[Any]]:
    """What was served in turn, but for the times when nothing was known and nobody was profiled."""
    known = [word for word in served if word != ["", False]]
    return [word for at, word in enumerate(known) if at == 0 or known[at - 1] != word]


def _words(step: dict[str, Any]) -> dict[str, str]:
    by_hand = step["type"] == StepType.BY_HAND or step["automatic"]
    return {"note": WHY} if by_hand else {}


@contextmanager
def walking(
    up: UpProcess, folder: Path, sessions: dict[str, str], hand: Stagehand, name: str
) -> Iterator[Walk]:
    """A system, its place and its walk; the place ends with the block."""
    system = f"feed-{name}"
    place = Place(folder, system)
    url = f"http://127.0.0.1:{up.port}"
    made = hand.do("prepare", system=system, hook=place.hook, target=place.key)
    place.start(url, made["api_key"], made["secret"])
    try:
        assert wait_until(lambda: place.told()["standing"] == "confirmed", PATIENCE), place.told()
        yield Walk(up, hand, Gates(up), Browser(up.port, sessions), place)
    finally:
        place.stop()
