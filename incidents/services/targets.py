"""Serving targets: registered, told what to serve, heard, and what that confirms."""

from __future__ import annotations

from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import F

from governance.core.actors import Actor, SystemActor
from governance.core.clock import database_now
from governance.core.errors import Conflict, Invalid
from governance.ledger.services import record_entry
from governance.registry.access import require
from governance.registry.choices import HoldEffect
from governance.registry.models import System
from governance.registry.selectors import State, SystemState, system_state, system_states
from incidents.choices import FINAL_STATES, TimelineKind
from incidents.choices import State as IncidentState
from incidents.confirmation import Standing
from incidents.models import DesiredState, Incident, ServingTarget
from incidents.selectors import target_standings
from incidents.services.moving import move_incident
from incidents.services.timeline import add_timeline_entry

MACHINE = SystemActor("incidents")


@transaction.atomic
def register_target(*, system: System, key: str, title: str, actor: Actor) -> ServingTarget:
    """Name a place that serves the system and will report what it serves."""
    require(actor, "incidents.edit_targets", [system])
    target = ServingTarget(system=system, key=key, title=title.strip())
    try:
        target.clean_fields()
        with transaction.atomic():
            target.save(force_insert=True)
    except ValidationError as problem:
        name, sentences = next(iter(problem.message_dict.items()))
        raise Invalid(f"{name}: {sentences[0]}") from None
    except IntegrityError:
        raise Conflict(f"{system.key} already has a serving target {key!r}.") from None
    renew_desired([system])
    _record("incidents.target_registered", target, actor)
    return target


@transaction.atomic
def set_target_active(*, target: ServingTarget, active: bool, actor: Actor) -> ServingTarget:
    """Take a target out of what has to confirm, or back in."""
    require(actor, "incidents.edit_targets", [target.system])
    target.active = active
    target.save(update_fields=["active", "updated_at"])
    _record("incidents.target_activated" if active else "incidents.target_retired", target, actor)
    return target


@transaction.atomic
def report_served(
    *, target: ServingTarget, version: str, personalises: bool, actor: Actor
) -> Standing:
    """Take a target's word for what it serves now; containment is confirmed by it."""
    require(actor, "incidents.report_served", [target.system])
    if len(version) > 63:
        raise Invalid("A version has at most 63 signs.")
    ServingTarget.objects.filter(pk=target.pk).update(
        served_version=version, served_personalised=personalises, served_at=database_now()
    )
    settle_containment(target.system)
    for one in target_standings(target.system):
        if one.target.pk == target.pk:
            return one.standing
    raise Conflict(f"{target.title} is retired: what it says confirms nothing.")


@transaction.atomic
def renew_desired(systems: Iterable[System]) -> int:
    """Write down what systems with targets should serve now; return how many changed."""
    served = {system.key: system for system in systems if system.serving_targets.exists()}
    changed = 0
    for key, state in system_states(served.values()).items():
        version, personalises = wanted(state)
        said = {"version": version, "personalises": personalises, "since": database_now()}
        row, created = DesiredState.objects.select_for_update().get_or_create(
            system=served[key], defaults=said
        )
        moved = (row.version, row.personalises) != (version, personalises)
        if moved:
            DesiredState.objects.filter(pk=row.pk).update(**said, revision=F("revision") + 1)
        changed += created or moved
    return changed


def wanted(state: SystemState) -> tuple[str, bool]:
    """Return the version a system in this state serves to an anonymous person, and how."""
    if state.state == State.MAY_PERSONALISE:
        return state.version_key or "", True
    if any(hold.effect == HoldEffect.DENY for hold in state.holds):
        return "", False
    return state.fallback_key or "", False


def settle_containment(system: System) -> int:
    """Confirm the containment of open incidents once no target is waiting or unconfirmed."""
    open_ones = Incident.objects.filter(
        system=system, containment_requested_at__isnull=False, contained_at__isnull=True
    ).exclude(state__in=FINAL_STATES)
    if not open_ones.exists() or system_state(system).state == State.MAY_PERSONALISE:
        return 0
    standings = target_standings(system)
    pending = (Standing.WAITING, Standing.UNCONFIRMED)
    if any(one.standing in pending for one in standings):
        return 0
    confirmed = sum(one.standing == Standing.CONFIRMED for one in standings)
    settled = 0
    for incident in open_ones.select_for_update(of=("self",)):
        incident.contained_at = database_now()
        incident.save(update_fields=["contained_at", "updated_at"])
        add_timeline_entry(
            incident=incident,
            kind=TimelineKind.STEP,
            sentence=f"Contained: {confirmed} of {len(standings)} serving targets say so, "
            "the others have no traffic."
            if confirmed < len(standings)
            else f"Contained: all {confirmed} serving targets say so.",
            actor=MACHINE,
        )
        if incident.state == IncidentState.ACTIVE:
            move_incident(incident=incident, to=IncidentState.MITIGATED, actor=MACHINE)
        settled += 1
    return settled


def _record(verb: str, target: ServingTarget, actor: Actor) -> None:
    record_entry(
        verb=verb,
        object_type="servingtarget",
        object_id=str(target.pk),
        actor=actor,
        facts={"system": target.system.key, "key": target.key},
    )
