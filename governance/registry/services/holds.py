"""Placing, approving and lifting holds. Nothing else in the product writes the hold table."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import transaction

from governance.core.actors import Actor
from governance.core.clock import database_now
from governance.core.errors import Conflict, Invalid, PreconditionFailed
from governance.core.events import HoldPlaced, HoldReleased
from governance.ledger.services import record_entry
from governance.outbox.services import emit, notify
from governance.registry.access import require, require_person
from governance.registry.choices import DRILL_CAUSE, HoldEffect, OnPause
from governance.registry.models import Hold, ModelVersion, Purpose, Surface, System
from governance.registry.models.holds import TARGETS
from governance.registry.ports import release_guards

APPROVE_WITHIN = timedelta(hours=24)
EFFECT_ON_PAUSE = {
    OnPause.NON_PROFILED: HoldEffect.NON_PROFILED,
    OnPause.HOLD_FOR_HUMAN: HoldEffect.DENY,
    OnPause.OFF: HoldEffect.DENY,
}


@transaction.atomic
def place_hold(
    *,
    system: System | None = None,
    surface: Surface | None = None,
    purpose: Purpose | None = None,
    version: ModelVersion | None = None,
    effect: str | None = None,
    cause: str,
    reason: str,
    actor: Actor,
    incident_reference: str = "",
) -> Hold:
    """Hold one target at once. While a hold with this cause is active, that one is returned.

    One person may place a hold; another approves it within 24 hours, else it escalates.
    It never lifts itself.
    """
    given = {
        "system": system,
        "surface": surface,
        "purpose": purpose,
        "version": version,
    }
    targets: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    if len(targets) != 1:
        raise Invalid("A hold has exactly one target: a system, surface, purpose or version.")
    if not reason.strip():
        raise Invalid("Say in a sentence why this is held; everyone affected will read it.")
    require(actor, "registry.hold", touched_systems(**targets))
    effect = effect or default_effect(system=system, version=version)
    if effect not in HoldEffect.values:
        raise Invalid(f"{effect!r} is not an effect of a hold; choose deny or non_profiled.")
    now = database_now()
    proposed = Hold(
        **targets,
        effect=effect,
        cause=cause,
        reason=reason,
        incident_reference=incident_reference,
        placed_by=actor.reference,
        placed_at=now,
        approve_by=None if actor.kind == "system" else now + APPROVE_WITHIN,
    )
    hold = _insert_once(proposed, targets)
    if hold.pk == proposed.pk:
        _record(hold, "hold_placed", actor, reason, effect=effect, cause=cause)
        emit(
            HoldPlaced(
                hold_id=str(hold.pk),
                target_kind=hold.target_kind,
                target_key=hold.target_key,
                effect=effect,
                cause=cause,
            )
        )
    return hold


def default_effect(*, system: System | None, version: ModelVersion | None) -> str:
    """What a hold does unless told: the system's `on_pause`; elsewhere non-profiled."""
    held = version.system if version is not None else system
    return HoldEffect.NON_PROFILED if held is None else EFFECT_ON_PAUSE[OnPause(held.on_pause)]


def touched_systems(
    *,
    system: System | None = None,
    surface: Surface | None = None,
    purpose: Purpose | None = None,
    version: ModelVersion | None = None,
) -> list[System]:
    """The systems a hold on this target reaches."""
    if system is not None:
        return [system]
    if version is not None:
        return [version.system]
    if surface is not None:
        return list(System.objects.filter(surfaces=surface))
    direct = System.objects.filter(purposes=purpose)
    return list(direct.union(System.objects.filter(surfaces__purposes=purpose)))


@transaction.atomic
def approve_hold(*, hold: Hold, actor: Actor) -> Hold:
    """A second person stands behind a hold that one person placed."""
    require_person(actor, "approving a hold")
    require(actor, "registry.approve_hold", _systems(hold))
    if hold.placed_by == actor.reference:
        raise Conflict("You placed this hold; another person approves it.")
    moved = (
        Hold.objects.active()
        .filter(pk=hold.pk, approved_by="")
        .exclude(placed_by=actor.reference)
        .update(approved_by=actor.reference, approved_at=database_now())
    )
    hold.refresh_from_db()
    if not moved:
        raise Conflict("This hold is lifted or approved already.")
    _record(hold, "hold_approved", actor)
    return hold


@transaction.atomic
def propose_release(*, hold: Hold, actor: Actor, reason: str) -> Hold:
    """The first of two people asks to lift a hold."""
    require_person(actor, "lifting a hold")
    require(actor, "registry.lift_hold", _systems(hold))
    if not reason.strip():
        raise Invalid("Say in a sentence why the hold can be lifted.")
    moved = (
        Hold.objects.active()
        .filter(pk=hold.pk, release_proposed_by="")
        .update(
            release_proposed_by=actor.reference,
            release_proposed_at=database_now(),
            release_reason=reason,
        )
    )
    hold.refresh_from_db()
    if not moved:
        raise Conflict(
            "This hold is lifted already."
            if hold.released_at
            else "Lifting is proposed already; another person than the one who proposed confirms."
        )
    _record(hold, "hold_release_proposed", actor, reason)
    return hold


@transaction.atomic
def release_hold(*, hold: Hold, actor: Actor, reason: str) -> Hold:
    """The second of two people lifts a hold, when every release guard is satisfied."""
    require_person(actor, "lifting a hold")
    require(actor, "registry.lift_hold", _systems(hold))
    # The systems are locked first, so that the version judged here is the one that will serve.
    reached = [system.pk for system in _systems(hold)]
    list(System.objects.select_for_update().filter(pk__in=reached).order_by("pk"))
    hold = Hold.objects.select_for_update().get(pk=hold.pk)
    if hold.released_at is not None:
        raise Conflict("This hold is lifted already.")
    if not hold.release_proposed_by:
        raise Conflict("Lifting needs two people: nobody has proposed it yet.")
    if hold.release_proposed_by == actor.reference:
        raise Conflict("You proposed lifting this hold; another person confirms it.")
    missing = [sentence for guard in release_guards() for sentence in guard(hold)]
    if missing:
        raise PreconditionFailed("The hold stays: " + " ".join(missing))
    moved = (
        Hold.objects.active()
        .filter(pk=hold.pk, release_proposed_by=hold.release_proposed_by)
        .update(released_by=actor.reference, released_at=database_now())
    )
    if not moved:
        raise Conflict("This hold is lifted already.")
    hold.refresh_from_db()
    _record(hold, "hold_released", actor, reason, proposed_by=hold.release_proposed_by)
    emit(
        HoldReleased(
            hold_id=str(hold.pk),
            target_kind=hold.target_kind,
            target_key=hold.target_key,
        )
    )
    return hold


@transaction.atomic
def renew_holds(*, incident_reference: str, reason: str, actor: Actor) -> int:
    """The harm came back: what spoke for lifting these holds speaks for it no longer.

    It only makes lifting harder, so whoever may say that the harm is back may do it.
    """
    renewed = 0
    for hold in Hold.objects.active().filter(incident_reference=incident_reference):
        still_active = Hold.objects.active().filter(pk=hold.pk)
        changed = still_active.update(
            renewed_at=database_now(),
            release_proposed_by="",
            release_proposed_at=None,
            release_reason="",
        )
        if changed:  # else two people lifted it at this very moment
            _record(hold, "hold_renewed", actor, reason)
            renewed += 1
    return renewed


@transaction.atomic
def escalate_overdue_holds(*, actor: Actor) -> list[Hold]:
    """Tell commanders and admins of holds nobody approved in time; each is told once."""
    require(actor, "registry.hold")
    now = database_now()
    overdue = list(
        Hold.objects.active()
        .filter(approved_by="", approve_by__lt=now, escalated_at=None)
        .select_for_update(skip_locked=True)
    )
    for hold in overdue:
        Hold.objects.filter(pk=hold.pk).update(escalated_at=now)
        _record(hold, "hold_escalated", actor)
        mark = "Drill: the" if hold.cause.startswith(DRILL_CAUSE) else "The"
        notify(
            recipients=["role:incident_commander", "role:admin"],
            subject=f"{mark} hold on {hold.target_key} waits for approval",
            body=(
                f"The hold on {hold.target_kind} {hold.target_key} was placed more than a day "
                "ago and nobody approved it. It stays until two people lift it."
            ),
            link=f"/holds/{hold.pk}/",
        )
    return overdue


def _systems(hold: Hold) -> list[System]:
    return touched_systems(**{hold.target_kind: getattr(hold, hold.target_kind)})


def _insert_once(proposed: Hold, targets: dict[str, Any]) -> Hold:
    """Insert, or find the active hold of the same cause; the unique index decides the race."""
    same = {**dict.fromkeys(TARGETS), **targets}
    while True:
        Hold.objects.bulk_create([proposed], ignore_conflicts=True)
        found = Hold.objects.active().filter(cause=proposed.cause, **same).first()
        if found is not None:  # else it was released between the two statements: insert again
            return found


def _record(hold: Hold, verb: str, actor: Actor, reason: str = "", **facts: str) -> None:
    """What a person wrote may name anybody: it stays erasable, beside the leaf."""
    record_entry(
        verb=f"registry.{verb}",
        object_type="hold",
        object_id=str(hold.pk),
        actor=actor,
        facts={
            "target": f"{hold.target_kind}:{hold.target_key}",
            "systems": sorted(system.key for system in _systems(hold)),
            "incident": hold.incident_reference,
            **facts,
        },
        personal={"reason": reason} if reason else None,
    )
