"""What the workers of this room are told to do: one run, and the regular look at what is due."""

from __future__ import annotations

from typing import Any

from celery import shared_task

from audits import services
from audits.runner import perform_run


@shared_task(name="audits.run")  # type: ignore[untyped-decorator]  # Celery has no types
def run(payload: dict[str, Any]) -> None:
    """Carry out the runs named in the payload."""
    for run_id in payload["ids"]:
        perform_run(run_id)


@shared_task(name="audits.tick")  # type: ignore[untyped-decorator]  # Celery has no types
def tick() -> None:
    """Take over what was lost, then schedule due windows; many plans never delay a takeover."""
    services.reap_expired()
    services.schedule_due_runs()
