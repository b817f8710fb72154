"""Telling people about a system on their own pages; the newest word on a topic is shown."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from django.db import transaction

from governance.core.actors import Actor
from governance.core.clock import database_now
from governance.core.errors import Invalid
from governance.ledger.services import record_entry
from governance.registry.models import PeopleNotice, System

#: Somebody who comes back within a year still finds out.
SHOWN_FOR = timedelta(days=365)


@transaction.atomic
def publish_people_notice(
    *,
    system: System,
    topic: str,
    reference: str,
    texts: Mapping[str, Mapping[str, str]],
    actor: Actor,
) -> PeopleNotice:
    """Show a message on the pages of the people of a system, in place of the one on its topic.

    Called again with the same reference it changes nothing: the first text stays.
    """
    # The system's row orders two messages that come together.
    System.objects.select_for_update(of=("self",)).get(pk=system.pk)
    shown = PeopleNotice.objects.filter(reference=reference).first()
    if shown is not None:
        return shown
    if not texts or not all(text["subject"] and text["body"] for text in texts.values()):
        raise Invalid("A message to people has a subject and a text in each of its languages.")
    now = database_now()
    PeopleNotice.objects.filter(system=system, topic=topic, replaced_at__isnull=True).update(
        replaced_at=now
    )
    notice = PeopleNotice.objects.create(
        system=system,
        topic=topic,
        reference=reference,
        texts={language: dict(text) for language, text in texts.items()},
        published_at=now,
        shown_until=now + SHOWN_FOR,
    )
    record_entry(
        verb="registry.people_told",
        object_type="people_notice",
        object_id=str(notice.pk),
        actor=actor,
        facts={"system": system.key, "topic": topic, "reference": reference},
    )
    return notice
