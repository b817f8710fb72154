"""Writing to the ledger: one entry, inside the transaction of the fact it tells of."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from governance.core.actors import Actor
from governance.core.errors import Invalid
from governance.ledger.leaves import commitment, unprovable_value
from governance.ledger.models import LedgerEntry, PersonalDetail


def record_entry(
    *,
    verb: str,
    object_type: str,
    object_id: str,
    actor: Actor,
    facts: Mapping[str, Any],
    personal: Mapping[str, Any] | None = None,
    about: Sequence[str] = (),
) -> LedgerEntry:
    """Write an entry in the caller's transaction; the sequencer gives it a position.

    `facts` are JSON and hold no personal data. `personal` values stay in an erasable side table,
    the leaf holds their salted hash; `about` names the people they are about (default: the actor).
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError(
            "record_entry belongs inside the transaction of the fact it records."
        )
    for values, name in ((facts, "facts"), (personal or {}, "personal")):
        problem = unprovable_value(values, name)
        if problem:
            raise Invalid(f"The ledger cannot keep this: {problem}.")
    salt = secrets.token_bytes(32)
    entry = LedgerEntry.objects.create(
        verb=verb,
        object_type=object_type,
        object_id=str(object_id),
        actor_reference=actor.reference,
        facts=dict(facts),
        personal_commitment=commitment(salt, personal) if personal else "",
    )
    if personal:
        PersonalDetail.objects.create(
            entry=entry,
            salt=salt,
            values=dict(personal),
            about=list(about) or [actor.reference],
        )
    return entry


@dataclass(frozen=True, slots=True)
class EntryDraft:
    """An entry without personal values, to be written with others in one statement."""

    verb: str
    object_type: str
    object_id: str
    facts: Mapping[str, Any]


_RECORD_MANY = """
INSERT INTO ledger_ledgerentry
    (verb, object_type, object_id, actor_reference, facts, personal_commitment)
SELECT verb, object_type, object_id, %s, facts, ''
FROM unnest(%s::text[], %s::text[], %s::text[], %s::jsonb[]) WITH ORDINALITY
     AS drafts(verb, object_type, object_id, facts, place)
ORDER BY place RETURNING id
"""


def record_entries(*, drafts: Sequence[EntryDraft], actor: Actor) -> list[UUID]:
    """Write several entries in one statement; return their ids in the order of the drafts."""
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError(
            "record_entries belongs inside the transaction of the facts it records."
        )
    for draft in drafts:
        problem = unprovable_value(draft.facts, "facts")
        if problem:
            raise Invalid(f"The ledger cannot keep this: {problem}.")
    with connection.cursor() as cursor:
        cursor.execute(
            _RECORD_MANY,
            [
                actor.reference,
                [draft.verb for draft in drafts],
                [draft.object_type for draft in drafts],
                [draft.object_id for draft in drafts],
                [json.dumps(draft.facts, allow_nan=False) for draft in drafts],
            ],
        )
        return [row[0] for row in cursor.fetchall()]
