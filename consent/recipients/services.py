"""Registering recipients, telling them of a person's no, and taking their confirmation."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.urls import reverse

from consent.identity import pseudonym_of
from consent.models.recipients import NoticeKind, Recipient, RecipientNotice, RecipientPerson
from consent.services.access import require
from governance.core.actors import Actor, SystemActor
from governance.core.clock import database_now
from governance.core.errors import Conflict, Invalid, NotFound
from governance.core.ids import uuid7
from governance.ledger.services import record_entry
from governance.outbox.webhooks.models import (
    EndpointState,
    MessageState,
    WebhookEndpoint,
    WebhookMessage,
)
from governance.outbox.webhooks.services import queue_message
from governance.outbox.webhooks.types import ERASED, WITHDRAWN
from governance.registry.models import Purpose
from governance.signals.definitions import ORGANISATION
from governance.signals.services import publish_signal

SIGNAL = "consent.recipients_overdue"
MOST_NAMED = 10_000
_TYPES = {NoticeKind.WITHDRAWN: WITHDRAWN, NoticeKind.ERASED: ERASED}


@transaction.atomic
def register_recipient(
    *,
    name: str,
    purposes: Sequence[str],
    endpoint: UUID,
    confirm_hours: int = 72,
    actor: Actor,
) -> Recipient:
    """Register who received data for these purposes, and the endpoint it is told by."""
    require(actor, "consent.edit_recipients")
    found = list(Purpose.objects.filter(key__in=purposes))
    if unknown := set(purposes) - {each.key for each in found}:
        raise NotFound(f"There is no purpose {min(unknown)!r}.")
    if not found or not name.strip():
        raise Invalid("A recipient has a name and received data for a purpose at least.")
    if not 1 <= confirm_hours <= 720:
        raise Invalid("A recipient confirms within 1 to 720 hours.")
    told_by = WebhookEndpoint.objects.filter(pk=endpoint).exclude(state=EndpointState.GONE).first()
    if told_by is None:
        raise NotFound("There is no such webhook endpoint.")
    try:
        with transaction.atomic():
            recipient = Recipient.objects.create(
                name=name.strip()[:100], endpoint=told_by, confirm_hours=confirm_hours
            )
    except IntegrityError as problem:
        raise Conflict(f"There is a recipient named {name!r} already.") from problem
    recipient.purposes.set(found)
    record_entry(
        verb="consent.recipient_registered",
        object_type="recipient",
        object_id=str(recipient.pk),
        actor=actor,
        facts={"name": recipient.name, "purposes": sorted(each.key for each in found)},
    )
    return recipient


@transaction.atomic
def name_people(*, recipient: Recipient, names: Mapping[str, str], actor: Actor) -> int:
    """Note how a recipient calls people: external id -> the recipient's own id."""
    require(actor, "consent.write")
    if not names or len(names) > MOST_NAMED:
        raise Invalid(f"Name 1 to {MOST_NAMED} people at a time.")
    if any(not own or len(own) > 200 for own in names.values()):
        raise Invalid("An own id is a text of 1 to 200 signs.")
    rows = [
        RecipientPerson(
            recipient=recipient,
            subject_pseudonym=pseudonym_of(settings.KEYS.subject_pepper, external),
            own_id=own,
        )
        for external, own in names.items()
    ]
    RecipientPerson.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["recipient", "subject_pseudonym"],
        update_fields=["own_id"],
    )
    return len(rows)


def _hashed(code: str) -> bytes:
    return hashlib.sha256(code.encode()).digest()


def _person(recipient: Recipient, pseudonym: str) -> dict[str, str]:
    """How the recipient knows the person: its own id where one is noted, else the pseudonym."""
    known = RecipientPerson.objects.filter(recipient=recipient, subject_pseudonym=pseudonym).first()
    return {"own_id": known.own_id} if known else {"pseudonym": pseudonym}


def _tell(recipient: Recipient, kind: NoticeKind, pseudonym: str, purpose: str) -> None:
    code, notice_id = secrets.token_urlsafe(32), uuid7()
    confirm_by = database_now() + timedelta(hours=recipient.confirm_hours)
    data: dict[str, Any] = {
        "notice": str(notice_id),
        "kind": str(kind),
        "person": _person(recipient, pseudonym),
        "confirm_by": confirm_by.isoformat(),
        "confirm": {
            "url": settings.PUBLIC_URL
            + reverse("consent-api:confirm-recipient", args=[recipient.pk]),
            "code": code,
        },
    }
    if purpose:
        data["purpose"] = purpose
    RecipientNotice.objects.create(
        id=notice_id,
        recipient=recipient,
        kind=kind,
        purpose_key=purpose,
        subject_pseudonym=pseudonym,
        message=queue_message(endpoint=recipient.endpoint, event_type=_TYPES[kind], data=data),
        code_hash=_hashed(code),
        confirm_by=confirm_by,
    )


@transaction.atomic
def tell_of_withdrawal(*, pseudonym: str, purpose: str) -> int:
    """Tell every recipient of this purpose's data that the person said no."""
    told = Recipient.objects.filter(purposes__key=purpose, ended_at__isnull=True)
    for recipient in told.select_related("endpoint"):
        _tell(recipient, NoticeKind.WITHDRAWN, pseudonym, purpose)
    return len(told)


@transaction.atomic
def tell_of_erasure(*, pseudonym: str) -> int:
    """Tell every recipient that the person was erased, and forget who the person was here."""
    told = list(Recipient.objects.filter(ended_at__isnull=True).select_related("endpoint"))
    for recipient in told:
        _tell(recipient, NoticeKind.ERASED, pseudonym, "")
    gone, _ = RecipientPerson.objects.filter(subject_pseudonym=pseudonym).delete()
    earlier = RecipientNotice.objects.filter(subject_pseudonym=pseudonym)
    # What was sent named the person; what still waits must arrive, the erasure above all.
    WebhookMessage.objects.filter(pk__in=earlier.values("message")).exclude(
        state=MessageState.PENDING
    ).update(body="")
    earlier.update(subject_pseudonym="")
    return len(told) + gone


@transaction.atomic
def confirm_notice(*, recipient: UUID, notice: UUID, code: str) -> RecipientNotice:
    """Note that the recipient acted; whoever holds the code of its message speaks for it."""
    found = (
        RecipientNotice.objects.select_for_update()
        .filter(pk=notice, recipient_id=recipient)
        .first()
    )
    if found is None or not hmac.compare_digest(bytes(found.code_hash), _hashed(code)):
        raise NotFound("There is no such notice, or its code is another.")
    if found.confirmed_at is None:
        found.confirmed_at = database_now()
        found.save()
        record_entry(
            verb="consent.recipient_confirmed",
            object_type="recipient_notice",
            object_id=str(found.pk),
            actor=SystemActor("recipient"),
            facts={"recipient": str(recipient), "kind": found.kind},
        )
        publish_overdue(actor=SystemActor("recipient"))
    return found


@transaction.atomic
def publish_overdue(*, actor: Actor) -> int:
    """Publish how many notices wait longer than their recipients were given."""
    overdue = RecipientNotice.objects.filter(
        confirmed_at__isnull=True, confirm_by__lt=database_now()
    ).count()
    publish_signal(
        key=SIGNAL,
        scope_key=ORGANISATION,
        value=overdue,
        state="ok",
        sentence=f"{overdue} notices to recipients of data wait beyond their time.",
        source="consent",
        actor=actor,
    )
    return overdue
