"""The record of what reached whom, and what a person does about a message that did not arrive."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction

from governance.core.actors import Actor
from governance.core.clock import database_now
from governance.core.errors import Conflict, Invalid
from governance.ledger.services import record_entry
from governance.outbox.services import enqueue
from governance.registry.access import require
from incidents.choices import Channel, DeliveryState, TimelineKind
from incidents.models import CommunicationDelivery, Contact
from incidents.services.recipients import PEOPLE_PAGE, PUBLIC_PAGE, TRIED_FOR
from incidents.services.timeline import add_timeline_entry

TASK = "incidents.send_communications"


def enqueue_sending() -> None:
    """Have a worker send what waits as soon as the transaction is committed."""
    enqueue(TASK)


def mark_delivered(rows: Iterable[CommunicationDelivery], actor: Actor, note: str = "") -> None:
    """Record that a message arrived: the row, one line of the timeline, one entry of the ledger."""
    rows = list(rows)
    if not rows:
        return
    now, communication = database_now(), rows[0].communication
    for row in rows:
        row.state, row.delivered_at, row.problem, row.note = DeliveryState.DELIVERED, now, "", note
        row.save()
    inside = rows[0].channel == Channel.INSIDE
    count = "1 colleague" if len(rows) == 1 else f"{len(rows)} colleagues"
    whom = count if inside else _on_record(rows[0])
    by = f" {note}" if note else ""
    add_timeline_entry(
        incident=communication.incident,
        kind=TimelineKind.MESSAGE,
        sentence=f"Message {communication.number} reached {whom}.{by}",
        actor=actor,
    )
    record_entry(
        verb="incidents.message_delivered",
        object_type="communication",
        object_id=str(communication.pk),
        actor=actor,
        facts={
            "incident": communication.incident.reference,
            "number": communication.number,
            "channel": rows[0].channel,
            # Whose rows these are the rows say, and forget when a person is erased.
            "deliveries": sorted(str(row.pk) for row in rows),
        },
    )


def _on_record(row: CommunicationDelivery) -> str:
    """A recipient as the timeline says it, which forgets nothing: contacts without their names."""
    if row.recipient in (PEOPLE_PAGE, PUBLIC_PAGE):
        return name_of(row)
    return f"a contact ({row.get_channel_display().lower()})"


def name_of(row: CommunicationDelivery) -> str:
    """A recipient in words; colleagues are named by the page that shows them."""
    if row.recipient == PEOPLE_PAGE:
        return "the pages of the people concerned"
    if row.recipient == PUBLIC_PAGE:
        return "the public page"
    kind, _, key = row.recipient.partition(":")
    if kind == "contact":
        contact = Contact.objects.filter(pk=key).first()
        return str(contact) if contact else "a contact that was removed"
    return "a colleague"


def give_up(row: CommunicationDelivery, actor: Actor) -> None:
    """Stop trying and ask a person; the agenda shows it until somebody sees to it."""
    row.state = DeliveryState.GIVEN_UP
    communication = row.communication
    add_timeline_entry(
        incident=communication.incident,
        kind=TimelineKind.MESSAGE,
        sentence=f"Message {communication.number} did not reach {_on_record(row)}: {row.problem}",
        actor=actor,
    )
    record_entry(
        verb="incidents.message_failed",
        object_type="communication",
        object_id=str(communication.pk),
        actor=actor,
        facts={"incident": communication.incident.reference, "delivery": str(row.pk)},
    )


@transaction.atomic
def retry_delivery(*, delivery: CommunicationDelivery, actor: Actor) -> CommunicationDelivery:
    """Try again for another quarter of an hour, beginning now."""
    row = _row_of_person(delivery, actor)
    if row.state != DeliveryState.GIVEN_UP:
        raise Conflict("Only what did not arrive is tried again.")
    now = database_now()
    row.state, row.next_attempt_at, row.give_up_at = DeliveryState.WAITING, now, now + TRIED_FOR
    row.message = None  # a webhook message that was given up stays given up; a new one is written
    row.save()
    enqueue_sending()
    return row


@transaction.atomic
def record_by_hand(
    *, delivery: CommunicationDelivery, note: str, actor: Actor
) -> CommunicationDelivery:
    """Record that a person brought the message to somebody, and how."""
    row = _row_of_person(delivery, actor)
    open_by_hand = row.channel == Channel.HAND and row.state == DeliveryState.WAITING
    if not open_by_hand and row.state != DeliveryState.GIVEN_UP:
        raise Conflict("This message needs nobody to bring it.")
    if len(note.strip()) < 5:
        raise Invalid("Say how it was brought: by which way, to whom, under which number.")
    mark_delivered([row], actor, note=note.strip()[:300])
    return row


def _row_of_person(delivery: CommunicationDelivery, actor: Actor) -> CommunicationDelivery:
    incident = delivery.communication.incident
    require(actor, "incidents.write_communication", [incident.system] if incident.system else [])
    found = CommunicationDelivery.objects.select_related("communication__incident__system")
    return found.select_for_update(of=("self",)).get(pk=delivery.pk)
