"""Steps that tell people: those who are responsible, an audience, the next in line."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from django.urls import reverse

from governance.core.actors import Actor
from governance.core.clock import database_now
from governance.outbox.services import notify
from governance.people.choices import Role
from incidents.choices import Audience, CommunicationState, StepState
from incidents.models import Communication, Incident, IncidentStep
from incidents.playbook.params import Escalate, Notify, StatusUpdate
from incidents.services.communications import prepare_communication
from incidents.services.steps.results import StepResult, done, params_of, waits

LOOKS_AGAIN = timedelta(seconds=30)


def tell_responsible(step: IncidentStep, actor: Actor) -> StepResult:
    """Tell the roles of the step what happened."""
    told, incident = params_of(step, Notify), step.incident
    tell_roles(incident, told.roles, subject=incident.title, body=incident.summary)
    return done(f"Told: {_names(told.roles)}.", roles=[str(role) for role in told.roles])


def send_status_update(step: IncidentStep, actor: Actor) -> StepResult:
    """Have the next update to an audience written, and end when it was sent."""
    told = params_of(step, StatusUpdate)
    audience = Audience(told.audience).label.lower()
    made = Communication.objects.filter(pk=step.effect.get("communication")).first()
    if made is None:
        made = prepare_communication(incident=step.incident, audience=told.audience, actor=actor)
    kept = {"communication": str(made.pk)}
    if made.state == CommunicationState.SENT:
        return done(f"The update for {audience} was sent.", **kept)
    if made.state == CommunicationState.DISCARDED:
        return StepResult(
            StepState.FAILED,
            f"The update for {audience} was thrown away: run the step again for another.",
            effect={"communication": None},
            for_people=True,
        )
    return waits(
        f"The update for {audience} is written; it leaves when people have approved it.",
        until=database_now() + LOOKS_AGAIN,
        **kept,
    )


def escalate_to(step: IncidentStep, actor: Actor) -> StepResult:
    """Tell the next in line when nobody has taken command in time."""
    told, incident = params_of(step, Escalate), step.incident
    if incident.commander_id is not None:
        return done("Somebody has taken command: nobody else needs to be told.")
    due = incident.detected_at + timedelta(minutes=told.minutes)
    if due > database_now():
        return waits(f"Tells {_names(told.roles)} if nobody takes command.", until=due)
    tell_roles(
        incident,
        told.roles,
        subject="nobody has taken command",
        body=f"{incident.title} ({incident.get_severity_display()}).",
    )
    return done(f"Nobody has taken command; told: {_names(told.roles)}.")


def tell_roles(incident: Incident, roles: Iterable[Role], *, subject: str, body: str) -> None:
    """Tell people of these roles, those of the incident's system where it names one."""
    scope = f"@{incident.system.key}" if incident.system else ""
    drill = "Drill: " if incident.drill else ""
    notify(
        recipients=[f"role:{role}{scope}" for role in roles],
        subject=f"{drill}{incident.reference}: {subject}",
        body=body,
        link=reverse("incident", args=[incident.reference]),
    )


def _names(roles: Iterable[Role]) -> str:
    return ", ".join(Role(role).label.lower() for role in roles)
