"""What of messages about incidents waits for the one who looks: to send, to say, to repair."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Q
from django.urls import reverse

from governance.core.actors import Actor
from governance.core.clock import database_now
from governance.core.ports import AgendaItem
from incidents.choices import Channel, CommunicationState, DeliveryState
from incidents.models import Communication, CommunicationDelivery
from incidents.selectors import incidents_for, open_incidents_for
from incidents.services.communications import APPROVES, WRITES
from incidents.services.updates import owed_updates


class MessageAgenda:
    """Messages that wait for a second person, updates that are owed, recipients not reached."""

    label = "messages about incidents"

    def items(self, actor: Actor) -> Sequence[AgendaItem]:
        items: list[AgendaItem] = []
        if actor.may(APPROVES):
            items += _proposed(actor)
        if actor.may(WRITES):
            items += _owed(actor)
            items += _not_reached(actor)
        return items


def _proposed(actor: Actor) -> list[AgendaItem]:
    waiting = Communication.objects.filter(
        state=CommunicationState.PROPOSED, incident__in=incidents_for(actor)
    ).exclude(proposed_by=actor.reference)
    return [
        _item(one, "a message waits for a second person to send it")
        for one in waiting.select_related("incident__system")
    ]


def _owed(actor: Actor) -> list[AgendaItem]:
    now = database_now()
    return [
        AgendaItem(
            title=str(update.incident),
            url=reverse("communications", args=[update.incident.reference]),
            reason=f"{update.label.lower()}: {update.stage_label.lower()} is due",
            due=update.owed.due_at,
            system_key=update.incident.system.key if update.incident.system else None,
        )
        for update in owed_updates(open_incidents_for(actor))
        if update.owed.is_near(now)
    ]


def _not_reached(actor: Actor) -> list[AgendaItem]:
    stuck = CommunicationDelivery.objects.filter(
        Q(state=DeliveryState.GIVEN_UP) | Q(state=DeliveryState.WAITING, channel=Channel.HAND)
    )
    messages = Communication.objects.filter(
        pk__in=stuck.values("communication"), incident__in=incidents_for(actor)
    )
    return [
        _item(one, "a message has not reached everybody it is for")
        for one in messages.select_related("incident__system")
    ]


def _item(communication: Communication, reason: str) -> AgendaItem:
    incident = communication.incident
    return AgendaItem(
        title=str(communication),
        url=reverse("communication", args=[incident.reference, communication.number]),
        reason=reason,
        system_key=incident.system.key if incident.system else None,
    )
