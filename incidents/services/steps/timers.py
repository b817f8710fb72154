"""Waiting for a moment: a row keeps it, so that no restart forgets it."""

from __future__ import annotations

from datetime import datetime, timedelta

from governance.core.actors import Actor
from governance.core.clock import database_now
from incidents.models import Incident, IncidentStep
from incidents.playbook.params import WaitUntil
from incidents.services.steps.results import StepResult, done, params_of, waits


def wait_for_moment(step: IncidentStep, actor: Actor) -> StepResult:
    """End so many minutes after the turn of the step, or after a moment of the incident."""
    told, now = params_of(step, WaitUntil), database_now()
    began = _beginning(step, told.since, now)
    if began is None:
        return waits(f"The {told.minutes} minutes begin once the incident is {told.since}.")
    until = began + timedelta(minutes=told.minutes)
    if until <= now:
        return done(f"The {told.minutes} minutes are over.")
    return waits(f"Waits until {until:%-d %B %H:%M:%S} UTC.", until=until, began=began.isoformat())


def _beginning(step: IncidentStep, since: str, now: datetime) -> datetime | None:
    if since == "turn":
        kept = step.effect.get("began")
        return datetime.fromisoformat(kept) if kept else now
    incident: Incident = step.incident
    moments = {
        "detected": incident.detected_at,
        "contained": incident.contained_at,
        "mitigated": incident.mitigated_at,
    }
    return moments[since]
