"""What people state of the facts that duties to report start from: stated, never edited.

A machine states nothing here, and no alert or verdict does. A correction supersedes the statement
before and takes the clocks that rested on it along.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction

from governance.core.actors import Actor
from governance.core.clock import database_now
from governance.core.errors import Conflict, Invalid
from governance.ledger.services import record_entry
from governance.registry.access import require, require_person
from incidents.choices import AwareOf, ClockState, TimelineKind
from incidents.clocks.regimes import REGIMES
from incidents.models import Awareness, Incident, RegulatorClock
from incidents.services.clocks import (
    DECIDES,
    refuse_drill,
    restart_clock,
    rule_out_duties,
    systems_of,
)
from incidents.services.timeline import add_timeline_entry

ACT = "stating who became aware"


@transaction.atomic
def state_awareness(
    *,
    incident: Incident,
    fact: str,
    so: bool,
    statement: str,
    actor: Actor,
    who: str = "",
    aware_at: datetime | None = None,
    zone: str = "",
) -> Awareness:
    """State whether a fact is so, and who became aware of it when.

    Where it is not so, the duties that start from it do not apply, for the same reason.
    """
    made = _checked(incident, fact, so, statement, who, aware_at, zone, actor)
    try:
        with transaction.atomic():
            made.save(force_insert=True)
    except IntegrityError as problem:
        if "awareness_stated_once" not in str(problem):
            raise
        raise Conflict("This is stated already; correct that statement instead.") from None
    _record(made, "incidents.awareness_stated", actor)
    if not so:
        _rule_out(made, actor)
    return made


@transaction.atomic
def correct_awareness(
    *,
    awareness: Awareness,
    so: bool,
    statement: str,
    actor: Actor,
    who: str = "",
    aware_at: datetime | None = None,
    zone: str = "",
) -> Awareness:
    """Put a new statement in the place of one; what stood before stays on record.

    Running clocks begin at the new moment. What was reported stays as it was reported, and what
    was ruled out because nothing had happened is open again.
    """
    incident = awareness.incident
    made = _checked(incident, awareness.fact, so, statement, who, aware_at, zone, actor)
    made.supersedes = awareness
    try:
        with transaction.atomic():
            made.save(force_insert=True)
    except IntegrityError as problem:
        if "supersedes" not in str(problem):
            raise
        raise Conflict("This statement is corrected already; load the page again.") from None
    _record(made, "incidents.awareness_corrected", actor)
    clocks = RegulatorClock.objects.filter(incident=incident, awareness=awareness)
    for clock in clocks.filter(state=ClockState.RUNNING).select_for_update(of=("self",)):
        if so:
            restart_clock(clock=clock, awareness=made, actor=actor)
    if so:
        clocks.filter(state=ClockState.NOT_APPLICABLE).update(state=ClockState.SUPERSEDED)
    else:
        clocks.filter(state=ClockState.RUNNING).update(state=ClockState.SUPERSEDED)
        _rule_out(made, actor)
    return made


def _checked(
    incident: Incident,
    fact: str,
    so: bool,
    statement: str,
    who: str,
    aware_at: datetime | None,
    zone: str,
    actor: Actor,
) -> Awareness:
    require(actor, DECIDES, systems_of(incident))
    require_person(actor, ACT)
    refuse_drill(incident)
    if fact not in AwareOf.values:
        raise Invalid("No duty to report starts from this.")
    if len(statement.strip()) < 10:
        raise Invalid("Say in a sentence what the statement rests on.")
    made = Awareness(
        incident=incident,
        fact=fact,
        so=so,
        statement=statement.strip(),
        stated_by=actor.reference,
    )
    if not so:
        return made
    if not who.strip():
        raise Invalid("Say who became aware: by name, or by function.")
    if aware_at is None or aware_at.tzinfo is None:
        raise Invalid("Say when we became aware as a time with a zone.")
    if aware_at > database_now():
        raise Invalid("Nobody becomes aware of something in the future.")
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        raise Invalid(f"{zone!r} is not a time zone such as Europe/Berlin.") from None
    made.who, made.aware_at, made.zone = who.strip(), aware_at, zone
    return made


def _rule_out(awareness: Awareness, actor: Actor) -> None:
    keys = [one.key for one in REGIMES if one.fact == awareness.fact]
    rule_out_duties(
        incident=awareness.incident,
        regime_keys=keys,
        statement=awareness.statement,
        awareness=awareness,
        actor=actor,
    )


def _record(awareness: Awareness, verb: str, actor: Actor) -> None:
    moment = awareness.aware_at
    if moment is not None:
        said = f"Aware since {moment:%d %B %Y, %H:%M} UTC."  # a post-mortem quotes it: no name
    else:
        said = f"It is not so: {awareness.statement}"
    add_timeline_entry(
        incident=awareness.incident,
        kind=TimelineKind.CLOCK,
        sentence=f"{awareness.get_fact_display()}. {said}",
        actor=actor,
    )
    record_entry(
        verb=verb,
        object_type="incident",
        object_id=str(awareness.incident_id),
        actor=actor,
        facts={
            "reference": awareness.incident.reference,
            "fact": awareness.fact,
            "so": awareness.so,
            "aware_at": moment.isoformat() if moment else None,
            "supersedes": str(awareness.supersedes_id) if awareness.supersedes_id else None,
        },
        personal={"who": awareness.who, "statement": awareness.statement},
    )
