"""Telling the next people when nobody takes command; rows keep the time, a restart loses none."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.urls import reverse

from governance.core.actors import Actor
from governance.core.clock import database_now
from governance.outbox.services import notify
from governance.people.choices import Role
from incidents.choices import FINAL_STATES, TimelineKind
from incidents.escalation import LADDERS
from incidents.models import Escalation, Incident
from incidents.services.timeline import add_timeline_entry


def begin_escalation(incident: Incident) -> None:
    """Write the ladder of the present episode; the first rung is due at once."""
    Escalation.objects.bulk_create(
        Escalation(
            incident=incident,
            episode=incident.episode,
            level=level,
            roles=list(rung.roles),
            due_at=rung.due(incident.reported_at),
        )
        for level, rung in enumerate(LADDERS[incident.severity])
    )


def end_escalation(incident: Incident) -> None:
    """Drop what is left of the ladders: somebody has taken command, or there is nothing to do."""
    incident.escalations.filter(told_at=None, dropped_at=None).update(dropped_at=database_now())


def escalate_due(*, actor: Actor, now: datetime | None = None) -> int:
    """Tell the people of every rung that is due; return how many rungs were told."""
    due = Escalation.objects.filter(
        told_at=None, dropped_at=None, due_at__lte=now or database_now()
    )
    return sum(_tell(pk, actor) for pk in due.values_list("pk", flat=True))


@transaction.atomic
def _tell(pk: UUID, actor: Actor) -> bool:
    rung = (
        Escalation.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("incident__system")
        .filter(pk=pk, told_at=None, dropped_at=None)
        .first()
    )
    if rung is None:
        return False
    incident, now = rung.incident, database_now()
    if incident.commander_id is not None or incident.state in FINAL_STATES:
        rung.dropped_at = now
        rung.save(update_fields=["dropped_at", "updated_at"])
        return False
    rung.told_at = now
    rung.save(update_fields=["told_at", "updated_at"])
    scope = f"@{incident.system.key}" if incident.system else ""
    names = ", ".join(Role(role).label.lower() for role in rung.roles)
    notify(
        recipients=[f"role:{role}{scope}" for role in rung.roles],
        subject=f"{incident.called}: nobody has taken command",
        body=f"{incident.title} ({incident.get_severity_display()}).",
        link=reverse("incident", args=[incident.reference]),
    )
    add_timeline_entry(
        incident=incident,
        kind=TimelineKind.ESCALATION,
        sentence=f"Nobody has taken command; told: {names}.",
        actor=actor,
    )
    return True
