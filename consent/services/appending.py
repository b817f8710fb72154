"""Appending events: heads, ledger, events and news of one person in one call to the database.

Who may choose what, and when a choice is refused, stands in `choices` and `merge`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
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
from governance.outbox.subscriptions import subscribers_of
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


_APPEND = """
SELECT event_id, event_at, event_revision, before, entry
FROM consent_append(%s::uuid, %s, %s, %s, %s::text[], %s::jsonb) ORDER BY place
"""
_encode = msgspec.json.Encoder(decimal_format="number").encode


def _said(draft: EventDraft) -> dict[str, Any]:
    """A draft as the function of the database reads it."""
    return {
        "head": uuid7(),
        "purpose": draft.purpose.pk,
        "key": draft.purpose.key,
        "basis": draft.purpose.lawful_basis,
        "status": str(draft.status),
        "valid": str(draft.status) in VALID_STATUSES,
        "method": str(draft.method),
        "kind": str(draft.actor_kind),
        "type": draft.type_key,
        "region": draft.region[:6],
        "gpc": draft.gpc,
        "notice": draft.notice_version,
        "at": draft.occurred_at,
        "expires": draft.expires_at,
        "evidence": draft.evidence_sha256,
        "clicks": draft.clicks,
        "surface": draft.surface,
        "language": draft.language,
        "facts": {
            "purpose": draft.purpose.key,
            "status": str(draft.status),
            "method": str(draft.method),
            "notice_version": draft.notice_version,
            "occurred_at": draft.occurred_at.isoformat(),
        },
    }


def append_events(
    *, person: LockedPerson, drafts: Sequence[EventDraft], actor: Actor
) -> list[ConsentEvent]:
    """Append one event a draft and move the heads; all of them or, with a refusal, none."""
    drafts = sorted(drafts, key=lambda draft: draft.purpose.key)
    pseudonym = person.subject.pseudonym or ""
    with connection.cursor() as cursor:
        cursor.execute(
            _APPEND,
            [
                str(person.subject.pk),
                pseudonym,
                ledger_commitment(person.salt, pseudonym),
                actor.reference,
                subscribers_of(ConsentChanged.__name__),
                _encode([_said(draft) for draft in drafts]).decode(),
            ],
        )
        rows = cursor.fetchall()
    if len(rows) < len(drafts):
        raise Conflict(STALE_GRANT)
    announce(person.subject, person.transaction)
    return [_event(person, draft, actor, row) for draft, row in zip(drafts, rows, strict=True)]


def _event(
    person: LockedPerson, draft: EventDraft, actor: Actor, row: tuple[Any, ...]
) -> ConsentEvent:
    """The event as it was written."""
    made_id, made_at, revision, before, entry = row
    event = ConsentEvent(
        id=made_id,
        at=made_at,
        subject=person.subject,
        purpose=draft.purpose,
        revision=revision,
        status=draft.status,
        previous_status=before,
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
    event._state.adding = False
    return event
