"""Counting the impact of incidents: asked for when the window moves, kept as rows."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from governance.core.actors import Actor, SystemActor
from governance.core.clock import database_now
from governance.core.errors import Conflict, Invalid, NotPermitted
from governance.ledger.services import record_entry
from governance.outbox.services import enqueue
from incidents.choices import FINAL_STATES, TimelineKind
from incidents.impact.gathering import gather_impact
from incidents.models import AffectedPart, Impact, ImpactFigure, Incident
from incidents.services.timeline import add_timeline_entry

TASK = "incidents.count_impact"
AGAIN_AFTER = timedelta(minutes=10)
MACHINE = SystemActor("incidents")


def window_of(incident: Incident) -> tuple[datetime, datetime | None]:
    """From when the harm went on (else: was detected) until it was contained; None: it goes on."""
    return incident.started_at or incident.detected_at, incident.contained_at


def ask_for_due_impacts(*, now: datetime | None = None) -> int:
    """Ask for a count of every open incident whose window moved or goes on; return how many."""
    moment = now or database_now()
    last = Impact.objects.filter(incident=OuterRef("pk"), episode=OuterRef("episode"))
    incidents = Incident.objects.annotate(
        harm_from=Coalesce("started_at", "detected_at"),
        counted_from=Subquery(last.values("since")[:1]),
        counted_to=Subquery(last.values("until")[:1]),
        asked=Subquery(last.values("asked_at")[:1]),
        counted=Subquery(last.values("counted_at")[:1]),
    )
    moved = (
        Q(asked=None)
        | ~Q(counted_from=F("harm_from"))
        | Q(counted_to__isnull=True, contained_at__isnull=False)
        | Q(counted_to__isnull=False, contained_at__isnull=True)
        | (Q(counted_to__isnull=False) & ~Q(counted_to=F("contained_at")))
    )
    waits = (Q(counted=None) | Q(contained_at=None)) & Q(asked__lt=moment - AGAIN_AFTER)
    due = incidents.filter(moved | waits).exclude(state__in=FINAL_STATES)
    return sum(ask_for_impact(incident=incident) for incident in due.order_by("number"))


@transaction.atomic
def ask_for_impact(*, incident: Incident) -> bool:
    """Write down which window is to be counted and have a worker count it."""
    since, until = window_of(incident)
    Impact.objects.update_or_create(
        incident=incident,
        episode=incident.episode,
        defaults={"since": since, "until": until, "asked_at": database_now()},
    )
    enqueue(TASK, str(incident.pk))
    return True


@transaction.atomic
def ask_again(*, incident: Incident, actor: Actor) -> None:
    """A person wants the numbers of this moment."""
    if not actor.may("incidents.view"):
        raise NotPermitted("You may not see this incident.")
    ask_for_impact(incident=incident)


def count_impact(*, incident: Incident) -> Impact:
    """Count the incident's window and keep what was found in place of the earlier count.

    Reading comes first, outside of any transaction; a window that moved meanwhile is counted
    again by the next look.
    """
    since, until = window_of(incident)
    reached = until or database_now()
    found = gather_impact(incident, since, reached)
    with transaction.atomic():
        counted = Impact.objects.filter(incident=incident, episode=incident.episode)
        earlier = counted.values_list("counted_until", flat=True).first()
        impact, _created = Impact.objects.select_for_update().update_or_create(
            incident=incident,
            episode=incident.episode,
            defaults={
                "since": since,
                "until": until,
                "notes": found.notes,
                "counted_at": database_now(),
                "counted_until": reached,
            },
            create_defaults={
                "since": since,
                "until": until,
                "notes": found.notes,
                "asked_at": database_now(),
                "counted_at": database_now(),
                "counted_until": reached,
            },
        )
        before = _numbers(impact)
        impact.figures.all().delete()
        impact.parts.all().delete()
        ImpactFigure.objects.bulk_create(
            ImpactFigure(
                impact=impact,
                position=position,
                measure=one.measure,
                basis=one.basis,
                value=one.value,
                low=one.low,
                high=one.high,
                n=one.n,
                note=one.note,
            )
            for position, one in enumerate(found.figures, 1)
        )
        AffectedPart.objects.bulk_create(
            AffectedPart(
                impact=impact,
                part=one.part,
                key=one.key,
                title=one.title,
                detail=one.detail,
                sensitive=one.sensitive,
            )
            for one in found.parts
        )
        if until is not None and (earlier != until or _numbers(impact) != before):
            _record(incident, impact)
    return impact


def _numbers(impact: Impact) -> list[tuple[object, ...]]:
    rows = impact.figures.order_by("measure", "basis")
    return list(rows.values_list("measure", "basis", "value", "low", "high", "n"))


def _record(incident: Incident, impact: Impact) -> None:
    """The numbers of a window that has ended go into the ledger: they are what is told later."""
    record_entry(
        verb="incidents.impact_counted",
        object_type="incident",
        object_id=str(incident.pk),
        actor=MACHINE,
        facts={
            "reference": incident.reference,
            "episode": impact.episode,
            "since": impact.since.isoformat(),
            "until": impact.until.isoformat() if impact.until else None,
            "figures": [
                {
                    "measure": one.measure,
                    "basis": one.basis,
                    "value": one.value,
                    "low": one.low,
                    "high": one.high,
                    "n": one.n,
                }
                for one in impact.figures.all()
            ],
        },
    )


@transaction.atomic
def set_harm_start(
    *, incident: Incident, started_at: datetime, because: str, actor: Actor
) -> Incident:
    """Say since when people were harmed; the impact is counted anew from there."""
    if not actor.may("incidents.command"):
        raise NotPermitted("Only the incident commander says when the harm began.")
    if len(because.strip()) < 10:
        raise Invalid("Say in a sentence how it is known when the harm began.")
    incident = Incident.objects.select_for_update().get(pk=incident.pk)
    if incident.state in FINAL_STATES:
        raise Conflict(f"{incident.reference} is over; reopen it to correct it.")
    if started_at > (incident.contained_at or database_now()):
        raise Invalid("The harm began before it was contained, and not in the future.")
    before = incident.started_at
    incident.started_at = started_at
    incident.save(update_fields=["started_at", "updated_at"])
    add_timeline_entry(
        incident=incident,
        kind=TimelineKind.NOTE,
        sentence=f"The harm began on {started_at:%-d %B %Y, %H:%M} UTC: {because.strip()}",
        actor=actor,
    )
    record_entry(
        verb="incidents.harm_start_set",
        object_type="incident",
        object_id=str(incident.pk),
        actor=actor,
        facts={
            "reference": incident.reference,
            "from": before.isoformat() if before else None,
            "to": started_at.isoformat(),
        },
        personal={"because": because.strip()},
    )
    ask_for_impact(incident=incident)
    return incident
