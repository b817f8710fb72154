"""Whom an incident touched, answered to the one who can write to people: about ids it has already.

Tactful keeps pseudonyms and no addresses. A service that mails people asks which of its own ids
to write to; no list of people leaves.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from audits.selectors.affected import served_among
from audits.subjects import pseudonym
from governance.core.actors import Actor
from governance.core.clock import database_now
from governance.core.errors import Conflict, Invalid
from governance.ledger.services import record_entry
from governance.registry.access import require
from incidents.choices import Audience, CommunicationState
from incidents.models import Communication

ASKS = "incidents.ask_affected"
MOST_ASKED = 10_000


@transaction.atomic
def affected_among(
    *, communication: Communication, subjects: Sequence[str], actor: Actor
) -> list[str]:
    """Return those of the given ids to whom a message to people is due, in the given order.

    They were served by the version that did harm, from its beginning until it was contained.
    """
    incident = communication.incident
    require(actor, ASKS, [incident.system] if incident.system else [])
    if communication.audience != Audience.PEOPLE or communication.state != CommunicationState.SENT:
        raise Conflict("Only for a message to people that was sent is there anybody to write to.")
    if incident.system is None:
        raise Conflict("No system is named, so nobody can tell whom it served.")
    if not subjects or len(subjects) > MOST_ASKED:
        raise Invalid(f"Ask about 1 to {MOST_ASKED:,} people at a time.")
    named = {each: pseudonym(each) for each in subjects}
    served = served_among(
        incident.system,
        set(named.values()),
        since=incident.started_at or incident.detected_at,
        until=incident.contained_at or database_now(),
        version=incident.version,
    )
    found = [each for each, known in named.items() if known in served]
    record_entry(
        verb="incidents.affected_asked",
        object_type="communication",
        object_id=str(communication.pk),
        actor=actor,
        facts={
            "incident": incident.reference,
            "number": communication.number,
            "asked": len(named),
            "affected": len(found),
        },
    )
    return found
