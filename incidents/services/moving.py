"""Moving an incident through its states: facts gathered, guards asked, one guarded update."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from governance.core.actors import Actor
from governance.core.clock import database_now
from governance.core.errors import Conflict, Invalid, NotPermitted
from governance.ledger.services import record_entry
from governance.people.models import User
from governance.registry.models import Hold
from governance.registry.services import renew_holds
from incidents import machine
from incidents.choices import (
    ENDED,
    FINAL_STATES,
    HOLDING,
    ClockState,
    PostMortemState,
    State,
    StepState,
    StepType,
    TimelineKind,
)
from incidents.models import Episode, Incident, PostMortem
from incidents.selectors import present_steps, undecided_duties
from incidents.services.copying import copy_playbook
from incidents.services.escalating import begin_escalation, end_escalation
from incidents.services.post_mortems import open_post_mortem
from incidents.services.settling import settle_steps
from incidents.services.signalling import publish_open_incidents
from incidents.services.timeline import add_timeline_entry

_STAMPS = {
    State.TRIAGE: "acknowledged_at",
    State.MITIGATED: "mitigated_at",
    State.RESOLVED: "resolved_at",
    State.CLOSED: "closed_at",
}


def gather_facts(incident: Incident) -> machine.Facts:
    """Read from the database what the guards look at."""
    open_steps = present_steps(incident).filter(mandatory=True).exclude(state__in=ENDED)
    return machine.Facts(
        state=incident.state,
        severity=incident.severity,
        has_commander=incident.commander_id is not None,
        has_system=incident.system_id is not None,
        contained=incident.contained_at is not None,
        verified=incident.verified_at is not None,
        holds_active=Hold.objects.filter(
            incident_reference=incident.reference, released_at__isnull=True
        ).count(),
        cause_written=bool(incident.cause.strip()),
        open_mandatory_steps=tuple(open_steps.values_list("title", flat=True)),
        undecided_duties=tuple(one.article for one in undecided_duties(incident)),
        open_containment=tuple(
            present_steps(incident)
            .filter(Q(automatic=True) | Q(state=StepState.FAILED), type__in=HOLDING)
            .exclude(state__in=ENDED)
            .values_list("title", flat=True)
        ),
        post_mortem_frozen=PostMortem.objects.filter(
            incident=incident, state=PostMortemState.FROZEN
        ).exists(),
        running_clocks=tuple(
            clock.regime.article for clock in incident.clocks.filter(state=ClockState.RUNNING)
        ),
        drill=incident.drill,
    )


@transaction.atomic
def move_incident(*, incident: Incident, to: str, actor: Actor, note: str = "") -> Incident:
    """Move an incident to the state `to`, or refuse with everything that is missing."""
    if not actor.may("incidents.command"):
        raise NotPermitted("Only the incident commander moves an incident on.")
    if to not in State.values:
        raise Invalid(f"There is no state {to!r}.")
    incident = Incident.objects.select_for_update().get(pk=incident.pk)
    missing = machine.missing_for(gather_facts(incident), to)
    if missing:
        raise Conflict(" ".join(missing))
    before, now = incident.state, database_now()
    changes: dict[str, object] = {"state": to, "updated_at": now}
    if machine.reopens(before, to):
        changes |= _begin_episode(incident, note, now)
        renew_holds(incident_reference=incident.reference, reason=note, actor=actor)
    if to in _STAMPS and getattr(incident, _STAMPS[State(to)]) is None:
        changes[_STAMPS[State(to)]] = now
    if Incident.objects.filter(pk=incident.pk, state=before).update(**changes) != 1:
        raise Conflict("The incident moved on in the meantime; load the page again.")
    sentence = f"{State(before).label} to {State(to).label.lower()}."
    add_timeline_entry(
        incident=incident,
        kind=TimelineKind.STATE,
        sentence=f"{sentence} {note}".strip(),
        actor=actor,
    )
    record_entry(
        verb="incidents.moved",
        object_type="incident",
        object_id=str(incident.pk),
        actor=actor,
        facts={"reference": incident.reference, "from": before, "to": to},
    )
    publish_open_incidents(system=incident.system, actor=actor)
    incident.refresh_from_db()
    if incident.state == State.RESOLVED and not incident.drill:
        open_post_mortem(incident=incident)
    if incident.state in FINAL_STATES:
        end_escalation(incident)
    elif machine.reopens(before, to) and incident.commander_id is None:
        begin_escalation(incident)
    return incident


def mitigate_when_contained(*, incident: Incident, actor: Actor) -> Incident:
    """Move an active incident to mitigated once it is contained and no channel has failed."""
    incident.refresh_from_db()
    if incident.state != State.ACTIVE or missing_to_mitigate(incident):
        return incident
    return move_incident(incident=incident, to=State.MITIGATED, actor=actor)


def missing_to_mitigate(incident: Incident) -> list[str]:
    """Return what still keeps the incident from being mitigated, as sentences."""
    return machine.missing_for(gather_facts(incident), State.MITIGATED)


def _begin_episode(incident: Incident, because: str, now: datetime) -> dict[str, object]:
    """Put the times of the episode that ends on record; return those of the new one."""
    if len(because.strip()) < 10:
        raise Invalid("Say in a sentence why the incident is opened again.")
    kept = [field.name for field in Episode._meta.fields if field.name.endswith("_at")]
    Episode.objects.create(
        incident=incident,
        number=incident.episode,
        severity=incident.severity,
        reopened_because=because.strip(),
        **{name: getattr(incident, name) for name in kept},
    )
    present_steps(incident).exclude(state__in=ENDED).update(
        state=StepState.SKIPPED,
        outcome="The incident was opened again; its steps begin anew.",
        finished_at=now,
    )
    incident.episode += 1
    copy_playbook(incident, unattended=False)
    began = {"detected_at": now, "reported_at": now}
    return {"episode": incident.episode, **dict.fromkeys(kept), **began}


@transaction.atomic
def take_command(*, incident: Incident, user: User, actor: Actor) -> Incident:
    """Make `user` the commander; a reported incident is thereby acknowledged and in triage."""
    if not actor.may("incidents.command"):
        raise NotPermitted("Only incident commanders take command.")
    incident = Incident.objects.select_for_update().get(pk=incident.pk)
    incident.commander = user
    incident.acknowledged_at = incident.acknowledged_at or database_now()
    incident.save(update_fields=["commander", "acknowledged_at", "updated_at"])
    end_escalation(incident)
    add_timeline_entry(
        incident=incident,
        kind=TimelineKind.STATE,
        sentence=f"{actor.display} took command.",
        actor=actor,
    )
    record_entry(
        verb="incidents.command_taken",
        object_type="incident",
        object_id=str(incident.pk),
        actor=actor,
        facts={"reference": incident.reference, "commander": str(user.pk)},
    )
    if incident.state == State.REPORTED:
        return move_incident(incident=incident, to=State.TRIAGE, actor=actor)
    return incident


@transaction.atomic
def write_cause(*, incident: Incident, cause: str, actor: Actor) -> Incident:
    """Record the cause that was found; the investigation step is done by it."""
    if not actor.may("incidents.command"):
        raise NotPermitted("Only the incident commander records the cause.")
    if len(cause.strip()) < 20:
        raise Invalid("Describe the cause in at least one full sentence.")
    incident = Incident.objects.select_for_update().get(pk=incident.pk)
    incident.cause = cause.strip()
    incident.save(update_fields=["cause", "updated_at"])
    settle_steps(
        incident=incident,
        step_type=StepType.INVESTIGATE,
        outcome="The cause is written down.",
        actor=actor,
    )
    add_timeline_entry(
        incident=incident, kind=TimelineKind.NOTE, sentence=f"Cause: {cause.strip()}", actor=actor
    )
    record_entry(
        verb="incidents.cause_written",
        object_type="incident",
        object_id=str(incident.pk),
        actor=actor,
        facts={"reference": incident.reference},
        personal={"cause": incident.cause},
    )
    return incident
