"""Which pushed segments a run reads, and the digest of what was sent for them.

How the files become one table stands in `segments`.
"""

from __future__ import annotations

import hashlib

from audits import storage
from audits.models import OutcomeBatch, OutputBatch, Run
from audits.sources.segments import SegmentSelection
from governance.core.errors import Invalid


def select_segments(run: Run) -> tuple[SegmentSelection, str]:
    """Return the files a run reads and the digest over their sorted `digest  id` lines."""
    plan = run.plan
    batches = OutputBatch.objects.filter(
        system=plan.system, occurred_from__lt=run.window_end, occurred_to__gte=run.window_start
    )
    if plan.source_id:
        batches = batches.filter(source=plan.source_id)
    named: list[OutputBatch] = []
    mixed: list[OutputBatch] = []
    for batch in batches.order_by("id"):
        if run.version_id is None or batch.version_id == run.version_id:
            named.append(batch)
        elif batch.version_id is None and "model_version" in batch.columns:
            mixed.append(batch)
    if not named and not mixed:
        raise Invalid(nothing_there(run))
    outcomes: list[OutcomeBatch] = []
    if "y_true" in plan.columns:
        outcomes = list(
            OutcomeBatch.objects.filter(
                system=plan.system, observed_to__gte=run.window_start
            ).order_by("id")
        )
    lines = sorted(f"{one.digest}  {one.pk}" for one in (*named, *mixed, *outcomes))
    digest = hashlib.sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()
    selection = SegmentSelection(
        outputs=[storage.locate(one.path) for one in named],
        unversioned=[storage.locate(one.path) for one in mixed],
        outcomes=[storage.locate(one.path) for one in outcomes],
        window_start=run.window_start,
        window_end=run.window_end,
        version=run.version.key if run.version else None,
        label_maturity=plan.label_maturity,
    )
    return selection, digest


def nothing_there(run: Run) -> str:
    """Say that the window of a run holds no row, and what to do."""
    version = f" version {run.version.key}" if run.version else ""
    return (
        f"No outputs of {run.plan.system.key}{version} lie between "
        f"{run.window_start.isoformat()} and {run.window_end.isoformat()}: send them, run again."
    )
