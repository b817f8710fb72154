"""Applying one chunk of choices in one short transaction: set-based, heads locked in key order.

A newer choice wins, a tie denies, and a row without evidence moves no head that stands.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from consent.decision.expiry import PurposeRules, expiry_of
from consent.decision.vocabulary import VALID_STATUSES
from consent.fastpath.doubt import announce_many
from consent.fastpath.fingerprint import lookup_key, lookup_of
from consent.identity import fingerprint_of, key_id_of, pseudonym_of
from consent.importing.rows import Choice
from consent.models import DataSubject
from consent.services.subjects import lock_person, share_with_erasures
from governance.core.actors import Actor
from governance.core.clock import database_now
from governance.core.ids import uuid7
from governance.ledger.services import record_entry
from governance.outbox.subscriptions import subscribers_of

_VALID = [str(each) for each in VALID_STATUSES]

_ROWS = """
CREATE TEMPORARY TABLE IF NOT EXISTS import_row (
    line bigint, person uuid, pseudonym text, key_id text, lookup bigint, suppression text,
    salt bytea, head uuid, purpose uuid, key text, basis text, status text, valid boolean,
    at timestamptz, notice text, region text, expires timestamptz, evidence text
) ON COMMIT DROP;
TRUNCATE import_row
"""

_PEOPLE = """
WITH made AS (
    INSERT INTO consent_datasubject
        (id, pseudonym, key_id, lookup, region, age_band, gpc, untold, updated_at)
    SELECT DISTINCT ON (pseudonym) person, pseudonym, key_id, lookup, region, 'unknown', false,
           '[]'::jsonb, clock_timestamp()
    FROM import_row r
    WHERE NOT EXISTS (SELECT FROM consent_datasubject s WHERE s.pseudonym = r.pseudonym)
      AND NOT EXISTS (SELECT FROM consent_suppression g WHERE g.fingerprint = r.suppression)
    ORDER BY pseudonym
    ON CONFLICT DO NOTHING RETURNING id
)
INSERT INTO consent_subjectsalt (subject_id, salt)
SELECT made.id, r.salt FROM made JOIN import_row r ON r.person = made.id
"""

# Erasures wait for the chunk; heads are locked in the order in which every writer locks them.
_LOCK_PEOPLE = """
SELECT s.id, s.lookup FROM consent_datasubject s
WHERE s.pseudonym IN (SELECT pseudonym FROM import_row) ORDER BY s.id FOR KEY SHARE
"""
_LOCK_HEADS = """
SELECT count(*) FROM (
    SELECT h.id FROM consent_consentstate h
    JOIN consent_datasubject s ON s.id = h.subject_id
    JOIN (SELECT DISTINCT pseudonym, purpose, key FROM import_row) r
      ON r.pseudonym = s.pseudonym AND r.purpose = h.purpose_id
    ORDER BY h.subject_id, r.key FOR UPDATE OF h) AS locked
"""

_ERASED = """
SELECT r.line FROM import_row r
WHERE NOT EXISTS (SELECT FROM consent_datasubject s WHERE s.pseudonym = r.pseudonym)
ORDER BY r.line
"""

_APPLY = """
WITH picked AS MATERIALIZED (
    SELECT DISTINCT ON (s.id, r.purpose) s.id AS subject, s.gpc, r.*
    FROM import_row r JOIN consent_datasubject s ON s.pseudonym = r.pseudonym
    ORDER BY s.id, r.purpose, r.at DESC, r.valid, r.line DESC
), moved AS (
    INSERT INTO consent_consentstate AS head
        (id, subject_id, purpose_id, revision, status, previous_status, decided_at,
         notice_version, gpc_at_choice, expires_at, updated_at)
    SELECT head, subject, purpose, 1, status, 'unknown', at, notice, false, expires,
           clock_timestamp()
    FROM picked ORDER BY subject, key
    ON CONFLICT (subject_id, purpose_id) DO UPDATE SET
        revision = head.revision + 1, previous_status = head.status, status = excluded.status,
        decided_at = excluded.decided_at, notice_version = excluded.notice_version,
        gpc_at_choice = excluded.gpc_at_choice, expires_at = excluded.expires_at,
        updated_at = excluded.updated_at
    WHERE head.revision = 0
       OR (excluded.status <> 'unknown' AND (
           excluded.decided_at > head.decided_at
           OR (excluded.decided_at = head.decided_at AND head.status = ANY(%(valid)s)
               AND excluded.status <> ALL(%(valid)s))))
    RETURNING subject_id, purpose_id, revision, status, previous_status
), noted AS (
    INSERT INTO consent_consentevent
        (subject_id, purpose_id, revision, status, previous_status, method, actor_kind, type_key,
         region, gpc, notice_version, lawful_basis, occurred_at, expires_at, evidence_sha256,
         actor_reference, ledger_entry, surface, language)
    SELECT m.subject_id, m.purpose_id, m.revision, m.status, m.previous_status, 'import',
           'import', '', p.region, false, p.notice, p.basis, p.at, p.expires, p.evidence,
           %(actor)s, %(entry)s, '', ''
    FROM moved m JOIN picked p ON p.subject = m.subject_id AND p.purpose = m.purpose_id
    RETURNING subject_id, purpose_id, revision, status, previous_status
), told AS (
    SELECT outbox_emit('ConsentChanged', jsonb_build_object(
        'subject_pseudonym', p.pseudonym, 'purpose_key', p.key, 'status', n.status,
        'revision', n.revision), %(subscribers)s::text[]) AS id
    FROM noted n JOIN picked p ON p.subject = n.subject_id AND p.purpose = n.purpose_id
    WHERE n.previous_status = ANY(%(valid)s) AND n.status <> ALL(%(valid)s)
)
SELECT p.key, n.previous_status, n.status, count(*), (SELECT count(*) FROM told)
FROM noted n JOIN picked p ON p.subject = n.subject_id AND p.purpose = n.purpose_id
GROUP BY 1, 2, 3
"""


@dataclass
class Applied:
    """What a chunk did: moves by (purpose, before, after), and the lines of erased people."""

    moves: dict[tuple[str, str, str], int] = field(default_factory=dict)
    erased: list[int] = field(default_factory=list)

    @property
    def count(self) -> int:
        return sum(self.moves.values())


@dataclass(frozen=True, slots=True)
class PurposeRow:
    """A purpose as rows name it."""

    id: UUID
    lawful_basis: str
    rules: PurposeRules


Prepared = list[tuple[Any, ...]]


def prepare(
    choices: Sequence[Choice], purposes: dict[str, PurposeRow], now: datetime
) -> tuple[Prepared, str]:
    """Name the people of a chunk, before its transaction begins; also the chunk's digest."""
    keys = settings.KEYS
    pepper = keys.subject_pepper
    key_id, key = key_id_of(pepper), lookup_key(pepper)
    noise = secrets.token_bytes(32 * len(choices))
    digest = hashlib.sha256()
    rows: Prepared = []
    for place, choice in enumerate(choices):
        pseudonym = pseudonym_of(pepper, choice.subject)
        at = choice.occurred_at or now
        evidence = json.dumps(
            [
                pseudonym,
                choice.purpose,
                choice.status,
                at.isoformat(),
                choice.notice_version,
                choice.method,
            ],
        ).encode()
        digest.update(evidence)
        purpose = purposes[choice.purpose]
        rows.append(
            (
                choice.line,
                uuid7(),
                pseudonym,
                key_id,
                lookup_of(key, choice.subject),
                fingerprint_of(keys.fingerprint_key, pseudonym),
                noise[32 * place : 32 * place + 32],
                uuid7(),
                purpose.id,
                choice.purpose,
                purpose.lawful_basis,
                choice.status,
                choice.status in _VALID,
                at,
                choice.notice_version,
                choice.region,
                expiry_of(purpose.rules, choice.region, at, choice.expires_at)
                if choice.status in _VALID
                else None,
                hashlib.sha256(evidence).hexdigest(),
            )
        )
    return rows, digest.hexdigest()


def apply_chunk(
    choices: Sequence[Choice],
    prepared: Prepared,
    digest: str,
    *,
    batch: UUID,
    number: int,
    actor: Actor,
    dry_run: bool,
) -> Applied:
    """Apply a prepared chunk inside the caller's transaction; a dry run undoes it."""
    share_with_erasures()
    if len(settings.KEYS.subject_peppers) > 1:  # people under a former pepper are named anew
        for subject in sorted({choice.subject for choice in choices}):
            lock_person(subject)
    applied = Applied()
    with connection.cursor() as cursor:
        cursor.execute(_ROWS)
        with cursor.copy("COPY import_row FROM STDIN") as copy:
            for row in prepared:
                copy.write_row(row)
        cursor.execute("ANALYZE import_row")
        cursor.execute(_PEOPLE)
        cursor.execute(_LOCK_PEOPLE)
        people = [DataSubject(id=row[0], lookup=row[1]) for row in cursor.fetchall()]
        cursor.execute(_LOCK_HEADS)
        if not dry_run:
            announce_many(people)
        cursor.execute(_ERASED)
        applied.erased = [row[0] for row in cursor.fetchall()]
        entry = record_entry(
            verb="consent.choices_imported",
            object_type="import",
            object_id=str(batch),
            actor=actor,
            facts={"chunk": number, "rows": len(prepared), "sha256": digest},
        )
        cursor.execute(
            _APPLY,
            {
                "valid": _VALID,
                "actor": actor.reference,
                "entry": entry.pk,
                "subscribers": subscribers_of("ConsentChanged"),
            },
        )
        applied.moves = {(key, before, after): n for key, before, after, n, _ in cursor.fetchall()}
    if dry_run:
        transaction.set_rollback(True)
    return applied


def now() -> datetime:
    """The database's clock, once a chunk."""
    return database_now()
