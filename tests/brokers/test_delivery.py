"""Whatever the broker does with a message, a due audit ends in exactly one published result.

Beat, relay and workers are the processes of a host; the races of leases stand in tests/audits.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction

from audits.choices import OPEN_RUN_STATES, RunState
from audits.models import Finding, Plan, Run
from audits.services import schedule_run
from audits.services.leases import LOST_MESSAGE
from governance.core.clock import database_now
from governance.outbox.models import EventRow, OutboxTask
from governance.outbox.services import enqueue
from tests.audits.conftest import DAY, STAGE, START, Stage, impressions
from tests.brokers.conftest import Host
from tests.brokers.servers import Broker, messages_in

pytestmark = pytest.mark.django_db(transaction=True)


def plan_one_window(stage: Stage) -> Plan:
    """A plan with a single window, due long ago, whose outputs break its limit."""
    stage.push(stage.serving, impressions("learned", favourites=0.7))
    return stage.plan(ends_at=START + DAY, planned_looks=1, on_breach="finding")


def is_running() -> bool:
    return Run.objects.filter(state=RunState.RUNNING).exists()


def have_ended() -> bool:
    return Run.objects.exists() and not Run.objects.filter(state__in=OPEN_RUN_STATES).exists()


def messages_sent() -> int:
    return OutboxTask.objects.filter(name="audits.run", done_at__isnull=False).count()


def results_of(run: Run) -> tuple[int, int]:
    """How often a run's end was announced, and how many findings it left."""
    announced = EventRow.objects.filter(name="RunFinished", payload__run_id=str(run.pk))
    return announced.count(), Finding.objects.filter(run=run).count()


def test_a_worker_killed_in_the_middle_is_replaced_and_one_result_is_published(
    stage: Stage, host: Host
) -> None:
    plan_one_window(stage)
    host.start("relay", "desk", "audits", "beat")
    host.wait_until(is_running)
    host.kill_nine("audits")
    run = Run.objects.get()
    assert run.state == RunState.RUNNING
    assert results_of(run) == (0, 0)

    host.wait_until(have_ended)
    run.refresh_from_db()
    assert (run.state, run.verdict) == (RunState.SUCCEEDED, "fail")
    assert run.attempt >= 2  # a late heartbeat may cost one more
    assert results_of(run) == (1, 1)


def test_a_message_that_comes_again_repeats_nothing(stage: Stage, host: Host) -> None:
    plan = plan_one_window(stage)
    with transaction.atomic():
        run = schedule_run(plan=plan, window_start=START, window_end=START + DAY, actor=STAGE)
        enqueue("audits.run", str(run.pk))
        enqueue("audits.run", str(run.pk))
        # The only worker takes messages in their order: this one comes after the repetitions.
        later, end = START + DAY, START + 2 * DAY
        schedule_run(plan=plan, window_start=later, window_end=end, actor=STAGE)
    host.start("relay", "audits")
    host.wait_until(have_ended)
    run.refresh_from_db()
    assert (run.verdict, run.attempt) == ("fail", 1)
    assert results_of(run) == (1, 1)


def test_a_broker_that_comes_back_empty_loses_no_audit(
    stage: Stage, host: Host, broker: Broker
) -> None:
    plan_one_window(stage)
    host.start("relay", "desk", "beat")
    host.wait_until(lambda: messages_sent() == 1)
    assert messages_in(broker.url, "audits") == 1
    broker.restart_empty()
    assert messages_in(broker.url, "audits") == 0

    host.start("audits")

    def have_ended_in_time() -> bool:
        """Time passes faster: a message unheard of for so long is sent again at the next tick."""
        long_ago = database_now() - LOST_MESSAGE - timedelta(seconds=1)
        Run.objects.filter(state=RunState.QUEUED).update(enqueued_at=long_ago)
        return have_ended()

    host.wait_until(have_ended_in_time)
    run = Run.objects.get()
    assert run.verdict == "fail"
    assert messages_sent() >= 2
    assert results_of(run) == (1, 1)
