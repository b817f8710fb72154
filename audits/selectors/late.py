"""Batches that came after their window had been audited: what the verdict did not see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from audits.choices import RunPurpose, RunState, SourceOrigin
from audits.models import OutcomeBatch, OutputBatch, Plan, Run

SHOWN = 20
WINDOWS_LOOKED_AT = 60


@dataclass(frozen=True)
class LateBatch:
    """Rows of an audited window that came after the audit had begun."""

    batch: OutputBatch | OutcomeBatch
    run: Run

    @property
    def what(self) -> str:
        return "outputs" if isinstance(self.batch, OutputBatch) else "outcomes"

    @property
    def earliest(self) -> datetime:
        """The first moment the batch speaks of."""
        one = self.batch
        return one.occurred_from if isinstance(one, OutputBatch) else one.observed_from

    @property
    def latest(self) -> datetime:
        """The last moment the batch speaks of."""
        one = self.batch
        return one.occurred_to if isinstance(one, OutputBatch) else one.observed_to


def late_batches(plan: Plan) -> list[LateBatch]:
    """The newest batches that reach into a window whose run had started when they came.

    Outcomes count where the plan reads labels: those observed before the run began, and no later
    than it waits for labels.
    """
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
    if not runs or (plan.source is not None and plan.source.origin != SourceOrigin.PUSHED):
        return []
    began = min(run.started_at for run in runs if run.started_at)
    earliest = min(run.window_start for run in runs)
    outputs = OutputBatch.objects.filter(
        system=plan.system_id,
        created_at__gt=began,
        occurred_to__gte=earliest,
        occurred_from__lt=max(run.window_end for run in runs),
    )
    if plan.source_id:
        outputs = outputs.filter(source=plan.source_id)
    if plan.version_id:
        outputs = outputs.filter(Q(version=plan.version_id) | Q(version=None))
    candidates: list[OutputBatch | OutcomeBatch] = list(
        outputs.select_related("version").order_by("-created_at")[:SHOWN]
    )
    if "y_true" in plan.columns:
        outcomes = OutcomeBatch.objects.filter(
            system=plan.system_id, created_at__gt=began, observed_to__gte=earliest
        )
        candidates += outcomes.order_by("-created_at")[:SHOWN]
        candidates.sort(key=lambda batch: batch.created_at, reverse=True)
    late = [
        LateBatch(batch, run)
        for batch in candidates
        if (run := _missed_by(batch, runs, plan.label_maturity)) is not None
    ]
    return late[:SHOWN]


def _missed_by(
    batch: OutputBatch | OutcomeBatch, runs: Sequence[Run], maturity: timedelta
) -> Run | None:
    """Return the newest run that began before the batch came and would have read of it."""
    for run in runs:
        if run.started_at is None or run.started_at >= batch.created_at:
            continue
        if isinstance(batch, OutcomeBatch):
            until = min(run.started_at, run.window_end + maturity) if maturity else run.started_at
            if batch.observed_from <= until and batch.observed_to >= run.window_start:
                return run
        elif (
            batch.occurred_from < run.window_end
            and batch.occurred_to >= run.window_start
            and (run.version_id is None or batch.version_id in (None, run.version_id))
        ):
            return run
    return None
