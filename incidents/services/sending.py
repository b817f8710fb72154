"""Bringing messages to their recipients: a row for each, carried out under a lease, recorded once.

What happens in the database (notifications, pages, webhook rows) shares the transaction of its
row, so it happens once. What leaves by Apprise is tried at least once and recorded exactly once.
"""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.urls import reverse

from governance.core.actors import Actor, SystemActor
from governance.core.clock import database_now
from governance.outbox.services import notify
from governance.outbox.webhooks.models import MessageState
from governance.outbox.webhooks.services import send_to
from governance.registry.services import publish_people_notice
from incidents.choices import Channel, DeliveryState
from incidents.communications.words import ENGLISH
from incidents.models import Communication, CommunicationDelivery, Contact
from incidents.services.channels import Unreachable, send_by_apprise
from incidents.services.contacts import opened_address
from incidents.services.deliveries import give_up, mark_delivered
from incidents.services.recipients import PEOPLE_PAGE, address_recipients, standing_messages

MESSAGE_TYPE = "tactful.incident.message"
MACHINE = SystemActor("incidents")

#: A runner that does not come back within this time has died; another one takes its row. Longer
#: than a task may run (`tasks`).
LEASE = timedelta(seconds=180)
LONGEST_WAIT = 60.0
#: No further row is begun after this long, so that a task ends before its limit.
ROUND_SECONDS = 60.0


def backoff(attempts: int) -> timedelta:
    """How long to wait after the n-th failure: 1, 2, 4, ... at most 60 seconds."""
    return timedelta(seconds=min(LONGEST_WAIT, 2.0 ** min(attempts - 1, 10)))


def send_due_communications(*, actor: Actor = MACHINE) -> int:
    """Address who has joined, carry out every row that is due; return how many were tried."""
    for communication in standing_messages():
        address_recipients(communication)
    return _tell_inside(actor) + _tell_outside(actor) + _settle_webhooks(actor)


def _due() -> Any:
    return CommunicationDelivery.objects.filter(
        state=DeliveryState.WAITING, next_attempt_at__lte=database_now()
    ).order_by("next_attempt_at", "id")


def _tell_inside(actor: Actor) -> int:
    """Notify colleagues; one notice for all who wait for the same message."""
    told = 0
    waiting = _due().filter(channel=Channel.INSIDE).order_by()
    for pk in list(waiting.values_list("communication", flat=True).distinct()):
        with transaction.atomic():
            communication = Communication.objects.select_related("incident").get(pk=pk)
            rows = list(
                _due()
                .filter(channel=Channel.INSIDE, communication=communication)
                .select_for_update(skip_locked=True, of=("self",))
            )
            if not rows:
                continue
            before = communication.deliveries.filter(state=DeliveryState.DELIVERED).exists()
            text = communication.released[ENGLISH]
            notify(
                recipients=[row.recipient for row in rows],
                subject=text["subject"],
                body=text["body"],
                link=reverse(
                    "communication", args=[communication.incident.reference, communication.number]
                ),
                announce=not before,
            )
            mark_delivered(rows, actor)
        told += len(rows)
    return told


def _tell_outside(actor: Actor) -> int:
    tried = 0
    rows = _due().exclude(channel__in=[Channel.INSIDE, Channel.HAND])
    rows = rows.exclude(channel=Channel.WEBHOOK, message__isnull=False)
    began = time.monotonic()
    for pk in list(rows.values_list("pk", flat=True)[:500]):
        if time.monotonic() - began > ROUND_SECONDS:
            break
        tried += _attempt(pk, actor)
    return tried


def _attempt(pk: Any, actor: Actor) -> int:
    """Carry out one row, if no other runner has it."""
    with transaction.atomic():
        row = (
            _due()
            .filter(pk=pk)
            .select_for_update(skip_locked=True, of=("self",))
            .select_related("communication__incident__system")
            .first()
        )
        if row is None:
            return 0
        if row.channel == Channel.PAGE:
            _publish(row, actor)
            return 1
        contact = (
            Contact.objects.select_related("endpoint")
            .filter(pk=row.recipient.removeprefix("contact:"), ended_at__isnull=True)
            .first()
        )
        if contact is None:
            row.state, row.note = DeliveryState.DROPPED, "The contact was removed before it left."
            row.save()
            return 1
        if row.channel == Channel.WEBHOOK:
            _queue_webhook(row, contact)
            return 1
        row.attempts += 1
        row.next_attempt_at = database_now() + LEASE
        row.save(update_fields=["attempts", "next_attempt_at", "updated_at"])
    _send_outside(row, contact, actor)
    return 1


def _publish(row: CommunicationDelivery, actor: Actor) -> None:
    """Show it on the pages people open; that is a row of ours, so it happens here and now."""
    communication = row.communication
    system = communication.incident.system
    if row.recipient == PEOPLE_PAGE and system is not None:
        publish_people_notice(
            system=system,
            topic=communication.incident.reference,
            reference=communication.reference,
            texts=communication.released,
            actor=actor,
        )
    mark_delivered([row], actor)


def _queue_webhook(row: CommunicationDelivery, contact: Contact) -> None:
    """Hand it to the relay; the row waits for the news that it arrived."""
    communication = row.communication
    incident = communication.incident
    assert contact.endpoint is not None
    row.attempts += 1
    row.message = send_to(
        endpoint=contact.endpoint,
        event_type=MESSAGE_TYPE,
        subject=communication.reference,
        data={
            "incident": incident.reference,
            "message": communication.number,
            "audience": communication.audience,
            "stage": communication.stage,
            "corrects": communication.corrects.number if communication.corrects else None,
            "system": incident.system.key if incident.system else None,
            "version": incident.version.key if incident.version else None,
            "harm_began_at": incident.started_at.isoformat() if incident.started_at else None,
            "contained_at": incident.contained_at.isoformat() if incident.contained_at else None,
            "texts": communication.released,
        },
        idempotency_key=str(row.pk),
    )
    row.save()


def _send_outside(row: CommunicationDelivery, contact: Contact, actor: Actor) -> None:
    """The part outside any transaction: whoever dies in it leaves a lease that runs out."""
    released = row.communication.released
    text = released.get(row.language) or released[ENGLISH]
    try:
        send_by_apprise(
            opened_address(contact),
            subject=text["subject"],
            body=text["body"],
            idempotency_key=str(row.pk),
        )
    except Unreachable as problem:
        _note_failure(row, str(problem), actor)
        return
    with transaction.atomic():
        # The truth wins over a decision to drop it that came while it was on its way.
        mine = CommunicationDelivery.objects.select_for_update(of=("self",)).filter(
            pk=row.pk,
            attempts=row.attempts,
            state__in=[DeliveryState.WAITING, DeliveryState.DROPPED],
        )
        mark_delivered(list(mine.select_related("communication__incident")), actor)


@transaction.atomic
def _note_failure(row: CommunicationDelivery, problem: str, actor: Actor) -> None:
    locked = (
        CommunicationDelivery.objects.select_for_update(of=("self",))
        .select_related("communication__incident")
        .filter(pk=row.pk, attempts=row.attempts, state=DeliveryState.WAITING)
        .first()
    )
    if locked is None:
        return
    now = database_now()
    locked.problem = problem[:300]
    locked.next_attempt_at = now + backoff(locked.attempts)
    if now >= locked.give_up_at:
        give_up(locked, actor)
    locked.save()


def _settle_webhooks(actor: Actor) -> int:
    """What became of the messages the relay took: arrived, or given up."""
    settled = 0
    handed = CommunicationDelivery.objects.filter(
        state=DeliveryState.WAITING, channel=Channel.WEBHOOK, message__isnull=False
    ).exclude(message__state=MessageState.PENDING)
    for pk in list(handed.values_list("pk", flat=True)):
        with transaction.atomic():
            row = (
                CommunicationDelivery.objects.select_for_update(skip_locked=True, of=("self",))
                .select_related("communication__incident", "message")
                .filter(pk=pk, state=DeliveryState.WAITING)
                .first()
            )
            if row is None or row.message is None:
                continue
            if row.message.state == MessageState.DELIVERED:
                mark_delivered([row], actor)
            else:
                row.problem = row.message.last_error or "The endpoint did not take it."
                give_up(row, actor)
                row.save()
            settled += 1
    return settled
