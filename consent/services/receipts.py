"""Handing a receipt to a colleague or a program: the look is recorded, as for any person's file."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction

from consent.models import ConsentEvent, SubjectAccess
from consent.receipts.selectors import receipt_of
from consent.services.access import require
from governance.core.actors import Actor
from governance.core.errors import Invalid, NotFound


@transaction.atomic
def open_receipt(*, event_id: UUID, purpose_of_access: str, actor: Actor) -> dict[str, Any]:
    """Return the receipt of one recorded choice; who looked and what for is recorded first."""
    require(actor, "consent.read_subject")
    reason = purpose_of_access.strip()
    if not reason:
        raise Invalid("Say what you look at this person's receipt for.")
    event = ConsentEvent.objects.filter(pk=event_id).select_related("purpose", "subject").first()
    if event is None or event.subject.pseudonym is None:
        raise NotFound("There is no such receipt, or the person was erased.")
    SubjectAccess.objects.create(
        subject=event.subject, actor_reference=actor.reference, purpose_of_access=reason[:300]
    )
    return receipt_of(event)
