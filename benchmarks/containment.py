"""How long until it has stopped: from an alert, from a click, and until a silent target is red.

One run of `up` with everything in it, on an otherwise idle installation. Beside the stream stand
the same clients asking every few seconds. Unlike other benchmarks this one reads the clock on the
wall: waiting is what it measures.
"""

from __future__ import annotations

import http.client
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.measuring import ROOT, Ratio, Result, children_of, cpu_of_processes
from tests.trust.playbook_kills import Place
from tests.trust.stagehand import Stagehand
from tests.trust.up_process import UpProcess, environment, free_port, own_folder

ALERT_SECONDS, CLICK_SECONDS, RED_SECONDS = 60.0, 2.0, 10.0
POLL_SECONDS = 5.0
PATIENCE = 180.0
PRIVATE = {"TACTFUL_WEBHOOK_PRIVATE": "1"}


@dataclass
class House:
    """A running `up`, a hand behind its scenes and a key that may do what is measured."""

    up: UpProcess
    hand: Stagehand
    folder: Path
    key: str = ""

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self.up.port, timeout=30)
        headers = {"Content-Type": "application/json", "X-API-Key": self.key}
        connection.request(method, path, json.dumps(body) if body else None, headers)
        answer = connection.getresponse()
        told = answer.read()
        connection.close()
        if answer.status >= 300:
            raise SystemExit(f"{path} answered {answer.status}: {told.decode()[:500]}")
        return json.loads(told)

    def hold(self, system: str, number: int) -> float:
        """Click; returns the moment before the click."""
        before = time.monotonic()
        reason = {"reason": "Measured.", "cause": f"manual:{number}"}
        self.ask("POST", "/api/v1/holds", {"system": system, **reason})
        return before

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.up.port}"


@contextmanager
def running() -> Iterator[House]:
    """Start `up` in a folder of its own; it ends with the block."""
    with (
        tempfile.TemporaryDirectory(prefix="tactful-containment-") as place,
        own_folder(Path(place).resolve()) as folder,
    ):
        up = UpProcess(folder, free_port(), **PRIVATE)
        try:
            up.wait_until_ready()
            threading.Thread(target=_drain, args=[up], daemon=True).start()
            hand = Stagehand(up.layout, {**environment(folder, up.port), **PRIVATE})
            hand.do("people")
            house = House(up, hand, folder)
            house.key = hand.do("key", scopes=["incidents:write", "registry:read"])
            yield house
            hand.stop()
        finally:
            up.stop()


def _drain(up: UpProcess) -> None:
    assert up.process.stdout is not None
    with suppress(ValueError):
        for _line in up.process.stdout:
            pass


def _until(true: Callable[[], bool], what: str) -> float:
    """The moment at which it was so."""
    deadline = time.monotonic() + PATIENCE
    while not true():
        if time.monotonic() > deadline:
            raise SystemExit(f"It did not happen in time: {what}.")
        time.sleep(0.02)
    return time.monotonic()


def _prepare(house: House, system: str) -> tuple[Place, dict[str, str]]:
    place = Place(house.folder, system)
    made = house.hand.do("prepare", system=system, hook=place.hook, target=place.key)
    return place, made


def alert_to_confirmed(house: House, times: int) -> list[float]:
    """Seconds from a red line's crossing to a containment that its target has confirmed."""
    found = []
    for number in range(times):
        system = f"alert-{number}"
        place, made = _prepare(house, system)
        place.start(house.url, made["api_key"], made["secret"])
        try:
            _until(lambda: place.told()["standing"] == "confirmed", "the place serves")  # noqa: B023
            began = time.monotonic()
            house.hand.do("cross_a_line", system=system)
            contained = lambda: house.hand.do("is_contained", system=system)  # noqa: B023, E731
            found.append(_until(contained, "contained unattended") - began)
        finally:
            place.stop()
    return found


@dataclass
class Clients:
    """The process of clients, asked when all of them had an answer."""

    process: subprocess.Popen[str]

    def until(self, value: bool) -> dict[str, Any]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(value) + "\n")
        self.process.stdin.flush()
        heard: dict[str, Any] = json.loads(self.process.stdout.readline())
        return heard


@contextmanager
def following(house: House, system: str, made: dict[str, str], **more: Any) -> Iterator[Clients]:
    """So many clients of a system, the first of which is its target."""
    file = house.folder / f"{system}-clients.json"
    told = {"system": system, "port": house.up.port, "api_key": made["api_key"], **more}
    file.write_text(json.dumps({**told, "target": f"shop-{system}"}))
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.listeners", str(file)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        clients = Clients(process)
        clients.until(True)
        yield clients
    finally:
        process.kill()
        process.communicate()


def click_to_confirmed(
    house: House, system: str, made: dict[str, str], clicks: int, **more: Any
) -> tuple[list[float], list[float], float]:
    """Seconds from clicks to the target's confirmed word and to each client; CPU at rest."""
    confirmed, heard = [], []
    with following(house, system, made, **more) as clients:
        answer = [house.up.named(word) for word in ("granian", "consent.stream")]
        servers = [pid for one in answer for pid in children_of(one)]
        before, began = cpu_of_processes(servers), time.monotonic()
        time.sleep(2 * POLL_SECONDS)  # nothing happens: what waiting for news costs the server
        idle = (cpu_of_processes(servers) - before) / (time.monotonic() - began) * 60
        for number in range(clicks):
            clicked = house.hold(system, number)
            told = clients.until(False)
            confirmed.append(told["confirmed"] - clicked)
            heard += [since - clicked for since in told["since"]]
            house.hand.do("lift", system=system)
            clients.until(True)
    return confirmed, heard, idle


def silence_to_red(house: House, system: str) -> float:
    """Seconds from a click until a target that has fallen silent is told apart as unconfirmed."""
    _place, made = _prepare(house, system)
    own, key = house.key, made["api_key"]
    house.key = key
    word = {"system": system, "version": "v1", "personalises": True}
    house.ask("POST", f"/api/v1/targets/shop-{system}/reports", word)
    house.key = own
    clicked = house.hold(system, 0)

    def red() -> bool:
        listed = house.ask("GET", "/api/v1/targets")["results"]
        return any(one["system"] == system and one["standing"] == "unconfirmed" for one in listed)

    return _until(red, "the silent target is unconfirmed") - clicked


def p99(values: list[float]) -> float:
    """The value that 99 of 100 do not exceed; of few values the largest."""
    return sorted(values)[min(len(values) - 1, int(len(values) * 0.99))]


def measure(*, smoke: bool = False) -> Result:
    """Measure all of it in one run of `up`."""
    listeners, clicks, alerts, polled = (5, 2, 1, 1) if smoke else (200, 30, 5, 6)
    with running() as house:
        alert = alert_to_confirmed(house, alerts)
        _place, made = _prepare(house, "click")
        told, heard, idle = click_to_confirmed(
            house, "click", made, clicks, count=listeners, poll_seconds=0.0
        )
        polled_told, polled_heard, polled_idle = click_to_confirmed(
            house, "click", made, polled, count=listeners, poll_seconds=POLL_SECONDS
        )
        red = silence_to_red(house, "silent")
    return Result(
        name="containment",
        size={"listeners": listeners, "clicks": clicks, "alerts": alerts, "polled_clicks": polled},
        figures={
            "alert_to_confirmed_worst_s": max(alert),
            "alert_to_confirmed_median_s": statistics.median(alert),
            "click_to_confirmed_p99_s": p99(told),
            "click_to_confirmed_median_s": statistics.median(told),
            "click_to_listeners_p99_s": p99(heard),
            "click_to_listeners_median_s": statistics.median(heard),
            "silent_target_red_s": red,
            "polling_to_confirmed_p99_s": p99(polled_told),
            "polling_to_clients_p99_s": p99(polled_heard),
            "idle_cpu_s_a_minute": idle,
            "polling_idle_cpu_s_a_minute": polled_idle,
        },
        ratios=(
            Ratio("alert to confirmed / 60 s", max(alert) / ALERT_SECONDS, "<= 1"),
            Ratio("click to confirmed p99 / 2 s", p99(told) / CLICK_SECONDS, "<= 1"),
            Ratio("click to listeners p99 / 2 s", p99(heard) / CLICK_SECONDS, "<= 1"),
            Ratio("silent target red / 10 s", red / RED_SECONDS, "<= 1"),
            Ratio("polling / stream, p99 to clients", p99(polled_heard) / p99(heard)),
            Ratio("polling / stream, idle CPU", polled_idle / max(idle, 1e-9)),
        ),
        notes=(
            f"Polling clients ask every {POLL_SECONDS:g} s; wall time, everything on one machine.",
        ),
    )
