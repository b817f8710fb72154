"""What the ledger adds to a transaction: a fact with its entry beside two bare rows.

CPU of this process and of its database connection; the sequencer's share is told apart.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable

from benchmarks.measuring import Ratio, Result, cpu_of_processes

FULL, SMOKE = (2_000, 3), (20, 1)  # transactions a round, rounds
FACTS = {"status": "given", "purpose": "product_suggestions", "revision": 1}
TABLES = """
CREATE TABLE benchmark_fact (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), facts jsonb NOT NULL);
CREATE TABLE benchmark_log (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(), at timestamptz NOT NULL DEFAULT now(),
    verb text NOT NULL, object_type text NOT NULL, object_id text NOT NULL, actor text NOT NULL,
    facts jsonb NOT NULL)
"""


def measure(*, smoke: bool) -> Result:
    """Write the same facts with a bare log row and with a ledger entry, in turns."""
    import django

    django.setup()
    from django.db import connection, transaction

    from governance.core.actors import SystemActor
    from governance.ledger.sequencer import sequence_all
    from governance.ledger.services import record_entry

    times, rounds = SMOKE if smoke else FULL
    actor, facts = SystemActor("benchmarks"), json.dumps(FACTS)
    with connection.cursor() as cursor:
        cursor.execute(TABLES)
        cursor.execute("SELECT pg_backend_pid()")
        processes = [os.getpid(), cursor.fetchone()[0]]

    def write_fact() -> str:
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO benchmark_fact (facts) VALUES (%s) RETURNING id", [facts])
            return str(cursor.fetchone()[0])

    def bare() -> None:
        with transaction.atomic():
            fact = write_fact()
            with connection.cursor() as cursor:
                cursor.execute(
                    "INSERT INTO benchmark_log (verb, object_type, object_id, actor, facts)"
                    " VALUES (%s, %s, %s, %s, %s)",
                    ["consent.recorded", "benchmark", fact, actor.reference, facts],
                )

    def with_ledger() -> None:
        with transaction.atomic():
            record_entry(
                verb="consent.recorded",
                object_type="benchmark",
                object_id=write_fact(),
                actor=actor,
                facts=FACTS,
            )

    def cost(work: Callable[[], object], repeats: int) -> float:
        before = cpu_of_processes(processes)
        for _ in range(repeats):
            work()
        return (cpu_of_processes(processes) - before) / times * 1e6

    bare_us, ledger_us, sequencer_us = [], [], []
    for work in (bare, with_ledger):
        work()
    sequence_all()
    for _ in range(rounds):
        bare_us.append(cost(bare, times))
        ledger_us.append(cost(with_ledger, times))
        sequencer_us.append(cost(sequence_all, 1))
    figures = {
        "bare_cpu_us": min(bare_us),
        "ledger_cpu_us": min(ledger_us),
        "sequencer_cpu_us": min(sequencer_us),
    }
    tick = 1e6 / times / os.sysconf("SC_CLK_TCK")
    ratios = (
        Ratio("with ledger / bare", figures["ledger_cpu_us"] / max(figures["bare_cpu_us"], tick)),
    )
    return Result("ledger_write", {"transactions": times, "rounds": rounds}, figures, ratios)
