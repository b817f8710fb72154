"""CPU of one consent check over HTTP, beside DRF view, token and ORM, and a static reply of nginx.

All are served by the same web server on one core, against the same database, in turns, and are
asked the same question about people drawn at random. CPU is read from /proc for all processes of
the server, and for the database connections it holds.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterable
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

from benchmarks.measuring import Ratio, Result
from benchmarks.serving import (
    NGINX,
    Asked,
    process,
    served_by_granian,
    served_by_nginx,
    what_is_absent,
)

FULL, SMOKE = (4.0, 3, 1_000), (1.0, 1, 4)  # seconds a round, rounds, people
PURPOSE = "product_suggestions"
OFREP = "/ofrep/v1/evaluate/flags"
PATIENCE_S = 30


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


def _wait_for_table() -> None:
    """Wait until this host's table answers."""
    from django.conf import settings

    from consent.fastpath.journal import folder_of
    from consent.fastpath.table import SharedTable

    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if SharedTable.open(folder_of(settings.DATA_DIR)).stamp_is_valid():
            return
        time.sleep(0.1)
    raise SystemExit("The applier made no table.")


def _questions(stack: ExitStack, key: str, token: str, names: list[str]) -> list[Asked]:
    """Start every server, and return what each is asked."""
    ours = {"Authorization": f"Bearer {key}"}
    flags = [json.dumps({"context": {"targetingKey": name, "region": "DE"}}) for name in names]
    evaluations = [
        json.dumps(
            {
                "subject": {"type": "user", "id": name},
                "action": {"name": "personalize"},
                "resource": {"type": "purpose", "id": PURPOSE},
                "context": {"region": "DE"},
            }
        )
        for name in names
    ]
    flag = f"{OFREP}/purpose.{PURPOSE}"
    peers = {"DJANGO_SETTINGS_MODULE": "benchmarks.peers.drf_settings"}
    own = {"DJANGO_SETTINGS_MODULE": "config.settings"}
    front = stack.enter_context(served_by_granian("config.wsgi:application", env=own))
    slow = stack.enter_context(
        served_by_granian("benchmarks.peers.slow_doors:application", env=own)
    )
    drf = stack.enter_context(
        served_by_granian("benchmarks.peers.drf_check:application", env=peers)
    )
    bare = stack.enter_context(served_by_granian("benchmarks.peers.bare_reply:application"))
    asked = [
        Asked("single", *front, flag, flags, ours),
        Asked("bulk", *front, OFREP, flags, ours),
        Asked("authzen", *front, "/access/v1/evaluation", evaluations, ours),
        Asked("slow", *slow, flag, flags, ours),
        Asked("drf", *drf, f"/check/{PURPOSE}", flags, {"Authorization": f"Token {token}"}),
        Asked("bare", *bare, "/", flags, ours),
    ]
    if NGINX:
        reply = asked[0].once(flags[0]).decode()
        nginx = stack.enter_context(served_by_nginx(reply))
        asked.append(Asked("nginx", *nginx, "/", flags, ours))
    return asked


APPLICATIONS = {"drf": "benchmark-drf", "slow": "tactful-decisions", "single": "tactful-decisions"}


def measure(*, smoke: bool) -> Result:
    """Serve all, compare their answers, then measure them in turns."""
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.peers.drf_settings"
    django.setup()
    seconds, rounds, people = SMOKE if smoke else FULL
    key, token = make_stage(people)
    names = [f"person-{number}" for number in range(people)] + ["nobody"]
    web: dict[str, list[float]] = {}
    base: dict[str, list[float]] = {}
    own = {"DJANGO_SETTINGS_MODULE": "config.settings"}
    with ExitStack() as stack:
        stack.enter_context(process([sys.executable, "manage.py", "applier"], env=own))
        _wait_for_table()
        asked = _questions(stack, key, token, names)
        by_name = {each.name: each for each in asked}
        for body in by_name["single"].bodies[: 200 if smoke else None]:
            _compare(by_name[name].once(body) for name in ("single", "slow", "drf"))
        for _ in range(rounds):
            for each in asked:
                backends = backends_of(APPLICATIONS.get(each.name, ""))
                cost, theirs = each.cpu_a_request(seconds, backends)
                web.setdefault(each.name, []).append(cost * 1e6)
                base.setdefault(each.name, []).append(theirs * 1e6)
    figures = {f"{name}_web_cpu_us": min(costs) for name, costs in web.items()}
    figures |= {f"{name}_database_cpu_us": min(base[name]) for name in ("slow", "drf")}
    return Result(
        "consent_check",
        {"seconds_a_round": int(seconds), "rounds": rounds, "people": people},
        figures,
        _ratios(figures),
        what_is_absent(),
    )


def _ratios(figures: dict[str, float]) -> tuple[Ratio, ...]:
    web = {
        name.removesuffix("_web_cpu_us"): max(value, 1e-3)
        for name, value in figures.items()
        if name.endswith("_web_cpu_us")
    }
    every = [
        Ratio("drf / single (web)", web["drf"] / web["single"], ">= 100"),
        Ratio(
            "drf / single (web and database)",
            (web["drf"] + figures["drf_database_cpu_us"]) / web["single"],
        ),
        Ratio("single (web) / 30 us", web["single"] / 30, "<= 1"),
        Ratio("authzen (web) / 30 us", web["authzen"] / 30, "<= 1"),
        Ratio("slow / single (web)", web["slow"] / web["single"]),
        Ratio("single / bare reply of the same server", web["single"] / web["bare"]),
    ]
    if "nginx" in web:
        every.append(Ratio("single / static reply of nginx", web["single"] / web["nginx"]))
    return tuple(every)


def _compare(answers: Iterable[bytes]) -> None:
    told: list[dict[str, Any]] = []
    for answer in answers:
        read = json.loads(answer)
        read["metadata"].pop("asOf", None)  # the peer has no such token
        told.append(read)
    if any(each != told[0] for each in told):
        raise SystemExit(f"The answers differ: {told}.")
