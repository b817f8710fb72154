"""Appending events: heads, ledger, events and news of one person in four statements.

Who may choose what, and when a choice is refused, stands in `choices` and `merge`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from consent.choices import ActorKind, EventStatus, Method
from consent.decision.vocabulary import VALID_STATUSES
from consent.fastpath.doubt import announce
from consent.identity import ledger_commitment
from consent.models import ConsentEvent
from consent.services.subjects import LockedPerson
from governance.core.actors import Actor
from governance.core.errors import Conflict
from governance.core.events import ConsentChanged
from governance.core.ids import uuid7
from governance.ledger.services import EntryDraft, record_entries
from governance.outbox.services import emit_many
from governance.registry.models import Purpose

STALE_GRANT = (
    "This consent was given before the person's last choice, which stands. Ask the person again."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventDraft:
    """One event to be, before its revision, its ledger entry and its time are known."""

    purpose: Purpose
    status: EventStatus
    method: Method
    occurred_at: datetime
    actor_kind: ActorKind = ActorKind.SUBJECT
    type_key: str = ""
    region: str = ""
    gpc: bool = False
    notice_version: str = ""
    expires_at: datetime | None = None
    evidence_sha256: str = ""
    clicks: int | None = None
    surface: str = ""
    language: str = ""


# Makes or locks each head and moves it, in one order so that two writers never wait for each
# other in a circle. A consent said before the last denial moves nothing; ties deny. A denial that
# arrives late never makes the head younger than it was.
_HEADS = """
INSERT INTO consent_consentstate AS head
    (id, subject_id, purpose_id, revision, status, previous_status, decided_at, notice_version,
     gpc_at_choice, expires_at, updated_at)
SELECT said.id, %(subject)s, said.purpose, 1, said.status, 'unknown', said.at, said.notice,
       said.gpc, said.expires, clock_timestamp()
FROM unnest(%(ids)s::uuid[], %(purposes)s::uuid[], %(statuses)s::text[], %(times)s::timestamptz[],
            %(notices)s::text[], %(gpcs)s::bool[], %(expiries)s::timestamptz[])
     WITH ORDINALITY AS said(id, purpose, status, at, notice, gpc, expires, place)
ORDER BY said.place
ON CONFLICT (subject_id, purpose_id) DO UPDATE SET
    revision = head.revision + 1,
    previous_status = head.status,
    status = excluded.status,
    decided_at = CASE WHEN excluded.status = ANY(%(valid)s) THEN excluded.decided_at
                      ELSE greatest(head.decided_at, excluded.decided_at) END,
    notice_version = excluded.notice_version,
    gpc_at_choice = excluded.gpc_at_choice,
    expires_at = excluded.expires_at,
    updated_at = excluded.updated_at
WHERE NOT (excluded.status = ANY(%(valid)s) AND head.revision > 0
           AND head.status <> ALL(%(valid)s) AND excluded.decided_at <= head.decided_at)
RETURNING purpose_id, revision, previous_status
"""

_COLUMNS = (
    "subject_id, purpose_id, revision, status, previous_status, method, actor_kind, type_key,"
    " region, gpc, notice_version, lawful_basis, occurred_at, expires_at, evidence_sha256,"
    " actor_reference, ledger_entry, clicks, surface, language"
)
_ROW = f"({', '.join(['%s'] * len(_COLUMNS.split(',')))})"
_VALID = [str(each) for each in VALID_STATUSES]


def _move_heads(person: LockedPerson, drafts: Sequence[EventDraft]) -> dict[Any, tuple[int, str]]:
    """Move every head; return revision and former status by purpose."""
    with connection.cursor() as cursor:
        cursor.execute(
            _HEADS,
            {
                "subject": person.subject.pk,
                "valid": _VALID,
                "ids": [uuid7() for _ in drafts],
                "purposes": [draft.purpose.pk for draft in drafts],
                "statuses": [str(draft.status) for draft in drafts],
                "times": [draft.occurred_at for draft in drafts],
                "notices": [draft.notice_version for draft in drafts],
                "gpcs": [draft.gpc for draft in drafts],
                "expiries": [draft.expires_at for draft in drafts],
            },
        )
        return {purpose: (revision, before) for purpose, revision, before in cursor.fetchall()}


def append_events(
    *, person: LockedPerson, drafts: Sequence[EventDraft], actor: Actor
) -> list[ConsentEvent]:
    """Append one event a draft and move the heads; all of them or, with a refusal, none."""
    drafts = sorted(drafts, key=lambda draft: draft.purpose.key)
    moved = _move_heads(person, drafts)
    if len(moved) < len(drafts):
        raise Conflict(STALE_GRANT)
    announce(person.subject, person.transaction)
    pseudonym = person.subject.pseudonym or ""
    commitment = ledger_commitment(person.salt, pseudonym)
    entries = record_entries(
        drafts=[
            EntryDraft(
                "consent.choice_recorded",
                "consent",
                draft.purpose.key,
                {
                    "subject": commitment,
                    "purpose": draft.purpose.key,
                    "status": str(draft.status),
                    "revision": moved[draft.purpose.pk][0],
                    "method": str(draft.method),
                    "notice_version": draft.notice_version,
                    "occurred_at": draft.occurred_at.isoformat(),
                },
            )
            for draft in drafts
        ],
        actor=actor,
    )
    events = [
        ConsentEvent(
            subject=person.subject,
            purpose=draft.purpose,
            revision=moved[draft.purpose.pk][0],
            status=draft.status,
            previous_status=moved[draft.purpose.pk][1],
            method=draft.method,
            actor_kind=draft.actor_kind,
            type_key=draft.type_key,
            region=draft.region[:6],
            gpc=draft.gpc,
            notice_version=draft.notice_version,
            lawful_basis=draft.purpose.lawful_basis,
            occurred_at=draft.occurred_at,
            expires_at=draft.expires_at,
            evidence_sha256=draft.evidence_sha256,
            actor_reference=actor.reference,
            ledger_entry=entry,
            clicks=draft.clicks,
            surface=draft.surface,
            language=draft.language,
        )
        for draft, entry in zip(drafts, entries, strict=True)
    ]
    _insert(events)
    emit_many(
        [
            ConsentChanged(
                subject_pseudonym=pseudonym,
                purpose_key=event.purpose.key,
                status=str(event.status),
                revision=event.revision,
            )
            for event in events
        ]
    )
    return events


def _insert(events: Sequence[ConsentEvent]) -> None:
    """Insert the events in one statement; the database gives each its id and its time."""
    names = [name.strip() for name in _COLUMNS.split(",")]
    values = [
        str(value) if isinstance(value, EventStatus | Method | ActorKind) else value
        for event in events
        for value in (getattr(event, name) for name in names)
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO consent_consentevent ({_COLUMNS}) "
            f"VALUES {', '.join([_ROW] * len(events))} RETURNING id, at",
            values,
        )
        for event, (made_id, made_at) in zip(events, cursor.fetchall(), strict=True):
            event.id, event.at = made_id, made_at
            event._state.adding = False
