"""Reading incidents: whose they are to see, what is open, which duties to report stand."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import F, Q, QuerySet

from governance.core.actors import Actor
from governance.core.clock import database_now
from governance.core.errors import NotFound
from governance.registry.models import System
from incidents.choices import (
    FINAL_STATES,
    NO_HARM,
    Affected,
    ClockState,
    OrderState,
    PostMortemState,
    Visibility,
)
from incidents.clocks.regimes import REGIMES, Regime, hindrance
from incidents.confirmation import Channel, Desired, Served, Standing, Told, judge
from incidents.metrics import Times
from incidents.models import (
    AffectedPart,
    Awareness,
    Communication,
    CommunicationDelivery,
    Contact,
    DesiredState,
    Drill,
    DrillPlan,
    Episode,
    HarmReport,
    Impact,
    ImpactFigure,
    Incident,
    IncidentStep,
    PostMortem,
    RedLine,
    RegulatorClock,
    ServingTarget,
    TargetOrder,
)

LONGEST_NUMBER = 10  # digits of the largest number that the column holds


def incidents_for(actor: Actor) -> QuerySet[Incident]:
    """Incidents of the systems the actor belongs to, and those they reported themselves."""
    incidents = Incident.objects.select_related("system", "version", "commander", "plan")
    if not actor.may("incidents.view"):
        return incidents.none()
    if actor.system_keys is None:
        return incidents
    return incidents.filter(Q(system__key__in=actor.system_keys) | Q(reported_by=actor.reference))


def open_incidents_for(actor: Actor) -> QuerySet[Incident]:
    """Real incidents that are open; rehearsals are `open_drills_for`."""
    return incidents_for(actor).filter(drill=False).exclude(state__in=FINAL_STATES)


def open_drills_for(actor: Actor) -> QuerySet[Incident]:
    """The incidents of drills that run, which count in nothing."""
    return incidents_for(actor).filter(drill=True).exclude(state__in=FINAL_STATES)


def drill_plans_for(actor: Actor) -> QuerySet[DrillPlan]:
    """The plans of drills on the actor's systems, retired ones included."""
    plans = DrillPlan.objects.select_related("system", "stands_for")
    if not actor.may("incidents.view"):
        return plans.none()
    if actor.system_keys is None:
        return plans
    return plans.filter(system__key__in=actor.system_keys)


def drills_for(actor: Actor) -> QuerySet[Drill]:
    """The drills on the actor's systems, newest first."""
    drills = Drill.objects.select_related("plan", "system", "incident", "called_off_for")
    return drills.filter(plan__in=drill_plans_for(actor))


def drill_by_reference(reference: str, actor: Actor) -> Drill:
    """Return the drill called `DRILL-0001`, or refuse as if it did not exist."""
    number = reference.upper().removeprefix("DRILL-")
    known = number.isdecimal() and len(number) <= LONGEST_NUMBER
    drill = drills_for(actor).filter(number=int(number)).first() if known else None
    if drill is None:
        raise NotFound(f"There is no drill {reference} that you may see.")
    return drill


def reports_for(actor: Actor) -> QuerySet[HarmReport]:
    """Reports of harm in the actor's systems, those that name no system, and their own."""
    reports = HarmReport.objects.select_related("system", "incident")
    if not actor.may("incidents.view"):
        return reports.none()
    if actor.system_keys is None:
        return reports
    unplaced = Q(system=None) if actor.may("incidents.command") else Q(pk=None)
    own = Q(reported_by=actor.reference)
    return reports.filter(Q(system__key__in=actor.system_keys) | unplaced | own)


def incident_by_reference(reference: str, actor: Actor) -> Incident:
    """Return the incident called `INC-0001`, or refuse as if it did not exist."""
    number = reference.upper().removeprefix("INC-")
    known = number.isdecimal() and len(number) <= LONGEST_NUMBER
    incident = incidents_for(actor).filter(number=int(number)).first() if known else None
    if incident is None:
        raise NotFound(f"There is no incident {reference} that you may see.")
    return incident


def episodes_for(actor: Actor, since: datetime | None = None) -> list[Times]:
    """The times of all episodes the actor may see, detected since a moment."""
    incidents = incidents_for(actor).filter(drill=False).exclude(state__in=NO_HARM)
    past = Episode.objects.filter(incident__in=incidents)
    names = [part.name for part in dataclasses.fields(Times)]
    rows = [*incidents.values(*names), *past.values(*names)]
    return [Times(**row) for row in rows if since is None or row["detected_at"] >= since]


def present_steps(incident: Incident) -> QuerySet[IncidentStep]:
    """The steps of the episode the incident is in."""
    return incident.steps.filter(episode=incident.episode)


def published_post_mortems() -> QuerySet[PostMortem]:
    """What anybody may read: frozen, and published by two people."""
    rows = PostMortem.objects.filter(
        state=PostMortemState.FROZEN, visibility=Visibility.PUBLIC, incident__drill=False
    )
    return rows.select_related("incident").order_by("-frozen_at")


@dataclass(frozen=True)
class TargetStanding:
    """One serving target, where it stands and why; the order it was given, if it is given any."""

    target: ServingTarget
    standing: Standing
    sentence: str = ""
    order: TargetOrder | None = None


def target_standings(system: System, now: datetime | None = None) -> list[TargetStanding]:
    """Where the active serving targets of a system stand against what it should serve."""
    return standings_of([system], now)[system.pk]


def standings_of(
    systems: Iterable[System], now: datetime | None = None
) -> dict[UUID, list[TargetStanding]]:
    """The standings of many systems by their ids, with a constant number of queries."""
    found: dict[UUID, list[TargetStanding]] = {system.pk: [] for system in systems}
    rows = {row.system_id: row for row in DesiredState.objects.filter(system__in=found)}
    targets = ServingTarget.objects.filter(system__in=rows, active=True)
    orders = {
        order.target_id: order
        for order in TargetOrder.objects.filter(
            target__system__in=rows, revision=F("target__system__desired_state__revision")
        ).select_related("message")
    }
    moment = now or database_now()
    for target in targets.select_related("system", "endpoint"):
        row, order = rows[target.system_id], orders.get(target.pk)
        judged = judge(
            Desired(row.version, row.personalises, row.since, row.revision),
            _served(target),
            moment,
            Channel(target.kind, target.reports_itself),
            None if order is None else _told(order),
        )
        one = TargetStanding(target, judged.standing, judged.sentence, order)
        found[target.system_id].append(one)
    return found


def _told(order: TargetOrder) -> Told:
    given_up = order.state == OrderState.GIVEN_UP
    return Told(order.applied_at is not None, order.problem, given_up)


def _served(target: ServingTarget) -> Served | None:
    if target.served_at is None:
        return None
    return Served(
        target.served_version,
        target.served_personalised,
        target.served_at,
        target.served_revision,
    )


def targets_for(actor: Actor) -> QuerySet[ServingTarget]:
    """The serving targets of the actor's systems."""
    targets = ServingTarget.objects.select_related("system", "endpoint")
    if not actor.may("incidents.view"):
        return targets.none()
    if actor.system_keys is None:
        return targets
    return targets.filter(system__key__in=actor.system_keys)


def orders_given_up(actor: Actor) -> QuerySet[TargetOrder]:
    """Orders to the actor's targets that wait for people."""
    orders = TargetOrder.objects.filter(
        target__in=targets_for(actor), target__active=True, state=OrderState.GIVEN_UP
    )
    return orders.select_related("target__system", "message").order_by("give_up_at")


def red_lines_for(actor: Actor) -> QuerySet[RedLine]:
    """The red lines of the actor's systems, withdrawn ones included."""
    lines = RedLine.objects.select_related("system")
    if not actor.may("incidents.view"):
        return lines.none()
    if actor.system_keys is None:
        return lines
    return lines.filter(system__key__in=actor.system_keys)


def standing_clocks(incident: Incident) -> QuerySet[RegulatorClock]:
    """The decisions in force on duties to report: one a duty."""
    return incident.clocks.exclude(state=ClockState.SUPERSEDED)


def undecided_duties(incident: Incident) -> list[Regime]:
    """The duties that could have started when the incident was detected and are not decided on."""
    if incident.drill:
        return []  # a rehearsal starts no duty
    decided = set(standing_clocks(incident).values_list("regime_key", flat=True))
    detected = incident.detected_at.date()
    barred = {regime.key for regime, _why in barred_duties(incident)}
    return [
        one for one in REGIMES if one.key not in decided | barred and one.applies_from <= detected
    ]


def barred_duties(incident: Incident) -> list[tuple[Regime, str]]:
    """The duties that cannot start for the incident's system, each with the reason."""
    risk = incident.system.risk_tier if incident.system else None
    return [(one, why) for one in REGIMES if (why := hindrance(one, risk))]


def standing_awareness(incident: Incident, fact: str) -> Awareness | None:
    """What is stated of a fact, in its newest version; None where nobody has stated anything."""
    return incident.awareness.filter(fact=fact, correction__isnull=True).first()


@dataclass(frozen=True)
class ImpactRead:
    """The newest count of an incident's impact, and the same in sentences."""

    impact: Impact
    figures: tuple[ImpactFigure, ...]
    parts: dict[str, list[AffectedPart]]
    sentences: tuple[str, ...]


def impact_of(incident: Incident) -> ImpactRead | None:
    """Whom and what the incident touched; None until its first count is done."""
    impact = incident.impacts.filter(episode=incident.episode).first()
    if impact is None or impact.counted_at is None:
        return None
    figures = tuple(impact.figures.all())
    parts: dict[str, list[AffectedPart]] = {}
    for one in impact.parts.all():
        parts.setdefault(one.part, []).append(one)
    return ImpactRead(impact, figures, parts, tuple(_in_sentences(impact, figures, parts)))


def _in_sentences(
    impact: Impact, figures: tuple[ImpactFigure, ...], parts: dict[str, list[AffectedPart]]
) -> list[str]:
    until = f"{impact.until:%-d %B %Y, %H:%M} UTC" if impact.until else "now, for it goes on"
    told = [f"Counted from {impact.since:%-d %B %Y, %H:%M} UTC to {until}."]
    for one in figures:
        number = f"{one.get_measure_display()}: {one.value:,}"
        if one.low is not None and one.high is not None:
            number = (
                f"{one.get_measure_display()}: about {one.value:,} "
                f"(95 % interval {one.low:,} to {one.high:,})"
            )
        how = one.get_basis_display().lower()
        told.append(
            " ".join(part for part in (f"{number}, n = {one.n:,}; {how}.", one.note) if part)
        )
    sensitive = [one for one in parts.get(Affected.FEATURE, []) if one.sensitive]
    if sensitive:
        names = ", ".join(f"{one.title} ({one.detail.lower()})" for one in sensitive)
        told.append(f"Sensitive data that was read: {names}.")
    return [*told, *impact.notes]


def communications_for(actor: Actor) -> QuerySet[Communication]:
    """Messages about the incidents the actor may see, the newest first."""
    messages = Communication.objects.filter(incident__in=incidents_for(actor))
    return messages.select_related("incident__system", "corrects").order_by("-id")


def communication_by_number(incident: Incident, number: int) -> Communication:
    found = incident.communications.select_related("corrects").filter(number=number).first()
    if found is None:
        raise NotFound(f"{incident.reference} has no message {number}.")
    found.incident = incident
    return found


def contacts_for(actor: Actor) -> QuerySet[Contact]:
    """Contacts of the actor's systems, and those who are told of every system."""
    contacts = Contact.objects.select_related("system", "endpoint")
    if not actor.may("incidents.view"):
        return contacts.none()
    if actor.system_keys is None:
        return contacts
    return contacts.filter(Q(system__key__in=actor.system_keys) | Q(system=None))


def public_messages() -> QuerySet[Communication]:
    """What anybody may read: messages on the public page that were not found wrong."""
    shown = CommunicationDelivery.objects.filter(
        recipient="page:public", delivered_at__isnull=False
    )
    messages = Communication.objects.filter(pk__in=shown.values("communication"))
    wrong = messages.filter(stage="correction").values("corrects")
    return messages.exclude(pk__in=wrong).select_related("incident").order_by("-sent_at")
