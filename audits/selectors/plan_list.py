"""The list of plans: filtered, ordered, each with its newest verdict, alerts and lateness."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Case, Exists, F, IntegerField, OuterRef, Q, QuerySet, Subquery, When

from audits.choices import AlertStatus, PlanState, RunState
from audits.models import AlertStream, Plan, Run
from audits.schedule_words import schedule_in_words
from audits.schedules import schedule_of
from audits.selectors.plans import overdue_plans, plans_for
from audits.selectors.runs import RANK, VerdictRow, verdict_rows
from governance.core.actors import Actor

#: The worst of a plan's streams stands for the plan.
ALERT_RANK = (
    AlertStatus.ALERT,
    AlertStatus.WATCH,
    AlertStatus.INSUFFICIENT_DATA,
    AlertStatus.RECOVERED,
    AlertStatus.OK,
)
NEVER_RUN = "none"
ORDERS = {
    "key": "Key",
    "title": "Question",
    "system": "System",
    "verdict": "Verdict, the worst first",
    "newest": "Newest window first",
}


@dataclass(frozen=True)
class PlanFilter:
    """What is asked of the list; empty means all."""

    q: str = ""
    system: str = ""
    state: str = ""
    method: str = ""
    verdict: str = ""
    alert: str = ""
    overdue: str = ""
    order: str = ""


@dataclass(frozen=True)
class PlanRow:
    """One plan as the list shows it."""

    plan: Plan
    last: VerdictRow | None
    overdue_since: datetime | None
    alert: str
    alert_since: datetime | None
    schedule: str

    @property
    def alert_word(self) -> str:
        """The state of the plan's alerts in words."""
        return AlertStatus(self.alert).label if self.alert else ""


def plans_matching(actor: Actor, wanted: PlanFilter, now: datetime) -> QuerySet[Plan]:
    """The plans an actor may see that fit a filter, in the order asked for."""
    found = plans_for(actor)
    if wanted.q:
        found = found.filter(
            Q(title__icontains=wanted.q)
            | Q(key__icontains=wanted.q)
            | Q(system__title__icontains=wanted.q)
        )
    if wanted.system:
        found = found.filter(system__key=wanted.system)
    if wanted.state in PlanState.values:
        found = found.filter(state=wanted.state)
    if wanted.method:
        found = found.filter(method=wanted.method)
    if wanted.alert in AlertStatus.values:
        streams = AlertStream.objects.filter(
            rule__plan=OuterRef("pk"), rule__active=True, status=wanted.alert
        )
        found = found.filter(Exists(streams))
    if wanted.verdict:
        found = _with_verdict(found, wanted.verdict)
    if wanted.overdue:
        found = found.filter(pk__in=overdue_plans(list(found), now))
    return _ordered(found, wanted.order)


def _newest() -> QuerySet[Run]:
    """The newest finished run of the plan that a query is about."""
    runs = Run.objects.filter(plan=OuterRef("pk"), state=RunState.SUCCEEDED)
    return runs.order_by("-window_end", "-finished_at")


def _with_verdict(plans: QuerySet[Plan], verdict: str) -> QuerySet[Plan]:
    if verdict == NEVER_RUN:
        return plans.filter(~Exists(_newest()))
    known = plans.annotate(newest_verdict=Subquery(_newest().values("verdict")[:1]))
    return known.filter(newest_verdict=verdict)


def _ordered(plans: QuerySet[Plan], order: str) -> QuerySet[Plan]:
    match order:
        case "title":
            return plans.order_by("title", "key")
        case "system":
            return plans.order_by("system__title", "key")
        case "verdict":
            known = plans.annotate(worst=Subquery(_newest().values("verdict")[:1]))
            ranked = Case(
                *(When(worst=verdict, then=rank) for verdict, rank in RANK.items()),
                default=len(RANK),
                output_field=IntegerField(),
            )
            return known.order_by(ranked, "key")
        case "newest":
            ended = plans.annotate(newest_end=Subquery(_newest().values("window_end")[:1]))
            return ended.order_by(F("newest_end").desc(nulls_last=True), "key")
        case _:
            return plans.order_by("key")


def plan_rows(plans: Sequence[Plan], now: datetime) -> list[PlanRow]:
    """Plans with their newest verdict, alerts and lateness; as many queries however many plans."""
    newest = (
        Run.objects.filter(plan__in=plans, state=RunState.SUCCEEDED)
        .defer("report")
        .select_related("plan__system", "version")
        .order_by("plan_id", "-window_end", "-finished_at")
        .distinct("plan_id")
    )
    verdicts = {row.plan_key: row for row in verdict_rows(newest)}
    late, alerts = overdue_plans(plans, now), _alerts(plans)
    return [
        PlanRow(
            plan=plan,
            last=verdicts.get(plan.key),
            overdue_since=overdue_since(plan, now) if plan.pk in late else None,
            alert=alerts.get(plan.pk, ("", None))[0],
            alert_since=alerts.get(plan.pk, ("", None))[1],
            schedule=schedule_in_words(schedule_of(plan)),
        )
        for plan in plans
    ]


def overdue_since(plan: Plan, now: datetime) -> datetime | None:
    """When the newest complete window of a plan was due."""
    schedule = schedule_of(plan)
    window = schedule.latest_complete(now)
    return schedule.due_at(window) if window else None


def _alerts(plans: Iterable[Plan]) -> dict[UUID, tuple[str, datetime | None]]:
    streams = AlertStream.objects.filter(rule__plan__in=plans, rule__active=True)
    worst: dict[UUID, tuple[str, datetime | None]] = {}
    for plan_id, status, since in streams.values_list("rule__plan_id", "status", "moved_at"):
        known = worst.get(plan_id)
        if known is None or _rank(status) < _rank(known[0]):
            worst[plan_id] = (status, since)
    return worst


def _rank(status: str) -> int:
    return ALERT_RANK.index(AlertStatus(status))


def row_cells(row: PlanRow) -> dict[str, Any]:
    """A row as cells of an export."""
    last = row.last
    return {
        "key": row.plan.key,
        "question": row.plan.title,
        "system": row.plan.system.key,
        "method": row.plan.method,
        "limits": "; ".join(
            f"{one['metric']} {one['op']} {one['value']:g} ({one.get('severity', 'fail')})"
            for one in row.plan.limits
        ),
        "schedule": row.schedule,
        "state": row.plan.state,
        "verdict": last.verdict if last else "",
        "metric": last.metric if last else "",
        "value": last.value if last else None,
        "low": last.low if last else None,
        "high": last.high if last else None,
        "n": last.n if last else None,
        "unit": last.unit if last else "",
        "window_start": last.window_start.isoformat() if last else "",
        "alert": row.alert,
        "overdue_since": row.overdue_since.isoformat() if row.overdue_since else "",
    }
