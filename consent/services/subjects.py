"""Data subjects: making, opening, restricting and erasing them. What they chose: `choices`."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from consent import selectors
from consent.fastpath.doubt import announce, announce_everyone
from consent.fastpath.fingerprint import suppression_key, suppression_lookup_of
from consent.identity import SubjectNames, fingerprint_of, ledger_commitment, names_of
from consent.models import (
    Complaint,
    ConsentState,
    DataSubject,
    DecisionSample,
    Interest,
    InterestReset,
    IssuedToken,
    SubjectAccess,
    SubjectSalt,
    Suppression,
)
from consent.services.access import require
from governance.core.actors import Actor
from governance.core.clock import database_now
from governance.core.errors import Conflict, Invalid
from governance.core.ids import uuid7
from governance.core.ports import registered_personal_data_holders
from governance.ledger.services import record_entry

ERASED = "This person was erased; nothing about them is recorded again."
_ERASURES = "tactful erasures"
COLLISION = "This id falls on another person's place (one in 10^12); nothing is recorded."


@dataclass(frozen=True, slots=True)
class LockedPerson:
    """A person whom no erasure passes until the transaction ends, and what a write needs."""

    subject: DataSubject
    salt: bytes
    now: datetime
    transaction: int


# Writers share this lock; an erasure takes the whole row and waits for them. It is taken before
# any head row, as erasure does, so that neither waits for the other in a circle.
_FIND = """
SELECT s.id, s.pseudonym, s.key_id, s.lookup, s.region, s.age_band, s.gpc, s.restricted_at,
       s.untold::text, t.salt, clock_timestamp(), pg_current_xact_id()::text::bigint
FROM consent_datasubject s JOIN consent_subjectsalt t ON t.subject_id = s.id
WHERE s.pseudonym = %s AND s.erased_at IS NULL FOR KEY SHARE OF s
"""

_MAKE = """
WITH made AS (
    INSERT INTO consent_datasubject
        (id, pseudonym, key_id, lookup, region, age_band, gpc, untold, updated_at)
    SELECT %(id)s, %(pseudonym)s, %(key_id)s, %(lookup)s, '', 'unknown', false, '[]',
           clock_timestamp()
    WHERE NOT EXISTS
        (SELECT FROM consent_suppression WHERE fingerprint = ANY(%(suppressions)s))
    ON CONFLICT DO NOTHING RETURNING id
), salted AS (
    INSERT INTO consent_subjectsalt (subject_id, salt) SELECT id, %(salt)s FROM made
)
SELECT id, clock_timestamp(), pg_current_xact_id()::text::bigint FROM made
"""

# A person met under a former pepper is named anew; what the ledger holds of them stays as it is.
_RENAME = """
UPDATE consent_datasubject
SET pseudonym = %(pseudonym)s, lookup = %(lookup)s, key_id = %(key_id)s,
    updated_at = clock_timestamp()
WHERE pseudonym = %(former)s AND erased_at IS NULL
"""


def _locked(row: tuple[Any, ...]) -> LockedPerson:
    person = DataSubject(
        id=row[0],
        pseudonym=row[1],
        key_id=row[2],
        lookup=row[3],
        region=row[4],
        age_band=row[5],
        gpc=row[6],
        restricted_at=row[7],
        untold=json.loads(row[8]),
    )
    person._state.adding = False
    return LockedPerson(person, bytes(row[9]), row[10], row[11])


def _find(pseudonym: str) -> LockedPerson | None:
    with connection.cursor() as cursor:
        cursor.execute(_FIND, [pseudonym])
        row = cursor.fetchone()
    return _locked(row) if row else None


def _rename(names: Sequence[SubjectNames]) -> bool:
    """Give a person found under a former pepper the newest names; True when one was found."""
    newest = names[0]
    for former in names[1:]:
        with connection.cursor() as cursor:
            cursor.execute(
                _RENAME,
                {
                    "former": former.pseudonym,
                    "pseudonym": newest.pseudonym,
                    "lookup": newest.lookup,
                    "key_id": newest.key_id,
                },
            )
            found = cursor.rowcount
        if found:
            IssuedToken.objects.filter(subject_pseudonym=former.pseudonym).update(
                subject_pseudonym=newest.pseudonym
            )
            return True
    return False


def _wait_for_erasure(pseudonym: str) -> None:
    """Make and erase one person one after the other: nobody is known and suppressed at once."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(('x' || left(%s, 16))::bit(64)::bigint)", [pseudonym]
        )


def share_with_erasures() -> None:
    """Let an import of many people and the erasure of an unknown one never overlap."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(hashtextextended(%s, 0))", [_ERASURES])


def _make(names: Sequence[SubjectNames]) -> LockedPerson | None:
    newest, salt = names[0], secrets.token_bytes(32)
    made = uuid7()
    for each in names:
        _wait_for_erasure(each.pseudonym)
    with connection.cursor() as cursor:
        cursor.execute(
            _MAKE,
            {
                "id": made,
                "pseudonym": newest.pseudonym,
                "key_id": newest.key_id,
                "lookup": newest.lookup,
                "suppressions": [each.suppression for each in names],
                "salt": salt,
            },
        )
        row = cursor.fetchone()
    if row is None:
        return None
    person = DataSubject(
        id=made, pseudonym=newest.pseudonym, key_id=newest.key_id, lookup=newest.lookup
    )
    person._state.adding = False
    return LockedPerson(person, salt, row[1], row[2])


def names_of_subject(external_id: str) -> tuple[SubjectNames, ...]:
    """The names of a person whose id may be one, newest first."""
    if not external_id or len(external_id) > 1024:
        raise Invalid("A subject is a text of 1 to 1024 signs.")
    return names_of(settings.KEYS, external_id)


def lock_person(external_id: str) -> LockedPerson:
    """Return the person, made with a salt when new; erasure waits until the transaction ends."""
    names = names_of_subject(external_id)
    newest = names[0].pseudonym
    found = _find(newest)
    if found is None and _rename(names):
        found = _find(newest)
    found = found or _make(names) or _find(newest)
    if found is not None:
        if found.subject.lookup is None:
            update_person(found, lookup=names[0].lookup, key_id=names[0].key_id)
        return found
    if Suppression.objects.filter(fingerprint__in=[each.suppression for each in names]).exists():
        raise Conflict(ERASED)
    raise Conflict(COLLISION)


def update_person(person: LockedPerson, **changes: Any) -> None:
    """Write what changed about a person, if anything did."""
    changed = {
        name: value for name, value in changes.items() if getattr(person.subject, name) != value
    }
    if changed:
        DataSubject.objects.filter(pk=person.subject.pk).update(**changed)
        for name, value in changed.items():
            setattr(person.subject, name, value)
        announce(person.subject, person.transaction)


def salt_of(person: DataSubject) -> bytes:
    """Return the salt of a person's ledger commitments; it is gone once they were erased."""
    row = SubjectSalt.objects.filter(subject=person).first()
    if row is None:
        raise Conflict(ERASED)
    return bytes(row.salt)


@transaction.atomic
def open_subject(*, subject: str, purpose_of_access: str, actor: Actor) -> DataSubject:
    """Open one person's file; who looked and what for is recorded first."""
    require(actor, "consent.read_subject")
    reason = purpose_of_access.strip()
    if not reason:
        raise Invalid("Say what you look at this person's choices for.")
    person = selectors.find_subject(subject)
    SubjectAccess.objects.create(
        subject=person, actor_reference=actor.reference, purpose_of_access=reason[:300]
    )
    salt = salt_of(person)
    record_entry(
        verb="consent.subject_opened",
        object_type="subject",
        object_id=str(person.pk),
        actor=actor,
        facts={"subject": ledger_commitment(salt, person.pseudonym or "")},
    )
    return person


@transaction.atomic
def restrict_subject(*, subject: str, actor: Actor) -> DataSubject:
    """Restrict the processing of a person's data (GDPR Article 18); every decision denies."""
    require(actor, "consent.erase")
    person = lock_person(subject)
    if DataSubject.objects.filter(pk=person.subject.pk, restricted_at=None).update(
        restricted_at=person.now
    ):
        person.subject.restricted_at = person.now
        announce(person.subject, person.transaction)
        record_entry(
            verb="consent.subject_restricted",
            object_type="subject",
            object_id=str(person.subject.pk),
            actor=actor,
            facts={"subject": ledger_commitment(person.salt, person.subject.pseudonym or "")},
        )
    return person.subject


def _suppression_lookup(person: DataSubject | None) -> int | None:
    """Where the fast check finds that a person was erased; None when they were never named."""
    if person is None or person.lookup is None:
        return None
    return suppression_lookup_of(suppression_key(settings.KEYS.fingerprint_key), person.lookup)


@transaction.atomic
def erase_subject(*, pseudonym: str, actor: Actor) -> int:
    """Cut the link to a person: pseudonym, salt, state and tokens go, a suppression stays."""
    require(actor, "consent.erase")
    now = database_now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [_ERASURES])
    _wait_for_erasure(pseudonym)
    person = DataSubject.objects.select_for_update().filter(pseudonym=pseudonym).first()
    Suppression.objects.bulk_create(
        [
            Suppression(
                fingerprint=fingerprint_of(settings.KEYS.fingerprint_key, pseudonym),
                lookup=_suppression_lookup(person),
                erased_at=now,
            )
        ],
        ignore_conflicts=True,
    )
    removed, _ = IssuedToken.objects.filter(subject_pseudonym=pseudonym).delete()
    if person is None:
        announce_everyone()
        return removed
    announce(person)
    removed += ConsentState.objects.filter(subject=person).delete()[0]
    removed += SubjectSalt.objects.filter(subject=person).delete()[0]
    if person.lookup is not None:
        removed += DecisionSample.objects.filter(lookup=person.lookup).delete()[0]
    for held in (Interest, InterestReset, Complaint):
        removed += held.objects.filter(subject=person).delete()[0]
    DataSubject.objects.filter(pk=person.pk).update(
        pseudonym=None,
        lookup=None,
        erased_at=now,
        region="",
        age_band="unknown",
        gpc=False,
        untold=[],
    )
    record_entry(
        verb="consent.subject_erased",
        object_type="subject",
        object_id=str(person.pk),
        actor=actor,
        facts={"rows": removed},
    )
    return removed + 1


@transaction.atomic
def erase_everywhere(*, subject: str, actor: Actor) -> int:
    """Erase a person in every room, under every name they may have; return how many rows went."""
    require(actor, "consent.erase")
    names = names_of(settings.KEYS, subject)
    gone = 0
    for each in names:
        person = f"subject:{each.pseudonym}"
        gone += sum(holder.erase(person) for holder in registered_personal_data_holders())
        # Also where nobody was known: the fast check must find that they stay denied.
        Suppression.objects.filter(fingerprint=each.suppression, lookup=None).update(
            lookup=each.suppression_lookup
        )
    return gone
