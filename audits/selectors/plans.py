"""Reading plans: as declared, with their newest verdicts, overdue ones."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Max, QuerySet

from audits.choices import PlanState, RunState
from audits.models import Plan, Run
from audits.schedules import first_unscheduled, schedule_of
from audits.windows import Window
from governance.core.actors import Actor
from governance.core.errors import NotFound

PATIENCE = timedelta(hours=1)


@dataclass(frozen=True)
class Prospect:
    """What comes next of a plan: a window and when it is audited, or why none is."""

    window: Window | None
    due_at: datetime | None
    reason: str = ""


def plans_for(actor: Actor) -> QuerySet[Plan]:
    return Plan.objects.for_actor(actor).select_related("system", "version", "owner")


def find_plan(key: str, actor: Actor) -> Plan:
    try:
        return plans_for(actor).get(key=key)
    except Plan.DoesNotExist:
        raise NotFound(f"There is no plan {key!r} that you may see.") from None


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
        "cron": plan.cron,
        "revision": plan.revision,
        "suppress_below": plan.suppress_below,
        "vault_attributes": plan.vault_attributes,
        "planned_looks": plan.planned_looks,
        "on_breach": plan.on_breach,
        "seed": plan.seed,
    }


def prospect(plan: Plan) -> Prospect:
    """The next window a plan will audit, or the reason in words why there is none."""
    if plan.state == PlanState.PAUSED:
        return Prospect(None, None, "The plan is paused until a person resumes it.")
    if plan.state == PlanState.ENDED:
        return Prospect(None, None, "The last window of the plan has been scheduled.")
    schedule = schedule_of(plan)
    window = next(schedule.windows(first_unscheduled(plan)), None)
    if window is None or not schedule.holds(window):
        return Prospect(None, None, "No further window lies before the end of the plan.")
    return Prospect(window, schedule.due_at(window))


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
