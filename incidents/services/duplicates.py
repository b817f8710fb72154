"""Incidents that turn out to be another one: joined to it, and visible from both."""

from __future__ import annotations

from django.db import transaction
from django.urls import reverse

from governance.core.actors import Actor
from governance.core.errors import Conflict, Invalid, NotPermitted
from governance.registry.models import Hold
from incidents.choices import FINAL_STATES, State, TimelineKind
from incidents.models import Incident
from incidents.services.moving import move_incident
from incidents.services.timeline import add_timeline_entry


@transaction.atomic
def mark_duplicate(
    *, incident: Incident, original: Incident, because: str, actor: Actor
) -> Incident:
    """Close an incident as the same as another, which takes over what was reported of it."""
    if not actor.may("incidents.command"):
        raise NotPermitted("Only the incident commander joins incidents.")
    if incident.pk == original.pk:
        raise Invalid("An incident is no duplicate of itself.")
    if original.drill:
        raise Conflict(f"{original.reference} is a drill; what is real is never joined to it.")
    if len(because.strip()) < 10:
        raise Invalid("Say in a sentence why they are the same.")
    # Both rows are locked in one order, so that two people cannot close each into the other.
    rows = Incident.objects.select_for_update(of=("self",)).order_by("number")
    both = {row.pk: row for row in rows.filter(pk__in=[incident.pk, original.pk])}
    incident, original = both[incident.pk], both[original.pk]
    if original.state in FINAL_STATES:
        raise Conflict(f"{original.reference} is over; reopen it, or keep this incident.")
    if Hold.objects.active().filter(incident_reference=incident.reference).exists():
        raise Conflict(
            f"A hold of {incident.reference} is active: lift it first, or keep this incident and "
            f"join {original.reference} to it."
        )
    moved = move_incident(
        incident=incident,
        to=State.DUPLICATE,
        note=f"Of {original.reference}: {because.strip()}",
        actor=actor,
    )
    moved.duplicate_of = original
    moved.save(update_fields=["duplicate_of", "updated_at"])
    if incident.started_at and (
        original.started_at is None or incident.started_at < original.started_at
    ):
        original.started_at = incident.started_at
        original.save(update_fields=["started_at", "updated_at"])
    add_timeline_entry(
        incident=original,
        kind=TimelineKind.EVIDENCE,
        sentence=f"{incident.reference} is the same: {incident.title}. {because.strip()}",
        actor=actor,
        link=reverse("incident", args=[incident.reference]),
    )
    return moved
