"""Who is told of an incident, resolved at sending and kept as references: one row a recipient.

How a row reaches its recipient stands in `sending`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Q

from governance.core.clock import database_now
from governance.outbox.ports import registered_address_book
from governance.people.choices import Role
from incidents.choices import FINAL_STATES, Audience, Channel, CommunicationState, DeliveryState
from incidents.communications.words import ENGLISH
from incidents.models import Communication, CommunicationDelivery, Contact, Incident

PEOPLE_PAGE, PUBLIC_PAGE = "page:people", "page:public"
#: Stands where a colleague's reference stood before the account was erased.
ERASED = "erased:"

#: After this long without success a person is asked.
TRIED_FOR = timedelta(minutes=15)

TEAM = (
    Role.PRODUCT_OWNER,
    Role.PRIVACY_LEAD,
    Role.DPO,
    Role.ETHICS_REVIEWER,
    Role.ML_ENGINEER,
    Role.INCIDENT_COMMANDER,
)


@dataclass(frozen=True)
class Recipient:
    """Who is told, by which way and in which language."""

    reference: str
    channel: str
    language: str = ENGLISH


def recipients_of(incident: Incident, audience: str) -> list[Recipient]:
    """Everybody whom a message to this audience means now."""
    if audience == Audience.INTERNAL:
        return [Recipient(each, Channel.INSIDE) for each in _team(incident)]
    contacts = Contact.objects.filter(audience=audience, ended_at__isnull=True).filter(
        Q(system__isnull=True) | Q(system=incident.system_id)
    )
    found = [Recipient(each.reference, each.channel, each.language) for each in contacts]
    if audience == Audience.PEOPLE and incident.system is not None:
        found.append(Recipient(PEOPLE_PAGE, Channel.PAGE))
    if audience == Audience.PUBLIC:
        found.append(Recipient(PUBLIC_PAGE, Channel.PAGE))
    return found


def _team(incident: Incident) -> list[str]:
    """The people of the system's roles, and whoever takes part in the incident."""
    book = registered_address_book()
    scope = f"@{incident.system.key}" if incident.system else ""
    named = [f"role:{role}{scope}" for role in TEAM]
    taking_part = incident.participants.filter(until__isnull=True, user__isnull=False)
    named += [f"user:{pk}" for pk in taking_part.values_list("user_id", flat=True)]
    if incident.commander_id is not None:
        named.append(f"user:{incident.commander_id}")
    return sorted({address.reference for name in named for address in book.resolve(name)})


def address_recipients(communication: Communication) -> int:
    """Write a row for everybody who is meant and has none yet; return how many rows there are.

    A correction also reaches those who were told what was wrong and are no longer meant.
    """
    meant = {one.reference: one for one in _meant(communication)}
    known = set(communication.deliveries.values_list("recipient", flat=True))
    now = database_now()
    fresh = [
        CommunicationDelivery(
            communication=communication,
            recipient=one.reference,
            channel=one.channel,
            language=one.language,
            next_attempt_at=now,
            give_up_at=now + TRIED_FOR,
        )
        for reference, one in meant.items()
        if reference not in known
    ]
    # Another runner may have seen the same people join; one row each stands, whoever wrote it.
    CommunicationDelivery.objects.bulk_create(fresh, ignore_conflicts=True)
    return len(known) + len(fresh)


def _meant(communication: Communication) -> list[Recipient]:
    meant = recipients_of(communication.incident, communication.audience)
    if communication.corrects is not None:
        misled = communication.corrects.deliveries.filter(state=DeliveryState.DELIVERED)
        meant += [
            Recipient(one.recipient, one.channel, one.language)
            for one in misled.exclude(recipient__startswith=ERASED)
        ]
    return meant


def drop_what_waits(communication: Communication) -> int:
    """What was found wrong before it left is not sent any more."""
    return communication.deliveries.filter(
        state__in=[DeliveryState.WAITING, DeliveryState.GIVEN_UP]
    ).update(state=DeliveryState.DROPPED, problem="", note="A correction went out in its place.")


def standing_messages() -> list[Communication]:
    """Of each audience of each open incident the last message: who joins now is told that one."""
    sent = Communication.objects.filter(state=CommunicationState.SENT).exclude(
        incident__state__in=FINAL_STATES
    )
    newest = sent.order_by("incident_id", "audience", "-sent_at", "-number")
    return list(newest.distinct("incident_id", "audience").select_related("incident__system"))
