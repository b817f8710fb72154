"""Clocks of law on an incident: started by a fact, ruled out with a reason, reminded of.

Who became aware is stated in `awareness`; what is reported is recorded in `filing`.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.urls import reverse

from governance.core.actors import Actor
from governance.core.clock import database_now
from governance.core.errors import Conflict, Invalid
from governance.ledger.services import record_entry
from governance.outbox.services import notify
from governance.people.choices import Role
from governance.registry.access import require, require_person
from incidents.choices import ClockState, StepType, TimelineKind
from incidents.clocks.periods import calendar_of, ends_of
from incidents.clocks.regimes import BY_KEY, Regime, hindrance
from incidents.models import Awareness, ClockReminder, Incident, RegulatorClock
from incidents.selectors import standing_awareness, standing_clocks, undecided_duties
from incidents.services.settling import settle_steps
from incidents.services.timeline import add_timeline_entry

REMINDERS = (50, 75, 90, 100)  # per cent of the period; at 100 it is over
DECIDES = "incidents.report_to_authority"


@transaction.atomic
def start_clock(
    *,
    incident: Incident,
    regime_key: str,
    confirmed: Collection[str],
    statement: str,
    country: str,
    actor: Actor,
    zone: str = "",
) -> RegulatorClock:
    """Start a duty to report from the moment that somebody stated to have become aware.

    `confirmed` holds the conditions of the article that the person stands for: all of them.
    `zone` is the authority's; by default that of the statement.
    """
    regime = _checked(incident, regime_key, statement, actor)
    _may_start(incident, regime)
    awareness = standing_awareness(incident, regime.fact)
    if awareness is None:
        raise Conflict(
            f"{regime.article} starts with {regime.starts}: state first who became aware, and when."
        )
    if not awareness.so:
        raise Conflict(
            f"It is stated that there was no such fact ({awareness.statement}); correct that first."
        )
    unconfirmed = [one for one in regime.conditions if one not in confirmed]
    if unconfirmed:
        raise Invalid(f"{regime.article} applies only when this is so: {unconfirmed[0]}")
    clock = _running(incident, regime, awareness, statement, country, zone, actor)
    _insert(clock)
    tell(clock, "incidents.clock_started", _started_sentence(clock), actor)
    _settle(incident, actor)
    return clock


@transaction.atomic
def rule_out_duties(
    *,
    incident: Incident,
    regime_keys: Collection[str],
    statement: str,
    actor: Actor,
    awareness: Awareness | None = None,
) -> list[RegulatorClock]:
    """Record why duties to report do not apply; those decided already stay as they are."""
    decided = set(standing_clocks(incident).values_list("regime_key", flat=True))
    ruled_out = []
    for key in regime_keys:
        regime = _checked(incident, key, statement, actor)
        if key in decided:
            continue
        clock = RegulatorClock(
            incident=incident,
            regime_key=key,
            state=ClockState.NOT_APPLICABLE,
            statement=statement.strip(),
            decided_by=actor.reference,
            awareness=awareness,
        )
        _insert(clock)
        sentence = f"{regime.article} does not apply: {statement.strip()}"
        tell(clock, "incidents.clock_ruled_out", sentence, actor)
        ruled_out.append(clock)
    _settle(incident, actor)
    return ruled_out


@transaction.atomic
def reconsider_duty(*, clock: RegulatorClock, statement: str, actor: Actor) -> None:
    """Open a duty again that was ruled out; the earlier decision stays on record."""
    regime = _checked(clock.incident, clock.regime_key, statement, actor)
    moved = RegulatorClock.objects.filter(pk=clock.pk, state=ClockState.NOT_APPLICABLE).update(
        state=ClockState.SUPERSEDED
    )
    if moved != 1:
        raise Conflict("Only a duty that was ruled out is considered again.")
    sentence = f"{regime.article} is considered again: {statement.strip()}"
    tell(clock, "incidents.clock_reconsidered", sentence, actor)


def restart_clock(*, clock: RegulatorClock, awareness: Awareness, actor: Actor) -> RegulatorClock:
    """Replace a running clock by one that begins with a corrected statement."""
    RegulatorClock.objects.filter(pk=clock.pk).update(state=ClockState.SUPERSEDED)
    corrected = _running(
        clock.incident,
        clock.regime,
        awareness,
        clock.statement,
        clock.country,
        clock.zone,
        actor,
    )
    corrected.supersedes, corrected.answers = clock, clock.answers
    _insert(corrected)
    sentence = f"Corrected by {actor.display}. {_started_sentence(corrected)}"
    tell(corrected, "incidents.clock_corrected", sentence, actor)
    return corrected


def remind_of_clocks(*, actor: Actor, now: datetime | None = None) -> int:
    """Tell people what share of each running period is over; return how many were told of."""
    moment = now or database_now()
    running = RegulatorClock.objects.filter(state=ClockState.RUNNING, due_at__isnull=False)
    return sum(_remind(clock.pk, moment) for clock in running)


@transaction.atomic
def _remind(clock_id: Any, now: datetime) -> bool:
    """Send the newest reminder that is due; those it overtakes are noted as well, not sent."""
    clock = (
        RegulatorClock.objects.select_for_update(of=("self",), skip_locked=True)
        .filter(pk=clock_id, state=ClockState.RUNNING)
        .select_related("incident__system")
        .first()
    )
    if clock is None or clock.due_at is None or clock.aware_at is None:
        return False
    over = 100 * ((now - clock.aware_at) / (clock.due_at - clock.aware_at))
    told = set(clock.reminders.values_list("percent", flat=True))
    fresh = [percent for percent in REMINDERS if percent <= over and percent not in told]
    if not fresh:
        return False
    for percent in fresh:
        ClockReminder.objects.create(clock=clock, percent=percent)
    scope = f"@{clock.incident.system.key}" if clock.incident.system else ""
    roles = (Role.PRIVACY_LEAD, Role.DPO, Role.INCIDENT_COMMANDER)
    over_now = max(fresh) >= 100
    notify(
        recipients=[f"role:{role}{scope}" for role in roles],
        subject=(
            f"{clock.incident.reference}: the period of {clock.regime.article} is over"
            if over_now
            else f"{clock.incident.reference}: {max(fresh)} % of {clock.regime.article} has passed"
        ),
        body=f"{clock.regime.title}. Report by {clock.due_at:%d %B %Y, %H:%M} UTC.",
        link=reverse("incident", args=[clock.incident.reference]),
    )
    return True


def _checked(incident: Incident, key: str, statement: str, actor: Actor) -> Regime:
    require(actor, DECIDES, systems_of(incident))
    require_person(actor, "deciding on a duty to report")
    refuse_drill(incident)
    if key not in BY_KEY:
        raise Invalid(f"There is no duty {key!r}: there are {', '.join(BY_KEY)}.")
    if len(statement.strip()) < 10:
        raise Invalid("Say in a sentence what the decision rests on.")
    return BY_KEY[key]


def _settle(incident: Incident, actor: Actor) -> None:
    """The step that asks for decisions ends with the last of them."""
    if not undecided_duties(incident):
        outcome = "Every duty to report is decided on."
        settle_steps(
            incident=incident, step_type=StepType.DECIDE_DUTIES, outcome=outcome, actor=actor
        )


def systems_of(incident: Incident) -> list[Any]:
    return [incident.system] if incident.system else []


def _running(
    incident: Incident,
    regime: Regime,
    awareness: Awareness,
    statement: str,
    country: str,
    zone: str,
    actor: Actor,
) -> RegulatorClock:
    aware_at, zone = awareness.aware_at, zone or awareness.zone
    assert aware_at is not None
    if aware_at.date() < regime.applies_from:
        raise Invalid(f"{regime.article} applies since {regime.applies_from:%d %B %Y}.")
    clock = RegulatorClock(
        incident=incident,
        regime_key=regime.key,
        state=ClockState.RUNNING,
        statement=statement.strip(),
        decided_by=actor.reference,
        aware_at=aware_at,
        awareness=awareness,
        country=country.upper(),
        zone=zone,
    )
    if regime.period is not None:
        try:
            ends = ends_of(regime.period, aware_at, calendar_of(country.upper(), zone))
        except ValueError as problem:
            raise Invalid(str(problem)) from None
        clock.due_at, clock.latest_at = ends.due, ends.latest
    return clock


def refuse_drill(incident: Incident) -> None:
    if incident.drill:
        raise Conflict(f"{incident.reference} is a drill: no duty to report starts with it.")


def _may_start(incident: Incident, regime: Regime) -> None:
    """A duty of high-risk systems starts for no other; the register says which is one."""
    risk = incident.system.risk_tier if incident.system else None
    if hindered := hindrance(regime, risk):
        raise Conflict(hindered)


def _insert(clock: RegulatorClock) -> None:
    try:
        with transaction.atomic():
            clock.save(force_insert=True)
    except IntegrityError as problem:
        if "clock_once_per_duty" not in str(problem):
            raise
        raise Conflict(
            f"{clock.regime.article} is decided on already; correct that decision instead."
        ) from None


def _started_sentence(clock: RegulatorClock) -> str:
    regime = clock.regime
    if clock.due_at is None:
        return f"{regime.article} applies: without undue delay."
    return f"{regime.article} applies: report by {clock.due_at:%d %B %Y, %H:%M} UTC."


def tell(
    clock: RegulatorClock,
    verb: str,
    sentence: str,
    actor: Actor,
    facts: dict[str, Any] | None = None,
) -> None:
    add_timeline_entry(
        incident=clock.incident, kind=TimelineKind.CLOCK, sentence=sentence, actor=actor
    )
    record_entry(
        verb=verb,
        object_type="incident",
        object_id=str(clock.incident_id),
        actor=actor,
        facts={
            "reference": clock.incident.reference,
            "duty": clock.regime_key,
            "aware_at": clock.aware_at.isoformat() if clock.aware_at else None,
            "due_at": clock.due_at.isoformat() if clock.due_at else None,
            **(facts or {}),
        },
        personal={"statement": clock.statement},
    )
