"""What the room tells others of recipients: personal data, what waits, how long rows stay."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.urls import reverse

from consent.models.recipients import RecipientNotice, RecipientPerson
from consent.recipients.selectors import recipients_for
from consent.recipients.services import tell_of_erasure
from governance.core.actors import Actor
from governance.core.ports import (
    AgendaItem,
    DeleteAfter,
    KeepForever,
    register_agenda_source,
    register_personal_data_holder,
    register_retention_rule,
)

_SUBJECT = "subject:"


class RecipientHolder:
    """To whom a person's data went, and what they were told; erasure tells them once more."""

    label = "Recipients of data"
    models = frozenset({"consent.RecipientPerson", "consent.RecipientNotice"})

    def export(self, person: str) -> list[dict[str, Any]]:
        if not person.startswith(_SUBJECT):
            return []
        pseudonym = person.removeprefix(_SUBJECT)
        known = RecipientPerson.objects.filter(subject_pseudonym=pseudonym)
        told = RecipientNotice.objects.filter(subject_pseudonym=pseudonym)
        return [
            {"kind": "named", "recipient": each.recipient.name, "own_id": each.own_id}
            for each in known.select_related("recipient")
        ] + [
            {
                "kind": "told",
                "recipient": each.recipient.name,
                "of": each.kind,
                "purpose": each.purpose_key,
                "at": each.created_at,
                "confirmed_at": each.confirmed_at,
            }
            for each in told.select_related("recipient")
        ]

    def erase(self, person: str) -> int:
        if not person.startswith(_SUBJECT):
            return 0
        return tell_of_erasure(pseudonym=person.removeprefix(_SUBJECT))


class RecipientAgenda:
    """Recipients that have not confirmed in time."""

    label = "Recipients of data"

    def items(self, actor: Actor) -> Sequence[AgendaItem]:
        if not actor.may("consent.edit_recipients"):
            return []
        return [
            AgendaItem(
                title=f"{recipient.name} has not confirmed",
                url=reverse("consent:recipients"),
                reason=f"{recipient.overdue} notices of people's no wait beyond their time.",
            )
            for recipient in recipients_for(actor)
            if recipient.overdue
        ]


def register() -> None:
    """Called once when Django is ready."""
    register_personal_data_holder(RecipientHolder())
    register_agenda_source(RecipientAgenda())
    for rule in (
        KeepForever("consent.Recipient", "One row a company that received data."),
        KeepForever("consent.RecipientPerson", "Needed to tell the recipient; erasure deletes it."),
        DeleteAfter(
            "consent.RecipientNotice",
            timedelta(days=3 * 365),
            "Shows for three years that recipients were told and confirmed.",
            column="confirmed_at",
        ),
    ):
        register_retention_rule(rule)
