"""Writing to the ledger: one entry, inside the transaction of the fact it tells of."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

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
