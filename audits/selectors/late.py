"""Batches that came after their window had been audited: what the verdict did not see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q

from audits.choices import RunPurpose, RunState
from audits.models import OutputBatch, Plan, Run

SHOWN = 20
WINDOWS_LOOKED_AT = 60


@dataclass(frozen=True)
class LateBatch:
    """Rows of an audited window that came after the audit had begun."""

    batch: OutputBatch
    run: Run


def late_batches(plan: Plan) -> list[LateBatch]:
    """The newest batches that reach into a window whose run had started when they came."""
    runs = list(
        Run.objects.filter(
            plan=plan,
            state=RunState.SUCCEEDED,
            purpose__in=[RunPurpose.SCHEDULED, RunPurpose.BACKFILL],
            started_at__isnull=False,
        )
        .defer("report")
        .order_by("-window_end")[:WINDOWS_LOOKED_AT]
    )
    if not runs:
        return []
    batches = OutputBatch.objects.filter(
        system=plan.system_id,
        created_at__gt=min(run.started_at for run in runs if run.started_at),
        occurred_to__gte=min(run.window_start for run in runs),
        occurred_from__lt=max(run.window_end for run in runs),
    )
    if plan.source_id:
        batches = batches.filter(source=plan.source_id)
    if plan.version_id:
        batches = batches.filter(Q(version=plan.version_id) | Q(version=None))
    return [
        LateBatch(batch, run)
        for batch in batches.select_related("version").order_by("-created_at")[:SHOWN]
        if (run := _missed_by(batch, runs)) is not None
    ]


def _missed_by(batch: OutputBatch, runs: Sequence[Run]) -> Run | None:
    """Return the newest run that began before the batch came and whose window it reaches into."""
    for run in runs:
        if (
            run.started_at is not None
            and run.started_at < batch.created_at
            and batch.occurred_from < run.window_end
            and batch.occurred_to >= run.window_start
            and (run.version_id is None or batch.version_id in (None, run.version_id))
        ):
            return run
    return None
