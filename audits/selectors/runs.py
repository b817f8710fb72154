"""Reading runs: the newest verdicts, the number that decided each, the runs of an incident."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from audits.choices import RunState
from audits.models import Measurement, Run
from governance.core.actors import Actor
from governance.core.errors import NotFound
from governance.registry.models import ModelVersion, System

RANK = {"fail": 0, "inconclusive": 1, "not_applicable": 2, "pass": 3}


@dataclass(frozen=True)
class VerdictRow:
    """The last verdict of one plan on one version, with the number that decided it."""

    run_id: UUID
    plan_key: str
    plan_title: str
    system_key: str
    version_key: str
    window_start: datetime
    window_end: datetime
    finished_at: datetime
    verdict: str | None
    sentence: str
    metric: str
    value: float | None
    low: float | None
    high: float | None
    n: int | None
    unit: str
    threshold: dict[str, Any] | None


def runs_for(actor: Actor) -> QuerySet[Run]:
    return Run.objects.for_actor(actor).select_related("plan__system", "version")


def find_run(run_id: UUID | str, actor: Actor) -> Run:
    try:
        return runs_for(actor).select_related("plan__owner").get(pk=run_id)
    except (Run.DoesNotExist, ValidationError, ValueError):
        raise NotFound("There is no such run that you may see.") from None


def latest_verdicts(actor: Actor, limit: int = 8) -> list[VerdictRow]:
    """The newest verdict of each plan and version the actor may see, the latest run first."""
    return _newest_verdicts(runs_for(actor), limit)


def system_verdicts(actor: Actor, system: System, limit: int = 20) -> list[VerdictRow]:
    """The same for one system."""
    return _newest_verdicts(runs_for(actor).filter(plan__system=system), limit)


def _newest_verdicts(runs: QuerySet[Run], limit: int) -> list[VerdictRow]:
    newest = (
        runs.filter(state=RunState.SUCCEEDED)
        .defer("report")
        .order_by("plan_id", "version_id", "-window_end", "-finished_at")
        .distinct("plan_id", "version_id")
    )
    found = sorted(newest, key=lambda run: run.finished_at or run.created_at, reverse=True)
    return verdict_rows(found[:limit])


def verdict_rows(runs: Iterable[Run]) -> list[VerdictRow]:
    """Runs with the measurement that decided each."""
    runs = list(runs)
    deciding = deciding_measurements(runs)
    return [_verdict_row(run, deciding.get(run.pk)) for run in runs]


def deciding_measurements(runs: Iterable[Run]) -> dict[UUID, Measurement]:
    """The worst judged measurement of each run, or its first where nothing was judged."""
    chosen: dict[UUID, Measurement] = {}
    for one in Measurement.objects.filter(run__in=[run.pk for run in runs]).order_by("position"):
        known = chosen.get(one.run_id)
        if known is None or _rank(one) < _rank(known):
            chosen[one.run_id] = one
    return chosen


def _rank(one: Measurement) -> tuple[int, int]:
    if one.threshold is None:
        return 2, 0
    return int(one.threshold.get("severity") != "fail"), RANK.get(one.verdict or "", 4)


def _verdict_row(run: Run, one: Measurement | None) -> VerdictRow:
    return VerdictRow(
        run_id=run.pk,
        plan_key=run.plan.key,
        plan_title=run.plan.title,
        system_key=run.plan.system.key,
        version_key=run.version.key if run.version else "",
        window_start=run.window_start,
        window_end=run.window_end,
        finished_at=run.finished_at or run.created_at,
        verdict=run.verdict,
        sentence=run.sentence,
        metric=one.metric if one else "",
        value=one.value if one else None,
        low=one.low if one else None,
        high=one.high if one else None,
        n=one.n if one else None,
        unit=one.unit if one else "",
        threshold=one.threshold if one else None,
    )


def last_verdict(system: System, version: ModelVersion | None) -> str | None:
    """The worst of the newest verdicts of all plans on a version; None when there is none."""
    newest = (
        Run.objects.filter(plan__system=system, version=version, state=RunState.SUCCEEDED)
        .order_by("plan_id", "-window_end", "-finished_at")
        .distinct("plan_id")
        .values_list("verdict", flat=True)
    )
    verdicts = [verdict for verdict in newest if verdict is not None]
    return min(verdicts, key=lambda verdict: RANK[verdict], default=None)


def runs_of_incident(incident_id: str) -> QuerySet[Run]:
    """The runs an incident asked for, newest first."""
    runs = Run.objects.filter(incident_id=str(incident_id))
    return runs.select_related("plan__system", "version").order_by("-created_at")
