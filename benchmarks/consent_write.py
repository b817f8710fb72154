"""A consent write with all that belongs to it, beside a bare insert of two rows, at 8 writers.

Ours: event, state, ledger entry and outbox in one transaction of the service. Bare: one row of an
event table and one of a state table by plain SQL. CPU of the writers and of their database
connections; the disk is not waited for, which would cost both one wait.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable

from benchmarks.measuring import ROOT, Ratio, Result, cpu_of_processes

FULL, SMOKE = (400, 3), (5, 1)  # transactions a writer, rounds
WRITERS = 8
PURPOSE = "product_suggestions"
TABLES = """
CREATE TABLE IF NOT EXISTS benchmark_event (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at timestamptz NOT NULL DEFAULT now(),
    subject text NOT NULL, purpose text NOT NULL, status text NOT NULL, revision int NOT NULL);
CREATE TABLE IF NOT EXISTS benchmark_state (
    subject text NOT NULL, purpose text NOT NULL, status text NOT NULL, revision int NOT NULL,
    PRIMARY KEY (subject, purpose));
"""


def ours(writer: str) -> Callable[[int], None]:
    """Record a choice of a new person each time, as a first visit does."""
    from consent.services import record_choice
    from governance.core.actors import SystemActor

    stage = SystemActor("benchmarks")

    def write(number: int) -> None:
        record_choice(subject=f"{writer}-{number}", purpose=PURPOSE, status="given", actor=stage)

    return write


def bare(writer: str) -> Callable[[int], None]:
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

    write = {"ours": ours, "bare": bare}[kind](writer)
    for number in range(3):
        write(-1 - number)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        processes = [os.getpid(), cursor.fetchone()[0]]
    print("ready", flush=True)
    sys.stdin.readline()
    cpu, wall = cpu_of_processes(processes), time.perf_counter()
    for number in range(times):
        write(number)
    wall = time.perf_counter() - wall
    print(json.dumps({"cpu": cpu_of_processes(processes) - cpu, "wall": wall}), flush=True)


def _round(kind: str, name: str, times: int) -> tuple[float, float]:
    """All writers at once; CPU seconds a transaction, and transactions a second."""
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
        for number in range(WRITERS)
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
    whole = times * WRITERS
    return sum(each["cpu"] for each in told) / whole, whole / max(each["wall"] for each in told)


def measure(*, smoke: bool) -> Result:
    """Write both ways in turns."""
    import django

    django.setup()
    from django.db import connection

    times, rounds = SMOKE if smoke else FULL
    with connection.cursor() as cursor:
        cursor.execute(TABLES)
    cost: dict[str, list[float]] = {"bare": [], "ours": []}
    pace: dict[str, list[float]] = {"bare": [], "ours": []}
    for number in range(rounds):
        for kind, costs in cost.items():
            cpu, speed = _round(kind, f"{kind}-{number}", times)
            costs.append(cpu * 1e6)
            pace[kind].append(speed)
    least = 1e6 / (times * WRITERS) / os.sysconf("SC_CLK_TCK")
    best = {kind: max(min(found), least) for kind, found in cost.items()}
    figures = {f"{kind}_cpu_us": value for kind, value in best.items()}
    figures |= {f"{kind}_a_second": max(speeds) for kind, speeds in pace.items()}
    ratios = (
        Ratio("consent write / bare two rows (CPU)", best["ours"] / best["bare"], "<= 3"),
        Ratio(
            "bare two rows / consent write (a second)",
            figures["bare_a_second"] / figures["ours_a_second"],
        ),
    )
    size = {"writers": WRITERS, "transactions_a_writer": times, "rounds": rounds}
    return Result("consent_write", size, figures, ratios)
