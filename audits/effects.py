"""What later runs say of a finding: the same measurement, found again in another run.

Reads measurements; what follows from them is decided by the services.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from audits.choices import RunState
from audits.models import Finding, Measurement, Run
from audits.reports.comparing import counterpart_of
from governance.core.errors import Conflict

LATER = 12
_READ = (
    "run_id",
    "position",
    "metric",
    "slice",
    "comparison",
    "value",
    "low",
    "high",
    "n",
    "unit",
    "threshold",
    "verdict",
)


def later_runs(finding: Finding) -> QuerySet[Run]:
    """Finished runs of the same plan on the same or a later window, the newest first."""
    return (
        Run.objects.filter(
            plan=finding.plan_id,
            state=RunState.SUCCEEDED,
            window_end__gte=finding.run.window_end,
            finished_at__gt=finding.run.finished_at,
        )
        .defer("report")
        .select_related("plan__system", "version")
        .order_by("-window_end", "-finished_at")
    )


def later_measurement(finding: Finding, run: Run) -> dict[str, Any]:
    """Return the finding's measurement as a later run took it.

    Raises
    ------
    Conflict : when the run is not a later one of the same plan, or did not measure it
    """
    if run.plan_id != finding.plan_id:
        raise Conflict("That run belongs to another plan: it measures something else.")
    if not later_runs(finding).filter(pk=run.pk).exists():
        raise Conflict("That run did not finish later than the one that made the finding.")
    found = _readings(finding, [run.pk]).get(run.pk)
    if found is None or found["value"] is None:
        raise Conflict(
            "That run did not measure the same: the group or the metric is not in its report."
        )
    return found


def readings_after(finding: Finding) -> list[tuple[Run, dict[str, Any]]]:
    """Return the newest later runs that measured the same, each with what it measured."""
    runs = list(later_runs(finding)[:LATER])
    found = _readings(finding, [run.pk for run in runs])
    return [(run, found[run.pk]) for run in runs if run.pk in found]


def _readings(finding: Finding, runs: Iterable[UUID]) -> dict[UUID, dict[str, Any]]:
    """The finding's measurement in each of the runs that took it."""
    of_metric = Measurement.objects.filter(metric=finding.metric).order_by("position")
    own = of_metric.filter(run=finding.run_id, position=finding.position).values(*_READ).first()
    if own is None:
        return {}
    rows: dict[UUID, list[dict[str, Any]]] = {}
    for one in of_metric.filter(run__in=list(runs)).values(*_READ):
        rows.setdefault(one["run_id"], []).append(dict(one))
    found = {run: counterpart_of(dict(own), others) for run, others in rows.items()}
    return {run: one for run, one in found.items() if one is not None}
