"""Workers die, freeze and race: every due audit ends in exactly one published result.

Workers are real processes. Each race stands beside its naive twin, which must lose it.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from django.db import connection, connections

from audits.choices import RunPurpose, RunState
from audits.models import Finding, Run
from audits.runner import ACTOR, perform_run
from audits.services import claim_run, reap_expired, schedule_due_runs, schedule_run
from audits.services.publishing import publish_result
from governance.outbox.models import EventRow, OutboxTask
from tests.audits.conftest import DAY, STAGE, START, Stage, impressions, make_stage

LEASE = 1
WORKER = """
import sys
import django
django.setup()
from audits.runner import perform_run
from django.conf import settings
print("ready", flush=True)
perform_run(sys.argv[1])
"""

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def stage(settings: Any, tmp_path: Path) -> Stage:
    settings.STORAGE_URL = (tmp_path / "storage").as_uri()
    settings.AUDIT_LEASE_SECONDS = LEASE
    return make_stage()


@pytest.fixture
def start_worker(embedded_postgres: Any, settings: Any) -> Iterator[Any]:
    started: list[subprocess.Popen[str]] = []

    def start(run: Run) -> subprocess.Popen[str]:
        env = {
            **embedded_postgres.env_of(str(connection.settings_dict["NAME"])),
            "DATABASE_URL": embedded_postgres.url_of(str(connection.settings_dict["NAME"])),
            "STORAGE_URL": settings.STORAGE_URL,
            "TACTFUL_LEASE_SECONDS": str(LEASE),
        }
        worker = subprocess.Popen(
            [sys.executable, "-c", WORKER, str(run.pk)],
            env=env,
            cwd=Path(__file__).parents[2],
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(worker)
        return worker

    yield start
    for worker in started:
        if worker.poll() is None:
            worker.kill()
        worker.wait()
        if worker.stdout is not None:
            worker.stdout.close()


def wait_until(true: Any, seconds: float = 60) -> float:
    """Ask again until it is so; return how long it took."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < seconds, "It did not happen in time."
        time.sleep(0.02)
    return time.monotonic() - began


def in_state(run: Run, state: str) -> bool:
    return Run.objects.filter(pk=run.pk, state=state).exists()


def a_breaching_run(stage: Stage) -> Run:
    plan = stage.plan()
    stage.push(stage.serving, impressions("learned", favourites=0.7))
    return schedule_run(plan=plan, window_start=START, window_end=START + DAY, actor=STAGE)


def published(run: Run) -> tuple[int, int]:
    finished = EventRow.objects.filter(name="RunFinished", payload__run_id=str(run.pk)).count()
    return finished, Finding.objects.filter(run=run).count()


def test_a_worker_killed_in_the_middle_is_taken_over_and_one_result_is_published(
    stage: Stage, start_worker: Any
) -> None:
    run = a_breaching_run(stage)
    first = start_worker(run)
    wait_until(lambda: in_state(run, RunState.RUNNING))
    first.send_signal(signal.SIGKILL)
    first.wait()
    assert in_state(run, RunState.RUNNING)
    assert published(run) == (0, 0)
    asked = OutboxTask.objects.filter(name="audits.run").count()

    waited = wait_until(lambda: reap_expired() == 1)
    assert waited < 40
    assert OutboxTask.objects.filter(name="audits.run").count() == asked + 1
    second = start_worker(run)
    assert second.wait(timeout=60) == 0
    run.refresh_from_db()
    assert (run.state, run.verdict, run.attempt) == ("succeeded", "fail", 2)
    assert published(run) == (1, 1)


def test_a_frozen_worker_that_wakes_up_late_publishes_nothing(
    stage: Stage, start_worker: Any
) -> None:
    run = a_breaching_run(stage)
    frozen = start_worker(run)
    wait_until(lambda: in_state(run, RunState.RUNNING))
    frozen.send_signal(signal.SIGSTOP)
    wait_until(lambda: reap_expired() == 1)
    assert perform_run(str(run.pk))
    run.refresh_from_db()
    finished_at = run.finished_at
    frozen.send_signal(signal.SIGCONT)
    assert frozen.wait(timeout=60) == 0
    run.refresh_from_db()
    assert (run.attempt, run.finished_at) == (2, finished_at)
    assert published(run) == (1, 1)


def test_only_the_newest_attempt_publishes_where_a_naive_publish_overwrites(
    stage: Stage,
) -> None:
    from methods.report import Report

    run = a_breaching_run(stage)
    old = claim_run(run_id=run.pk, worker="a")
    assert old is not None
    assert claim_run(run_id=run.pk, worker="b") is None
    wait_until(lambda: reap_expired() == 1)
    assert perform_run(str(run.pk))
    run.refresh_from_db()
    assert run.report is not None
    late = Report.from_dict({**run.report, "seed": 99})

    assert publish_result(claim=old, report=late, actor=ACTOR) is False
    run.refresh_from_db()
    assert run.report["seed"] == 0
    assert published(run) == (1, 1)

    Run.objects.filter(pk=run.pk).update(report=late.to_dict())  # the naive twin: no fence
    run.refresh_from_db()
    assert run.report["seed"] == 99


def test_a_run_that_is_lost_again_and_again_ends_with_the_reason(stage: Stage) -> None:
    run = a_breaching_run(stage)
    for attempt in range(5):
        assert claim_run(run_id=run.pk, worker=f"w{attempt}") is not None
        Run.objects.filter(pk=run.pk).update(lease_until=START)
        reap_expired()
    run.refresh_from_db()
    assert (run.state, run.attempt) == ("error", 5)
    assert run.error == "The audit was lost 5 times together with its worker."


def race(act: Any, times: int = 2) -> list[Any]:
    """Let several threads do it at the same moment, each on its own connection."""
    barrier = Barrier(times)

    def together() -> Any:
        barrier.wait()
        try:
            return act()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(times) as pool:
        return [future.result() for future in [pool.submit(together) for _ in range(times)]]


def test_two_schedulers_make_one_run_of_a_window_where_naive_ones_make_two(stage: Stage) -> None:
    stage.plan()
    made = race(schedule_due_runs, times=4)
    assert sum(len(runs) for runs in made) == 3
    assert Run.objects.filter(purpose=RunPurpose.SCHEDULED).count() == 3

    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE naive_run (window_start timestamptz)")
    between = Barrier(2)

    def look_then_insert() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM naive_run WHERE window_start = %s", [START])
            (known,) = cursor.fetchone()
            between.wait()
            if not known:
                cursor.execute("INSERT INTO naive_run VALUES (%s)", [START])

    race(look_then_insert)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM naive_run")
        assert cursor.fetchone() == (2,)


def test_the_database_refuses_a_second_scheduled_run_of_a_window(stage: Stage) -> None:
    from django.db import IntegrityError

    stage.plan()
    run = schedule_due_runs()[0]
    run.pk = None
    with pytest.raises(IntegrityError, match="run_once_per_window"):
        Run.objects.create(
            plan=run.plan,
            window_start=run.window_start,
            window_end=run.window_end,
            requested_by="system:tests",
            enqueued_at=START,
        )


def test_the_same_bytes_pushed_twice_at_once_are_one_batch(stage: Stage) -> None:
    rows = impressions("learned")
    pushed = race(lambda: stage.push(stage.serving, rows), times=3)
    assert sum(created for _, created in pushed) == 1
    assert len({batch.pk for batch, _ in pushed}) == 1
    assert len(list(folder_of(pushed[0][0]).iterdir())) == 1


def folder_of(batch: Any) -> Path:
    from audits import storage

    return storage.locate(batch.path).parent
