"""Waivers: bounded exceptions from one item, asked by one person and granted by another."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from governance.core.actors import Actor
from governance.core.clock import database_now
from governance.core.errors import Conflict, Invalid
from governance.ledger.services import record_entry
from governance.registry.access import require, require_person
from governance.registry.models import System
from governance.reviews.models import ChecklistItem, Waiver

LONGEST = timedelta(days=183)


@transaction.atomic
def request_waiver(
    *, system: System, item_code: str, reason: str, expires_at: datetime, actor: Actor
) -> Waiver:
    """Ask for an exception that ends by itself, at most half a year from now."""
    require(actor, "reviews.request_waiver", [system])
    now = database_now()
    if not ChecklistItem.objects.filter(code=item_code).exists():
        raise Invalid(f"The checklist has no item {item_code!r}.")
    if not reason.strip():
        raise Invalid("Say why the item cannot be met, and what limits the harm meanwhile.")
    if not now < expires_at <= now + LONGEST:
        raise Invalid(f"A waiver ends in the future and within {LONGEST.days} days.")
    waiver = Waiver.objects.create(
        system=system,
        item_code=item_code,
        reason=reason.strip(),
        requested_by=actor.reference,
        expires_at=expires_at,
    )
    _record(waiver, "waiver_requested", actor, waiver.reason)
    return waiver


@transaction.atomic
def grant_waiver(*, waiver: Waiver, actor: Actor) -> Waiver:
    """Another person than the one who asked takes responsibility for the exception."""
    require_person(actor, "granting a waiver")
    require(actor, "reviews.grant_waiver", [waiver.system])
    if waiver.requested_by == actor.reference:
        raise Conflict("You asked for this waiver; another person grants it.")
    moved = Waiver.objects.filter(pk=waiver.pk, granted_by="", revoked_at=None).update(
        granted_by=actor.reference, granted_at=database_now()
    )
    if not moved:
        raise Conflict("This waiver is granted or revoked already.")
    waiver.refresh_from_db()
    _record(waiver, "waiver_granted", actor)
    return waiver


@transaction.atomic
def revoke_waiver(*, waiver: Waiver, actor: Actor, reason: str) -> Waiver:
    """End a waiver before its time."""
    require(actor, "reviews.grant_waiver", [waiver.system])
    if not Waiver.objects.filter(pk=waiver.pk, revoked_at=None).update(revoked_at=database_now()):
        raise Conflict("This waiver is revoked already.")
    waiver.refresh_from_db()
    _record(waiver, "waiver_revoked", actor, reason)
    return waiver


def _record(waiver: Waiver, verb: str, actor: Actor, reason: str = "") -> None:
    """What a person wrote may name anybody: it stays erasable, beside the leaf."""
    record_entry(
        verb=f"reviews.{verb}",
        object_type="waiver",
        object_id=str(waiver.pk),
        actor=actor,
        facts={
            "systems": [waiver.system.key],
            "item": waiver.item_code,
            "expires_at": waiver.expires_at.isoformat(),
        },
        personal={"reason": reason} if reason else None,
    )
