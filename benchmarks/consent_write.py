"""A consent write with all that belongs to it, beside a bare insert of two rows, at 8 writers.

Ours: event, state, ledger entry and outbox of a person who is known, or of one met for the first
time, by the service. Bare: one row of an event table and one of a state table by plain SQL. Each
in one transaction, through the same driver, on a server that waits for the disk as `up` does.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from benchmarks.measuring import ROOT, Ratio, Result, cpu_of_processes

FULL, SMOKE = (8, 300, 6), (2, 5, 1)  # writers, transactions a writer, rounds
PURPOSE, OTHER = "product_suggestions", "ads"
WARM = 8  # writes before the clock
TABLES = """
CREATE TABLE IF NOT EXISTS benchmark_event (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at timestamptz NOT NULL DEFAULT now(),
    subject text NOT NULL, purpose text NOT NULL, status text NOT NULL, revision int NOT NULL);
CREATE TABLE IF NOT EXISTS benchmark_state (
    subject text NOT NULL, purpose text NOT NULL, status text NOT NULL, revision int NOT NULL,
    PRIMARY KEY (subject, purpose));
"""


def choice(writer: str, times: int) -> Callable[[int], None]:
    """Record the first choice about a purpose by people who are known by another choice."""
    from consent.services import record_choice
    from governance.core.actors import SystemActor

    stage = SystemActor("benchmarks")
    for number in range(-WARM, times):
        record_choice(subject=f"{writer}-{number}", purpose=OTHER, status="refused", actor=stage)
    return first_choice(writer, times)


def first_choice(writer: str, times: int) -> Callable[[int], None]:
    """Record a choice of a new person each time, as a first visit does."""
    from consent.services import record_choice
    from governance.core.actors import SystemActor

    stage = SystemActor("benchmarks")

    def write(number: int) -> None:
        record_choice(subject=f"{writer}-{number}", purpose=PURPOSE, status="given", actor=stage)

    return write


def bare(writer: str, times: int) -> Callable[[int], None]:
    """Insert the same fact as two bare rows in one transaction."""
    from django.db import connection, transaction

    def write(number: int) -> None:
        facts: list[str | int] = [f"{writer}-{number}", PURPOSE, "given", 1]
        with transaction.atomic(), connection.cursor() as cursor:
            for table in ("benchmark_event", "benchmark_state"):
                cursor.execute(
                    f"INSERT INTO {table} (subject, purpose, status, revision)"
                    " VALUES (%s, %s, %s, %s)",
                    facts,
                )

    return write


def run_writer(kind: str, writer: str, times: int) -> None:
    """One writer's process: warm up, wait for the word, write, tell its CPU and its time."""
    import django

    django.setup()
    from django.db import connection

    write = {"choice": choice, "first_choice": first_choice, "bare": bare}[kind](writer, times)
    for number in range(-WARM, 0):
        write(number)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        server = [cursor.fetchone()[0]]
    client = [os.getpid()]
    print("ready", flush=True)
    sys.stdin.readline()
    mine, theirs = cpu_of_processes(client), cpu_of_processes(server)
    wall = time.perf_counter()
    for number in range(times):
        write(number)
    told = {
        "wall": time.perf_counter() - wall,
        "client": cpu_of_processes(client) - mine,
        "server": cpu_of_processes(server) - theirs,
    }
    print(json.dumps(told), flush=True)


def _round(kind: str, name: str, count: int, times: int) -> dict[str, float]:
    """All writers at once; microseconds of CPU and of waiting a transaction."""
    program = (
        "import sys; from benchmarks.consent_write import run_writer;"
        " run_writer(sys.argv[1], sys.argv[2], int(sys.argv[3]))"
    )
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", program, kind, f"{name}-{number}", str(times)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(count)
    ]
    for each in writers:
        assert each.stdout is not None
        each.stdout.readline()
    told = []
    for each in writers:
        assert each.stdin is not None
        each.stdin.write("go\n")
        each.stdin.flush()
    for each in writers:
        said, _ = each.communicate()
        told.append(json.loads(said.splitlines()[-1]))
    return {
        "client_cpu_us": sum(each["client"] for each in told) / times / count * 1e6,
        "server_cpu_us": sum(each["server"] for each in told) / times / count * 1e6,
        "wall_us": max(each["wall"] for each in told) / times / count * 1e6,
    }


@contextmanager
def durable_database() -> Iterator[None]:
    """A server with `up`'s own settings, for this process and the writers it starts."""
    from tests.ground_database import EmbeddedPostgres, prepare_environment

    folder = prepare_environment()
    from config.up.guard import Guard
    from config.up.postgres import Server

    guard = Guard()
    guard.remove_folder(folder)
    try:
        # It makes the roles and the database; then it starts again without its haste.
        ground = EmbeddedPostgres(folder, guard)
        ground.server.stop()
        server = Server(ground.layout, guard)
        server.start()
        try:
            os.environ.update(ground.env)
            migrate = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
            subprocess.run(migrate, cwd=ROOT, check=True)
            yield
        finally:
            server.stop()
    finally:
        guard.close()


def measure(*, smoke: bool) -> Result:
    """Write each way in turns; of the rounds of each, the one with the least CPU counts."""
    writers, times, rounds = SMOKE if smoke else FULL
    with durable_database():
        import django

        django.setup()
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute(TABLES)
            cursor.execute("SHOW fsync")
            assert cursor.fetchone()[0] == "on"
        best: dict[str, dict[str, float]] = {}
        for number in range(rounds):
            for kind in ("bare", "choice", "first_choice"):
                found = _round(kind, f"{kind}-{number}", writers, times)
                found["cpu_us"] = max(found["client_cpu_us"] + found["server_cpu_us"], 1.0)
                if kind not in best or found["cpu_us"] < best[kind]["cpu_us"]:
                    best[kind] = found
        connection.close()
    figures = {
        f"{kind}_{name}": value for kind, each in best.items() for name, value in each.items()
    }
    plain, ours, first = best["bare"], best["choice"], best["first_choice"]
    ratios = (
        Ratio("consent write / bare two rows (CPU)", ours["cpu_us"] / plain["cpu_us"], "<= 3"),
        Ratio("consent write / bare two rows (wall)", ours["wall_us"] / plain["wall_us"], "<= 3"),
        Ratio("a new person's / bare two rows (CPU)", first["cpu_us"] / plain["cpu_us"]),
        Ratio("a new person's / bare two rows (wall)", first["wall_us"] / plain["wall_us"]),
    )
    size = {"writers": writers, "transactions_a_writer": times, "rounds": rounds}
    return Result("consent_write", size, figures, ratios)
