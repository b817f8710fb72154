"""CPU of one consent check over HTTP: the check's own doors beside DRF view, token and ORM.

All are served by the same web server with one thread, against the same database, in turns; CPU is
read from /proc for the web server's processes and for the database connections they hold.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

from benchmarks.measuring import ROOT, Ratio, Result, children_of, cpu_of_processes

FULL, SMOKE = (2_000, 3, 200), (10, 1, 6)  # requests a round, rounds, people
PURPOSE = "product_suggestions"
PATIENCE_S = 60


@dataclass
class Served:
    """One application behind the web server, and how to ask it."""

    name: str
    target: str
    path: str
    headers: dict[str, str]
    application_name: str
    settings: str
    connection: http.client.HTTPConnection = field(init=False)
    pid: int = field(init=False)

    def ask(self, person: str) -> dict[str, object]:
        """Ask about one person; anything but 200 ends the benchmark."""
        body = json.dumps({"context": {"targetingKey": person, "region": "DE"}})
        self.connection.request("POST", self.path, body, self.headers)
        response = self.connection.getresponse()
        told = response.read()
        if response.status != 200:
            raise SystemExit(f"{self.name} answered {response.status}: {told.decode()}")
        answer: dict[str, object] = json.loads(told)
        return answer

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Serve until left."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        words = [sys.executable, "-m", "granian", "--interface", "wsgi", "--port", str(port)]
        words += ["--workers", "1", "--blocking-threads", "1", "--no-ws", "--http", "1"]
        words += ["--log-level", "error", "--workers-kill-timeout", "5", self.target]
        environment = {**os.environ, "DJANGO_SETTINGS_MODULE": self.settings}
        process = subprocess.Popen(words, cwd=ROOT, env=environment)
        try:
            self.pid = process.pid
            self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            self._wait(process)
            yield
        finally:
            process.terminate()
            process.wait(timeout=30)

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline and process.poll() is None:
            try:
                self.connection.connect()
            except OSError:
                time.sleep(0.1)
            else:
                return
        raise SystemExit(f"{self.name} did not start.")


def make_stage(people: int) -> tuple[str, str]:
    """Record choices of people; return an API key of ours and a token of DRF."""
    from django.core.management import call_command
    from rest_framework.authtoken.models import Token

    from consent import services as consent
    from governance.core.actors import SystemActor
    from governance.core.clock import database_now
    from governance.people import services as accounts

    stage = SystemActor("benchmarks")
    call_command("migrate", "authtoken", verbosity=0)
    user = accounts.create_user(
        email="benchmark@example.org", name="Benchmark", password=None, actor=stage
    )
    until = database_now() + timedelta(days=1)
    _, secret = accounts.create_api_key(
        name="benchmark", scopes=["consent:check"], expires_at=until, actor=stage
    )
    for number in range(people):
        for status in ("given", "withdrawn")[: 1 + number % 2]:
            consent.record_choice(
                subject=f"person-{number}", purpose=PURPOSE, status=status, actor=stage
            )
    return secret, Token.objects.create(user=user).key


def backends_of(application_name: str) -> list[int]:
    """Return the process ids of the database connections an application holds."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_stat_activity"
            " WHERE application_name = %s AND datname = current_database()"
            " AND pid <> pg_backend_pid()",
            [application_name],
        )
        return [pid for (pid,) in cursor.fetchall()]


def measure(*, smoke: bool) -> Result:
    """Serve all, compare their answers, then measure them in turns."""
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.peers.drf_settings"
    django.setup()
    requests, rounds, people = SMOKE if smoke else FULL
    key, token = make_stage(people)
    as_json = {"Content-Type": "application/json"}
    flag = f"/ofrep/v1/evaluate/flags/purpose.{PURPOSE}"
    ours, drf, bare = (
        Served(
            "doors",
            "config.wsgi:application",
            flag,
            {**as_json, "Authorization": f"Bearer {key}"},
            "tactful-decisions",
            "config.settings",
        ),
        Served(
            "drf",
            "benchmarks.peers.drf_check:application",
            f"/check/{PURPOSE}",
            {**as_json, "Authorization": f"Token {token}"},
            "benchmark-drf",
            "benchmarks.peers.drf_settings",
        ),
        Served("bare", "benchmarks.peers.bare_reply:application", "/", as_json, "", ""),
    )
    names = [f"person-{number}" for number in range(people)] + ["nobody"]
    web: dict[str, list[float]] = {}
    base: dict[str, list[float]] = {}
    with ours.running(), drf.running(), bare.running():
        for name in names:
            _compare(ours.ask(name), drf.ask(name), name)
            bare.ask(name)
        for _ in range(rounds):
            for served in (ours, drf, bare):
                server = children_of(served.pid)
                backends = backends_of(served.application_name) if served.settings else []
                before = cpu_of_processes(server), cpu_of_processes(backends)
                for number in range(requests):
                    served.ask(names[number % len(names)])
                after = cpu_of_processes(server), cpu_of_processes(backends)
                web.setdefault(served.name, []).append((after[0] - before[0]) / requests)
                base.setdefault(served.name, []).append((after[1] - before[1]) / requests)
    web_us = {name: min(values) * 1e6 for name, values in web.items()}
    base_us = {name: min(values) * 1e6 for name, values in base.items()}
    figures = {
        **{f"{name}_web_cpu_us": value for name, value in web_us.items()},
        **{f"{name}_database_cpu_us": base_us[name] for name in ("doors", "drf")},
    }
    # A short smoke can cost less than one tick of the clock.
    least = 1e6 / requests / os.sysconf("SC_CLK_TCK")
    ratios = (
        Ratio("drf / doors (web)", web_us["drf"] / max(web_us["doors"], least), ">= 100"),
        Ratio(
            "drf / doors (web and database)",
            (web_us["drf"] + base_us["drf"]) / max(web_us["doors"] + base_us["doors"], least),
        ),
        Ratio("doors (web) / 30 us", web_us["doors"] / 30, "<= 1"),
        Ratio("doors / bare reply (web)", web_us["doors"] / max(web_us["bare"], least)),
    )
    size = {"requests_a_round": requests, "rounds": rounds, "people": people}
    return Result(
        "consent_check", size, figures, ratios, ("The doors ask the database each time.",)
    )


def _compare(ours: dict[str, object], theirs: dict[str, object], person: str) -> None:
    for answer in (ours, theirs):
        metadata = answer["metadata"]
        assert isinstance(metadata, dict)
        metadata.pop("asOf", None)  # the peer has no such token
    if ours != theirs:
        raise SystemExit(f"The peer does not answer the same of {person}: {ours} and {theirs}.")
