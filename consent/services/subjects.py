"""Data subjects: making, opening, restricting and erasing them. What they chose: `choices`."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.db import connection, transaction

from consent import selectors
from consent.fastpath.fingerprint import (
    lookup_key,
    lookup_of,
    suppression_key,
    suppression_lookup_of,
)
from consent.identity import fingerprint_of, ledger_commitment, pseudonym_of
from consent.models import (
    ConsentState,
    DataSubject,
    IssuedToken,
    SubjectAccess,
    SubjectSalt,
    Suppression,
)
from consent.services.access import require
from governance.core.actors import Actor
from governance.core.clock import database_now
from governance.core.errors import Conflict, Invalid
from governance.ledger.services import record_entry

ERASED = "This person was erased; nothing about them is recorded again."


def find_or_make_subject(external_id: str) -> DataSubject:
    """Return the person's row, made with its salt when new; an erased person stays erased."""
    if not external_id or len(external_id) > 1024:
        raise Invalid("A subject is a text of 1 to 1024 signs.")
    pseudonym = pseudonym_of(settings.KEYS.subject_pepper, external_id)
    lookup = lookup_of(lookup_key(settings.KEYS.subject_pepper), external_id)
    known = DataSubject.objects.filter(pseudonym=pseudonym).first()
    if known is not None:
        if known.lookup is None and known.erased_at is None:
            DataSubject.objects.filter(pk=known.pk).update(lookup=lookup)
            known.lookup = lookup
        return known
    _wait_for_erasure(pseudonym)
    fingerprint = fingerprint_of(settings.KEYS.fingerprint_key, pseudonym)
    if Suppression.objects.filter(fingerprint=fingerprint).exists():
        raise Conflict(ERASED)
    DataSubject.objects.bulk_create(
        [DataSubject(pseudonym=pseudonym, lookup=lookup)], ignore_conflicts=True
    )
    subject = DataSubject.objects.get(pseudonym=pseudonym)
    SubjectSalt.objects.bulk_create(
        [SubjectSalt(subject=subject, salt=secrets.token_bytes(32))], ignore_conflicts=True
    )
    return subject


def _wait_for_erasure(pseudonym: str) -> None:
    """Make and erase one person one after the other: nobody is known and suppressed at once."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(('x' || left(%s, 16))::bit(64)::bigint)", [pseudonym]
        )


def salt_of(person: DataSubject) -> bytes:
    """Return the salt of a person's ledger commitments; it is gone once they were erased."""
    row = SubjectSalt.objects.filter(subject=person).first()
    if row is None:
        raise Conflict(ERASED)
    return bytes(row.salt)


def keep_from_erasure(person: DataSubject) -> None:
    """Make an erasure wait for this transaction; refuse when one came first.

    Writers share this lock; it is taken before any head row, as erasure does, so that neither
    waits for the other in a circle.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM consent_datasubject WHERE id = %s AND erased_at IS NULL FOR KEY SHARE",
            [person.pk],
        )
        if cursor.fetchone() is None:
            raise Conflict(ERASED)


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
    person = find_or_make_subject(subject)
    salt = salt_of(person)
    if DataSubject.objects.filter(pk=person.pk, restricted_at=None).update(
        restricted_at=database_now()
    ):
        record_entry(
            verb="consent.subject_restricted",
            object_type="subject",
            object_id=str(person.pk),
            actor=actor,
            facts={"subject": ledger_commitment(salt, person.pseudonym or "")},
        )
    person.refresh_from_db()
    return person


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
        return removed
    removed += ConsentState.objects.filter(subject=person).delete()[0]
    removed += SubjectSalt.objects.filter(subject=person).delete()[0]
    DataSubject.objects.filter(pk=person.pk).update(
        pseudonym=None, lookup=None, erased_at=now, region="", age_band="unknown", gpc=False
    )
    record_entry(
        verb="consent.subject_erased",
        object_type="subject",
        object_id=str(person.pk),
        actor=actor,
        facts={"rows": removed},
    )
    return removed + 1
