"""Updates that are owed: read from the last word and the state; reminded of once a level.

The periods stand in `communications.cadence`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.urls import reverse

from governance.core.actors import Actor
from governance.core.clock import database_now
from governance.outbox.services import notify
from governance.people.choices import Role
from incidents.choices import FINAL_STATES, Audience, CommunicationState, Stage, TimelineKind
from incidents.communications.cadence import Course, Owed, owed
from incidents.models import Communication, Incident, UpdateReminder
from incidents.services.timeline import add_timeline_entry

#: Who is told at which level that an audience waits; the last row counts for all further ones.
LEVELS: tuple[tuple[str, ...], ...] = (
    (Role.INCIDENT_COMMANDER.value,),
    (Role.INCIDENT_COMMANDER.value, Role.PRODUCT_OWNER.value),
    (Role.ADMIN.value, Role.PRIVACY_LEAD.value),
)


@dataclass(frozen=True)
class OwedUpdate:
    """One audience of one incident that waits for a word."""

    incident: Incident
    audience: str
    owed: Owed

    @property
    def label(self) -> str:
        return Audience(self.audience).label

    @property
    def stage_label(self) -> str:
        return Stage(self.owed.stage).label


def owed_updates(incidents: Iterable[Incident]) -> list[OwedUpdate]:
    """Every audience that waits for the next word on one of these incidents, the first due first.

    A drill is a rehearsal: nobody waits for it.
    """
    wanted = [one for one in incidents if not one.drill and one.state not in FINAL_STATES]
    last = _last_words(wanted)
    found = []
    for incident in wanted:
        for audience in Audience.values:
            word = last.get((incident.pk, audience))
            due = owed(audience, course_of(incident, word))
            if due is not None:
                found.append(OwedUpdate(incident, audience, due))
    return sorted(found, key=lambda one: one.owed.due_at)


def course_of(incident: Incident, last: Communication | None) -> Course:
    """What the cadence looks at; words of an episode that ended count as heard all the same."""
    return Course(
        severity=incident.severity,
        state=incident.state,
        reported_at=incident.reported_at,
        resolved_at=incident.resolved_at,
        last_sent_at=last.sent_at if last else None,
        last_stage=last.stage if last else "",
    )


def remind_of_updates(*, actor: Actor, now: datetime | None = None) -> int:
    """Tell the next people of every update that was missed; return how many were told of."""
    moment = now or database_now()
    open_ = Incident.objects.exclude(state__in=FINAL_STATES).select_related("system")
    return sum(_remind(one, moment, actor) for one in owed_updates(open_))


@transaction.atomic
def _remind(update: OwedUpdate, now: datetime, actor: Actor) -> bool:
    """Send the newest reminder that is due; those it overtakes are noted as well, not sent."""
    missed = min(update.owed.missed(now), len(LEVELS))
    fresh = []
    for level in range(missed):
        _row, made = UpdateReminder.objects.get_or_create(
            incident=update.incident,
            audience=update.audience,
            since=update.owed.since,
            level=level,
        )
        if made:
            fresh.append(level)
    if not fresh:
        return False
    incident, audience = update.incident, update.label.lower()
    roles = LEVELS[max(fresh)]
    scope = f"@{incident.system.key}" if incident.system else ""
    notify(
        recipients=[f"role:{role}{scope}" for role in roles],
        subject=f"{incident.reference}: {audience}: {update.stage_label.lower()} is overdue",
        body=f"{incident.title}. It was due by {update.owed.due_at:%d %B %Y, %H:%M} UTC.",
        link=reverse("communications", args=[incident.reference]),
    )
    if max(fresh) > 0:
        names = ", ".join(Role(role).label.lower() for role in roles)
        add_timeline_entry(
            incident=incident,
            kind=TimelineKind.ESCALATION,
            sentence=f"The word to {audience} was missed; told: {names}.",
            actor=actor,
        )
    return True


def _last_words(incidents: list[Incident]) -> dict[tuple[object, str], Communication]:
    sent = Communication.objects.filter(
        incident__in=incidents, state=CommunicationState.SENT
    ).order_by("incident_id", "audience", "-sent_at", "-number")
    rows = sent.distinct("incident_id", "audience")
    return {(one.incident_id, one.audience): one for one in rows}
