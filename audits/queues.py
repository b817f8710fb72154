"""Where a run waits: light audits in one queue, heavy ones and backfills in another.

A task's name decides its queue (`config.celery_settings`), so that a light audit of a window that
has just come due never waits behind hours of other work.
"""

from __future__ import annotations

from audits.choices import PlanWeight, RunPurpose
from audits.models import Run
from governance.outbox.services import enqueue

LIGHT_TASK = "audits.run"
HEAVY_TASK = "audits.run_heavy"


def task_of(*, weight: str, purpose: str) -> str:
    """Return the task that carries out a run."""
    heavy = weight == PlanWeight.HEAVY or purpose == RunPurpose.BACKFILL
    return HEAVY_TASK if heavy else LIGHT_TASK


def enqueue_run(run: Run) -> None:
    """Ask for a run after the commit."""
    enqueue(task_of(weight=run.plan.weight, purpose=run.purpose), str(run.pk))
