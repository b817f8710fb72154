"""Reading this room: verdicts for lists and trends, runs of an incident, click rates by version."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import Max, QuerySet, Sum

from audits.choices import PlanState, RunState
from audits.models import Finding, Measurement, OutcomeBatch, OutputBatch, Plan, Run, Source
from audits.schedules import schedule_of
from governance.core.actors import Actor
from governance.core.errors import NotFound
from governance.registry.models import ModelVersion, System

PATIENCE = timedelta(hours=1)
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


@dataclass(frozen=True)
class ClickRate:
    """Clicks per output shown of one version, with Wilson's interval."""

    version_key: str
    label: str
    clicked: int
    n: int
    value: float
    low: float
    high: float
    verdict: None = None


@dataclass(frozen=True)
class ClickDifference:
    """Serving version minus another one, with Newcombe's interval."""

    of: str
    to: str
    value: float
    low: float
    high: float

    @property
    def decided(self) -> bool:
        """Whether the interval leaves zero out."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True)
class ClickRates:
    """What the logs of a system say about clicks, and what the fallback gives up."""

    versions: list[ClickRate]
    difference: ClickDifference | None
    sentence: str


def plans_for(actor: Actor) -> QuerySet[Plan]:
    return Plan.objects.for_actor(actor).select_related("system", "version", "owner")


def runs_for(actor: Actor) -> QuerySet[Run]:
    return Run.objects.for_actor(actor).select_related("plan__system", "version")


def findings_for(actor: Actor) -> QuerySet[Finding]:
    related = ("plan__system", "run__version", "owner")
    return Finding.objects.for_actor(actor).select_related(*related)


def sources_for(actor: Actor) -> QuerySet[Source]:
    return Source.objects.for_actor(actor).select_related("system")


def output_batches_for(actor: Actor) -> QuerySet[OutputBatch]:
    return OutputBatch.objects.for_actor(actor).select_related("system", "version")


def outcome_batches_for(actor: Actor) -> QuerySet[OutcomeBatch]:
    return OutcomeBatch.objects.for_actor(actor).select_related("system")


def find_plan(key: str, actor: Actor) -> Plan:
    try:
        return plans_for(actor).get(key=key)
    except Plan.DoesNotExist:
        raise NotFound(f"There is no plan {key!r} that you may see.") from None


def find_run(run_id: UUID | str, actor: Actor) -> Run:
    try:
        return runs_for(actor).select_related("plan__owner").get(pk=run_id)
    except (Run.DoesNotExist, ValidationError, ValueError):
        raise NotFound("There is no such run that you may see.") from None


def find_finding(finding_id: UUID | str, actor: Actor) -> Finding:
    try:
        return findings_for(actor).get(pk=finding_id)
    except (Finding.DoesNotExist, ValidationError, ValueError):
        raise NotFound("There is no such finding that you may see.") from None


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


def plan_as_declared(plan: Plan) -> dict[str, Any]:
    """A plan as plain data: what was declared, and when."""
    return {
        "key": plan.key,
        "title": plan.title,
        "system": plan.system.key,
        "version": plan.version.key if plan.version else None,
        "method": plan.method,
        "parameters": plan.parameters,
        "columns": plan.columns,
        "limits": plan.limits,
        "limits_note": plan.limits_note,
        "limits_declared_at": plan.limits_declared_at.isoformat(),
        "zone": plan.zone,
        "starts_at": plan.starts_at.isoformat(),
        "ends_at": plan.ends_at.isoformat() if plan.ends_at else None,
        "length_seconds": plan.length.total_seconds(),
        "every_seconds": plan.every.total_seconds(),
        "planned_looks": plan.planned_looks,
        "on_breach": plan.on_breach,
        "seed": plan.seed,
    }


def rows_delivered(*, system: System, version: ModelVersion) -> int:
    """How many outputs of a version have been sent."""
    batches = OutputBatch.objects.filter(system=system, version=version)
    return int(batches.aggregate(rows=Sum("rows"))["rows"] or 0)


def delivered_since(*, system: System, version: ModelVersion, moment: datetime) -> bool:
    """Whether outputs of a version have been sent after `moment`."""
    batches = OutputBatch.objects.filter(system=system, version=version)
    return batches.filter(created_at__gt=moment).exists()


def overdue_plans(plans: Iterable[Plan], now: datetime) -> set[UUID]:
    """The plans whose newest complete window has had no result for more than an hour."""
    plans = [plan for plan in plans if plan.state != PlanState.PAUSED]
    done = Run.objects.filter(
        plan__in=plans, state__in=[RunState.SUCCEEDED, RunState.CANCELLED]
    ).values_list("plan_id")
    until = dict(done.annotate(until=Max("window_end")).order_by())
    return {plan.pk for plan in plans if _is_late(plan, now, until.get(plan.pk))}


def is_overdue(plan: Plan, now: datetime) -> bool:
    return plan.pk in overdue_plans([plan], now)


def _is_late(plan: Plan, now: datetime, audited_until: datetime | None) -> bool:
    schedule = schedule_of(plan)
    window = schedule.latest_complete(now)
    if window is None or (not plan.backfill and window.end <= plan.created_at):
        return False
    expected = max(schedule.due_at(window), plan.created_at) + PATIENCE
    return now > expected and (audited_until is None or audited_until < window.end)


def click_rates(system: System) -> ClickRates:
    """Click rates of a system's versions, and what serving the fallback gives up.

    Read from the manifest of all outputs that say whether they were clicked.
    """
    from methods.statistics.proportions import newcombe, wilson

    counted = (
        OutputBatch.objects.filter(system=system, version__isnull=False, shown__gt=0)
        .values("version__key")
        .annotate(shown_rows=Sum("shown"), clicked_rows=Sum("clicked"))
        .order_by("version__key")
    )
    rates = []
    for row in counted:
        clicked, shown = int(row["clicked_rows"]), int(row["shown_rows"])
        low, high = wilson(clicked, shown)
        key = str(row["version__key"])
        rates.append(ClickRate(key, key, clicked, shown, clicked / shown, low, high))
    by_key = {rate.version_key: rate for rate in rates}
    fallback = system.fallback_version.key if system.fallback_version else None
    given_up = by_key.pop(fallback, None) if fallback else None
    if given_up is None or not by_key:
        return ClickRates(rates, None, "Clicks of one version alone: nothing to compare yet.")
    other = max(by_key.values(), key=lambda rate: rate.n)
    low, high = newcombe(other.clicked, other.n, given_up.clicked, given_up.n)
    gap = ClickDifference(
        other.version_key, given_up.version_key, other.value - given_up.value, low, high
    )
    return ClickRates(rates, gap, _click_sentence(gap, other, given_up))


def _click_sentence(gap: ClickDifference, other: ClickRate, fallback: ClickRate) -> str:
    points, low, high = (100 * number for number in (gap.value, gap.low, gap.high))
    told = (
        f"{other.label} is clicked {100 * other.value:.2f} % of the time "
        f"({other.clicked:,} of {other.n:,}), {fallback.label} {100 * fallback.value:.2f} % "
        f"({fallback.clicked:,} of {fallback.n:,}): a difference of {points:.2f} percentage "
        f"points (95 % interval {low:.2f} to {high:.2f})"
    )
    if gap.decided:
        return f"{told}. Serving {fallback.label} {'gives up' if gap.value > 0 else 'gains'} it."
    return f"{told}: inconclusive, too few clicks to say whether the fallback costs any."


def plan_summaries(actor: Actor, now: datetime) -> list[dict[str, Any]]:
    """Every visible plan with its newest verdict, for the list of plans."""
    plans = list(plans_for(actor))
    newest = (
        Run.objects.filter(plan__in=plans, state=RunState.SUCCEEDED)
        .defer("report")
        .select_related("plan__system", "version")
        .order_by("plan_id", "-window_end", "-finished_at")
        .distinct("plan_id")
    )
    verdicts = {row.plan_key: row for row in verdict_rows(newest)}
    late = overdue_plans(plans, now)
    return [
        {"plan": plan, "last": verdicts.get(plan.key), "overdue": plan.pk in late} for plan in plans
    ]
