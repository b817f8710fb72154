"""What the incident room puts on people's agenda and into the search field."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.db.models import F, QuerySet
from django.urls import reverse

from governance.core.actors import Actor
from governance.core.clock import database_now
from governance.core.ports import AgendaItem, SearchHit
from governance.registry.models import Hold
from incidents.choices import ReportState, StepState, Undo
from incidents.models import Drill, DrillPlan, HarmReport, Incident, IncidentStep, TargetOrder
from incidents.selectors import (
    drill_plans_for,
    drills_for,
    incidents_for,
    open_drills_for,
    open_incidents_for,
    orders_given_up,
    reports_for,
)
from incidents.services.drills import is_left_open

DUE_SOON = timedelta(days=7)


class IncidentAgenda:
    """Incidents without a commander, reports without a decision, holds that wait for a second."""

    label = "incidents"

    def items(self, actor: Actor) -> Sequence[AgendaItem]:
        items = []
        if actor.may("incidents.command"):
            for incident in _open(actor).filter(commander__isnull=True):
                items.append(_item(incident, "nobody has taken command", incident.detected_at))
            for report in reports_for(actor).filter(state=ReportState.NEW):
                items.append(_report_item(report))
            items += _step_items(actor)
        if actor.may("incidents.edit_targets") or actor.may("incidents.command"):
            items += [_order_item(order) for order in orders_given_up(actor)]
        if actor.may("registry.approve_hold") and actor.kind == "person":
            items += [_hold_item(hold) for hold in _unapproved(actor)]
        if actor.may("registry.lift_hold"):
            proposed = Hold.objects.filter(
                released_at__isnull=True, release_proposed_at__isnull=False
            ).exclude(release_proposed_by=actor.reference)
            references = set(proposed.values_list("incident_reference", flat=True))
            for incident in _open(actor):
                if incident.reference in references:
                    items.append(
                        _item(incident, "lifting the hold waits for a second person", None)
                    )
        if actor.may("incidents.run_drills"):
            items += [_drill_item(drill) for drill in drills_for(actor).filter(ended_at=None)]
            today = database_now().date()
            due = drill_plans_for(actor).filter(retired_at=None, due_on__lte=today + DUE_SOON)
            running = drills_for(actor).filter(ended_at=None).values("plan")
            items += [_plan_item(plan, today) for plan in due.exclude(pk__in=running)]
        return items


def _open(actor: Actor) -> QuerySet[Incident]:
    """What waits for people is the same in a drill; its title says that it is one."""
    return open_incidents_for(actor) | open_drills_for(actor)


def _unapproved(actor: Actor) -> QuerySet[Hold]:
    """Holds that one other person placed and nobody stands behind yet."""
    holds = Hold.objects.for_actor(actor).active()
    waiting = holds.filter(approve_by__isnull=False, approved_by="")
    return waiting.exclude(placed_by=actor.reference).order_by("approve_by")


def _hold_item(hold: Hold) -> AgendaItem:
    return AgendaItem(
        title=f"Hold on {hold.target_kind} {hold.target_key}",
        url=reverse("hold", args=[hold.pk]),
        reason="one person placed it; another approves it, else it escalates and stays",
        due=hold.approve_by,
        system_key=hold.system.key if hold.system else None,
    )


def _step_items(actor: Actor) -> list[AgendaItem]:
    """Steps that did not work by themselves, and takings-back that wait for a second person."""
    steps = (
        IncidentStep.objects.filter(
            incident__in=_open(actor).values("pk"), episode=F("incident__episode")
        )
        .select_related("incident__system")
        .order_by("incident__number", "position")
    )
    handed_over = steps.filter(state=StepState.FAILED, handed_over_at__isnull=False)
    proposed = steps.filter(state=StepState.DONE, undo=Undo.ROLL_FORWARD).exclude(
        undo_proposed_by__in=["", actor.reference]
    )
    return [
        *(
            _step_item(step, "it did not work by itself and needs a person", step.handed_over_at)
            for step in handed_over
        ),
        *(_step_item(step, "taking it back waits for a second person", None) for step in proposed),
    ]


def _step_item(step: IncidentStep, reason: str, due: datetime | None) -> AgendaItem:
    incident = step.incident
    return AgendaItem(
        title=f"{incident.reference}: {step.title}",
        url=f"{reverse('incident', args=[incident.reference])}#step-{step.position}",
        reason=reason,
        due=due,
        system_key=incident.system.key if incident.system else None,
    )


def _drill_item(drill: Drill) -> AgendaItem:
    return AgendaItem(
        title=str(drill),
        url=reverse("drill", args=[drill.reference]),
        reason="the drill was left open"
        if is_left_open(drill, database_now())
        else "the drill is running",
        due=drill.started_at,
        system_key=drill.system.key,
    )


def _plan_item(plan: DrillPlan, today: date) -> AgendaItem:
    assert plan.due_on is not None
    return AgendaItem(
        title=f"Drill: {plan.title}",
        url=reverse("drill_plan", args=[plan.pk]),
        reason="the drill is overdue" if plan.due_on < today else "the drill is due",
        due=plan.due_on,
        system_key=plan.system.key,
    )


def _order_item(order: TargetOrder) -> AgendaItem:
    system = order.target.system
    return AgendaItem(
        title=f"{order.target} of {system.title}",
        url=reverse("serving_targets"),
        reason=f"has not confirmed what it should serve: {order.problem}",
        due=order.give_up_at,
        system_key=system.key,
    )


def _report_item(report: HarmReport) -> AgendaItem:
    return AgendaItem(
        title=str(report),
        url=reverse("harm_report", args=[report.pk]),
        reason="a reported harm waits for a decision",
        due=report.triage_due_at,
        system_key=report.system.key if report.system else None,
    )


def _item(incident: Incident, reason: str, due: datetime | None) -> AgendaItem:
    return AgendaItem(
        title=str(incident),
        url=reverse("incident", args=[incident.reference]),
        reason=reason,
        due=due,
        system_key=incident.system.key if incident.system else None,
    )


class IncidentSearch:
    """Incidents whose title holds the words."""

    label = "incidents"

    def search(self, actor: Actor, query: str, limit: int) -> Sequence[SearchHit]:
        return [
            SearchHit(
                title=str(incident),
                url=reverse("incident", args=[incident.reference]),
                kind="Incident",
            )
            for incident in incidents_for(actor).filter(title__icontains=query)[:limit]
        ]
