"""A run is asked for, watched, stopped and tried again by people; past windows come on request."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from audits.choices import RunState
from audits.models import Backfill, Plan, Run
from audits.runner import perform_run
from audits.selectors import backfill_progress, prospect, run_progress
from audits.services import (
    cancel_backfill,
    cancel_run,
    claim_run,
    reap_expired,
    request_backfill,
    retry_run,
    schedule_due_runs,
    schedule_run,
    watch_plans,
)
from audits.services.heartbeat import Heartbeat, keep_alive
from governance.core.clock import database_now
from governance.core.errors import Conflict, Invalid
from governance.outbox.models import EventRow, OutboxTask
from governance.signals.models import CurrentSignal
from tests.audits.conftest import DAY, STAGE, START, Stage, impressions

SECONDS_TO_STOP = 5.0


def a_run(stage: Stage, **changes: Any) -> Run:
    plan = stage.plan(on_breach="finding", planned_looks=None, **changes)
    return schedule_run(plan=plan, window_start=START, window_end=START + DAY, actor=STAGE)


def work_until_stopped(run: Run, began: threading.Event | None = None) -> float:
    """Claim the run and compute without end, as a worker that nothing interrupts; its seconds."""
    claim = claim_run(run_id=run.pk, worker="busy")
    assert claim is not None
    start = time.monotonic()

    def work(_: Heartbeat) -> bool:
        if began is not None:
            began.set()
        while time.monotonic() - start < 60:
            sum(range(1000))
        return True

    assert keep_alive(claim, work) is False
    return time.monotonic() - start


@pytest.mark.django_db(transaction=True)
class TestStopping:
    @pytest.fixture
    def stage(self, settings: Any, tmp_path: Path) -> Stage:
        from tests.audits.conftest import make_stage

        settings.STORAGE_URL = (tmp_path / "storage").as_uri()
        return make_stage()

    def test_a_cancelled_run_stops_working_within_seconds(self, stage: Stage) -> None:
        run = a_run(stage)
        began, took = threading.Event(), []

        def work() -> None:
            try:
                took.append(work_until_stopped(run, began))
            finally:
                connection.close()

        worker = threading.Thread(target=work)
        worker.start()
        assert began.wait(20)
        cancelled = time.monotonic()
        cancel_run(run=run, reason="Wrong window.", actor=STAGE)
        worker.join(30)
        assert took
        assert time.monotonic() - cancelled < SECONDS_TO_STOP
        run.refresh_from_db()
        assert (run.state, run.error) == ("cancelled", "Wrong window.")

    def test_a_run_over_its_time_limit_ends_with_a_sentence_that_names_it(
        self, stage: Stage
    ) -> None:
        run = a_run(stage, time_limit=timedelta(seconds=2))
        took = work_until_stopped(run)
        assert 2 <= took < 2 + SECONDS_TO_STOP
        run.refresh_from_db()
        assert run.state == "error"
        assert run.error.startswith("The audit was stopped after 2 seconds, the plan's time limit")
        assert EventRow.objects.filter(name="RunFinished", payload__run_id=str(run.pk)).exists()

    def test_an_engine_is_interrupted_too(self, stage: Stage) -> None:
        import duckdb

        run = a_run(stage, time_limit=timedelta(seconds=1))
        claim = claim_run(run_id=run.pk, worker="busy")
        assert claim is not None
        engine = duckdb.connect()
        start = time.monotonic()

        def work(heartbeat: Heartbeat) -> bool:
            heartbeat.on_lost = engine.interrupt
            with pytest.raises(duckdb.InterruptException):
                engine.execute("SELECT count(*) FROM range(10000000) a, range(10000000) b")
            return False

        keep_alive(claim, work)
        assert time.monotonic() - start < 1 + SECONDS_TO_STOP
        run.refresh_from_db()
        assert "time limit" in run.error

    def test_a_run_in_time_is_not_disturbed(self, stage: Stage) -> None:
        stage.push(stage.serving, impressions("learned"))
        run = a_run(stage, time_limit=timedelta(seconds=50))
        for _ in range(30):
            claim = claim_run(run_id=run.pk, worker="quick")
            assert claim is not None
            assert keep_alive(claim, lambda _: True)
            Run.objects.filter(pk=run.pk).update(state="queued", lease_until=None)
        assert perform_run(str(run.pk))
        run.refresh_from_db()
        assert run.state == "succeeded"


@pytest.mark.django_db
def test_an_errored_run_is_tried_again_and_is_still_the_same_run(stage: Stage) -> None:
    run = a_run(stage)
    assert perform_run(str(run.pk))
    run.refresh_from_db()
    assert run.state == "error"
    assert "send them, run again" in run.error
    stage.push(stage.serving, impressions("learned"))
    asked = OutboxTask.objects.count()
    retry_run(run=run, actor=STAGE)
    assert (run.state, run.error, run.finished_at) == ("queued", "", None)
    assert OutboxTask.objects.count() == asked + 1
    assert perform_run(str(run.pk))
    run.refresh_from_db()
    assert (run.state, run.attempt) == ("succeeded", 2)
    with pytest.raises(Conflict, match="nothing to try again"):
        retry_run(run=run, actor=STAGE)


def test_a_retry_forgives_the_attempts_before_it(stage: Stage) -> None:
    run = a_run(stage)
    for attempt in range(5):
        assert claim_run(run_id=run.pk, worker=f"w{attempt}") is not None
        Run.objects.filter(pk=run.pk).update(lease_until=START)
        reap_expired()
    run.refresh_from_db()
    assert run.state == "error"
    retry_run(run=run, actor=STAGE)
    assert claim_run(run_id=run.pk, worker="again") is not None
    Run.objects.filter(pk=run.pk).update(lease_until=START)
    reap_expired()
    run.refresh_from_db()
    assert (run.state, run.attempt) == ("queued", 6)


def test_a_retry_gives_way_to_a_run_of_the_same_window(stage: Stage) -> None:
    first = a_run(stage)
    cancel_run(run=first, reason="", actor=STAGE)
    second = schedule_run(plan=first.plan, window_start=START, window_end=START + DAY, actor=STAGE)
    assert second.pk != first.pk
    with pytest.raises(Conflict, match="Another run of this window"):
        retry_run(run=first, actor=STAGE)


def test_heavy_audits_and_backfills_wait_in_a_queue_of_their_own(stage: Stage) -> None:
    light = a_run(stage)
    heavy = a_run(stage, key="heavy", weight="heavy")
    order = a_backfill(stage.plan(key="late", on_breach="finding", backfill=False))
    tasks = {
        one.payload["ids"][0]: one.name for one in OutboxTask.objects.filter(name__startswith="aud")
    }
    assert tasks[str(light.pk)] == "audits.run"
    assert tasks[str(heavy.pk)] == "audits.run_heavy"
    assert {tasks[str(run.pk)] for run in order.runs.all()} == {"audits.run_heavy"}


def a_backfill(plan: Plan, days: int = 3) -> Backfill:
    return request_backfill(
        plan=plan, first=START, until=START + days * DAY, reason="A gap.", actor=STAGE
    )


def test_a_backfill_audits_the_missing_windows_of_a_range_and_tells_how_far_it_is(
    stage: Stage,
) -> None:
    plan = stage.plan(on_breach="finding", backfill=False)
    assert schedule_due_runs() == []
    order = a_backfill(plan, days=2)
    runs = list(order.runs.order_by("window_start"))
    assert [run.window_start for run in runs] == [START, START + DAY]
    assert {run.purpose for run in runs} == {"backfill"}
    stage.push(stage.serving, impressions("learned", favourites=0.7))
    assert backfill_progress(order).words == "0 of 2 windows audited"
    for run in runs:
        assert perform_run(str(run.pk))
    told = backfill_progress(order)
    assert (told.percent, told.words) == (100, "2 of 2 windows audited, 1 stopped by an error")
    (event,) = EventRow.objects.filter(name="BreachFound")
    assert event.payload["on_breach"] == "finding"


def test_a_window_is_audited_once_by_schedule_or_backfill(stage: Stage) -> None:
    plan = stage.plan(on_breach="finding")
    schedule_due_runs()
    with pytest.raises(Conflict, match="still without a run"):
        a_backfill(plan)
    late = stage.plan(key="late", on_breach="finding", backfill=False)
    a_backfill(late, days=1)
    Plan.objects.filter(pk=late.pk).update(backfill=True, scheduled_until=None)
    schedule_due_runs()
    assert Run.objects.filter(plan=late).count() == 3


def test_a_backfill_is_bounded_and_in_order(stage: Stage) -> None:
    plan = stage.plan(on_breach="finding", ends_at=None, planned_looks=None, backfill=False)
    hourly = stage.plan(
        key="hourly",
        on_breach="finding",
        ends_at=None,
        planned_looks=None,
        backfill=False,
        length=DAY / 24,
        every=DAY / 24,
    )
    with pytest.raises(Invalid, match="more than 400 windows"):
        a_backfill(hourly, days=30)
    with pytest.raises(Invalid, match="ends after it starts"):
        a_backfill(plan, days=0)
    with pytest.raises(Invalid, match="with a zone"):
        request_backfill(
            plan=plan, first=START.replace(tzinfo=None), until=START + DAY, actor=STAGE
        )
    future = database_now()
    with pytest.raises(Conflict, match="still without a run"):
        request_backfill(plan=plan, first=future, until=future + 9 * DAY, actor=STAGE)
    assert not Backfill.objects.exists()


def test_cancelling_a_backfill_stops_what_is_open_and_keeps_the_rest(stage: Stage) -> None:
    stage.push(stage.serving, impressions("learned"))
    order = a_backfill(stage.plan(on_breach="finding", backfill=False))
    assert perform_run(str(order.runs.get(window_start=START).pk))
    cancel_backfill(backfill=order, reason="Enough.", actor=STAGE)
    told = backfill_progress(order)
    assert (told.succeeded, told.cancelled) == (1, 2)
    with pytest.raises(Conflict, match="cancelled already"):
        cancel_backfill(backfill=order, actor=STAGE)


def test_progress_tells_what_is_done_and_the_time_left_as_earlier_runs_suggest(
    stage: Stage,
) -> None:
    first = a_run(stage)
    told = run_progress(first)
    assert (told.percent, told.words, told.left) == (0, "Waiting for a worker", None)
    now = database_now()
    for number, seconds in enumerate((100, 110, 4000)):
        Run.objects.create(
            plan=first.plan,
            window_start=START + (number + 1) * DAY,
            window_end=START + (number + 2) * DAY,
            requested_by="system:tests",
            enqueued_at=now,
            state="succeeded",
            report={},
            started_at=now,
            finished_at=now + timedelta(seconds=seconds),
        )
    Run.objects.filter(pk=first.pk).update(
        state=RunState.RUNNING,
        attempt=1,
        lease_until=now,
        started_at=now,
        progress=30,
        progress_note="Measuring 400 outputs",
    )
    first.refresh_from_db()
    told = run_progress(first, now + timedelta(seconds=50))
    assert (told.percent, told.left) == (30, timedelta(seconds=60))
    assert told.words == "Measuring 400 outputs, about 60 seconds left"
    late = run_progress(first, now + timedelta(seconds=500))
    assert late.words == "Measuring 400 outputs, about to end"


def test_a_waiting_run_tells_how_many_are_before_it(stage: Stage) -> None:
    schedule_runs = [
        schedule_run(
            plan=stage.plan(key=f"plan{number}", on_breach="finding"),
            window_start=START,
            window_end=START + DAY,
            actor=STAGE,
        )
        for number in range(3)
    ]
    for number, run in enumerate(schedule_runs):
        Run.objects.filter(pk=run.pk).update(enqueued_at=START + timedelta(seconds=number))
    last = Run.objects.get(pk=schedule_runs[-1].pk)
    assert run_progress(last).words == "Waiting for a worker, behind 2 other runs"


def test_every_active_plan_has_a_next_window_or_a_reason(stage: Stage) -> None:
    from audits.services import pause_plan

    going = stage.plan(key="going", on_breach="finding", ends_at=None, planned_looks=None)
    ended = stage.plan(key="ended", on_breach="finding")
    schedule_due_runs()
    for plan in (going, ended):
        plan.refresh_from_db()
    next_one = prospect(going)
    assert next_one.window is not None
    assert next_one.due_at is not None
    assert next_one.due_at > database_now()
    assert prospect(ended).reason == "The last window of the plan has been scheduled."
    pause_plan(plan=going, reason="", actor=STAGE)
    assert "paused" in prospect(going).reason


def test_the_watchdog_tells_which_plans_are_overdue_and_which_stand_still(stage: Stage) -> None:
    plan = stage.plan(on_breach="finding", ends_at=None, planned_looks=None, backfill=False)
    assert watch_plans() == {"carousel": []}
    signal = CurrentSignal.objects.get(key="audits.overdue", scope_key="carousel")
    assert (signal.number, signal.state) == (0, "ok")

    later = database_now() + 2 * DAY
    assert watch_plans(now=later) == {
        "carousel": ["exposure: the newest complete window has no finished run."]
    }
    signal.refresh_from_db()
    assert (signal.number, signal.state) == (1, "fail")

    Plan.objects.filter(pk=plan.pk).update(ends_at=START + DAY, scheduled_until=START + DAY)
    assert "No further window" in watch_plans()["carousel"][0]


def test_a_plan_that_cannot_be_scheduled_holds_up_no_other(stage: Stage) -> None:
    broken = stage.plan(key="broken", on_breach="finding")
    stage.plan(key="sound", on_breach="finding")
    Plan.objects.filter(pk=broken.pk).update(cron="no cron at all", ends_at=None)
    assert {run.plan.key for run in schedule_due_runs()} == {"sound"}
    (said,) = watch_plans(now=START)["carousel"]
    assert said == "broken: its schedule cannot be read (CronSimError)."


def test_a_cron_plan_is_audited_from_tick_to_tick(stage: Stage) -> None:
    stage.push(stage.serving, impressions("learned"))
    stage.plan(on_breach="finding", cron="0 */6 * * *", ends_at=START + DAY, planned_looks=None)
    runs = schedule_due_runs()
    assert [run.window_end - run.window_start for run in runs] == [DAY / 4] * 4
    assert schedule_due_runs() == []
    assert perform_run(str(runs[0].pk))


def test_a_plan_without_backfill_begins_with_the_window_it_was_made_in(stage: Stage) -> None:
    plan = stage.plan(
        on_breach="finding", ends_at=None, planned_looks=None, backfill=False, every=DAY
    )
    assert schedule_due_runs() == []
    (run,) = schedule_due_runs(now=plan.created_at + DAY)
    assert run.window_start <= plan.created_at < run.window_end
