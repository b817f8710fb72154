"""What the workers of this room are told to do: one run, and the regular look at what is due."""

from __future__ import annotations

from typing import Any

from celery import shared_task

from audits import services
from audits.queues import HEAVY_TASK, LIGHT_TASK
from audits.runner import perform_run


@shared_task(name=LIGHT_TASK)  # type: ignore[untyped-decorator]  # Celery has no types
def run(payload: dict[str, Any]) -> None:
    """Carry out the runs named in the payload."""
    for run_id in payload["ids"]:
        perform_run(run_id)


@shared_task(name=HEAVY_TASK)  # type: ignore[untyped-decorator]  # Celery has no types
def run_heavy(payload: dict[str, Any]) -> None:
    """The same, in the queue of those that may take long."""
    for run_id in payload["ids"]:
        perform_run(run_id)


@shared_task(name="audits.tick")  # type: ignore[untyped-decorator]  # Celery has no types
def tick() -> None:
    """Take over what was lost, then schedule due windows; many plans never delay a takeover."""
    services.reap_expired()
    services.schedule_due_runs()
    services.observe_waiting_plans()
    services.tell_after_mutes()
    services.escalate_alerts()
    services.learn_expectations()


@shared_task(name="audits.watch")  # type: ignore[untyped-decorator]  # Celery has no types
def watch() -> None:
    """Prove that every active plan goes on, and say which are overdue."""
    services.watch_plans()
