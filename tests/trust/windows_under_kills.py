"""Hours of audit windows while their workers are killed and their messages repeated.

What is expected of it stands in `test_windows_under_kills` (many windows) and in the room's own
tests (a few). Processes are those of `manage.py up`, killed by their own ids.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from django.db import connection, transaction

from audits.choices import OPEN_RUN_STATES, RunState
from audits.models import Finding, Plan, Run, RunCube
from audits.queues import enqueue_run
from audits.services.leases import LOST_MESSAGE
from governance.core.clock import database_now
from governance.ledger.models import LedgerEntry
from governance.outbox.models import EventRow
from tests.audits.conftest import START, Stage
from tests.brokers.conftest import Host

HOUR = timedelta(hours=1)
ROWS = 60
PROGRAMS = ("relay", "desk", "audits", "audits_heavy", "beat")
WORKERS = ("audits", "audits_heavy")


def plan_windows(stage: Stage, hours: int) -> list[Plan]:
    """Two plans, a light and a heavy one, with an hourly window each; all break their limit."""
    rows = [
        {
            "output_id": f"{hour}-{number}",
            "occurred_at": (START + hour * HOUR + timedelta(seconds=number)).isoformat(),
            "subject": f"person-{number}",
            "item": f"item-{number % 2}",
        }
        for hour in range(hours)
        for number in range(ROWS)
    ]
    stage.push(stage.serving, rows)
    return [
        stage.plan(
            key=weight,
            weight=weight,
            ends_at=START + hours * HOUR,
            length=HOUR,
            every=HOUR,
            planned_looks=None,
            on_breach="finding",
        )
        for weight in ("light", "heavy")
    ]


def children_of(pid: int) -> list[int]:
    with contextlib.suppress(OSError):
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


class Storm:
    """Kills in turn a pool child, a worker's parent and beat, and sends messages again."""

    def __init__(self, host: Host, windows: int, kills: int, seed: int) -> None:
        self.host = host
        self.windows = windows
        self.kills = kills
        self.done: Counter[str] = Counter()
        self._random = random.Random(seed)
        self._next = 1
        self._quiet_since = time.monotonic()
        self._ended = 0

    def is_over(self) -> bool:
        """Strike when more windows have ended since the last strike; True when all have."""
        runs = Run.objects.count()
        still = Run.objects.filter(state__in=OPEN_RUN_STATES).count()
        ended = runs - still
        if ended != self._ended:
            self._ended, self._quiet_since = ended, time.monotonic()
        self._let_time_pass()
        if sum(self.done.values()) < self.kills and ended >= self._next:
            self._next = ended + max(1, self.windows // (2 * self.kills))
            self._strike()
        return runs == self.windows and not still

    def _strike(self) -> None:
        running = Run.objects.filter(state=RunState.RUNNING)
        self.host.wait_until(lambda: running.exists() or not self._waiting(), 60)
        with transaction.atomic():  # the same message, twice more
            for run in Run.objects.select_related("plan").order_by("?")[:5]:
                enqueue_run(run)
                enqueue_run(run)
        what = ("child", "parent", "beat")[sum(self.done.values()) % 3]
        name = "beat" if what == "beat" else self._random.choice(WORKERS)
        pid = self.host.child(name).pid
        if pid is None:
            return
        victims = children_of(pid) if what == "child" else [pid]
        for victim in victims:
            with contextlib.suppress(ProcessLookupError):
                os.kill(victim, signal.SIGKILL)
                self.done[what] += 1
                break

    def _waiting(self) -> bool:
        return Run.objects.filter(state__in=OPEN_RUN_STATES).exists()

    def _let_time_pass(self) -> None:
        """A message that went with its worker is missed after a minute; here it is sooner."""
        if time.monotonic() - self._quiet_since > 8:
            self._quiet_since = time.monotonic()
            long_ago = database_now() - LOST_MESSAGE - timedelta(seconds=1)
            Run.objects.filter(state=RunState.QUEUED).update(enqueued_at=long_ago)


def results_of(plans: list[Plan]) -> dict[str, Counter[int]]:
    """How many windows have how many of each thing that a result leaves."""
    runs = [str(one) for one in Run.objects.filter(plan__in=plans).values_list("pk", flat=True)]
    windows = Counter(
        Run.objects.filter(plan__in=plans, state=RunState.SUCCEEDED).values_list(
            "plan_id", "window_start"
        )
    )
    announced = Counter(
        EventRow.objects.filter(name="RunFinished").values_list("payload__run_id", flat=True)
    )
    sealed = Counter(
        LedgerEntry.objects.filter(verb="audits.run_finished").values_list("object_id", flat=True)
    )
    found = Counter(str(one) for one in Finding.objects.values_list("run_id", flat=True))
    cubes = Counter(str(one) for one in RunCube.objects.values_list("run_id", flat=True))
    return {
        "published windows": Counter(windows.values()),
        "announcements": Counter(announced[run] for run in runs),
        "ledger entries": Counter(sealed[run] for run in runs),
        "findings": Counter(found[run] for run in runs),
        "cubes": Counter(cubes[run] for run in runs),
    }


NAIVE = """
import sys, time
import psycopg
with psycopg.connect(sys.argv[1], autocommit=True) as connection:
    print("ready", flush=True)
    while True:
        taken = connection.execute(
            "DELETE FROM naive_message WHERE id = (SELECT id FROM naive_message ORDER BY id "
            "FOR UPDATE SKIP LOCKED LIMIT 1) RETURNING window_number"
        ).fetchone()
        if taken is None:
            break
        time.sleep(0.02)
        connection.execute("INSERT INTO naive_result VALUES (%s)", taken)
"""


def naive_results(url: str, windows: int, kills: int) -> tuple[int, int]:
    """The same storm over workers that acknowledge first, publish unfenced and nothing unique.

    Return how many windows have no result, and how many more than one.
    """
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE naive_message (id serial, window_number int)")
        cursor.execute("CREATE TABLE naive_result (window_number int)")
        cursor.execute(
            "INSERT INTO naive_message (window_number) "
            "SELECT number FROM generate_series(1, %s) AS number, "
            "generate_series(1, CASE WHEN number %% 2 = 0 THEN 2 ELSE 1 END)",
            [windows],
        )
    for _ in range(kills):
        with _naive_worker(url) as worker:
            assert worker.stdout is not None
            worker.stdout.readline()
            _wait_for_pickup()
            worker.kill()
    with _naive_worker(url) as worker:
        assert worker.wait(timeout=120) == 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT window_number, count(*) FROM naive_result GROUP BY 1")
        counts = dict(cursor.fetchall())
    return windows - len(counts), sum(1 for one in counts.values() if one > 1)


def _wait_for_pickup() -> None:
    """Until the worker has taken a message and not yet published what it says."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM naive_message")
        (before,) = cursor.fetchone()
        while True:
            cursor.execute("SELECT count(*) FROM naive_message")
            (left,) = cursor.fetchone()
            if left < before or not left:
                return


@contextlib.contextmanager
def _naive_worker(url: str) -> Iterator[subprocess.Popen[str]]:
    worker = subprocess.Popen([sys.executable, "-c", NAIVE, url], stdout=subprocess.PIPE, text=True)
    try:
        yield worker
    finally:
        if worker.poll() is None:
            worker.kill()
        worker.wait()
        if worker.stdout is not None:
            worker.stdout.close()


def told(results: dict[str, Counter[int]]) -> str:
    return json.dumps({name: dict(counts) for name, counts in results.items()})
