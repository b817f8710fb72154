"""Appending events: heads, ledger, events and news of one person in one call to the database.

Who may choose what, and when a choice is refused, stands in `choices` and `merge`.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

import msgspec

from consent.choices import ActorKind, EventStatus, Method
from consent.decision.vocabulary import VALID_STATUSES
from consent.fastpath.doubt import announce, announce_lookup
from consent.identity import SubjectNames, ledger_commitment
from consent.models import ConsentEvent
from consent.prepared import prepared_cursor
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
    """One event to be, before its revision, its ledger entry and its time are known.

    What is None is said once for the whole act. A yes `lasts` so long from when it was said, or
    until `expires_at`, whichever comes first.
    """

    purpose: Purpose
    status: EventStatus
    method: Method
    occurred_at: datetime | None = None
    actor_kind: ActorKind = ActorKind.SUBJECT
    type_key: str = ""
    region: str | None = None
    gpc: bool | None = None
    notice_version: str = ""
    lasts: timedelta | None = None
    expires_at: datetime | None = None
    evidence_sha256: str = ""
    clicks: int | None = None
    surface: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What one act of a person shares, and what its recorder took for granted.

    Where `region` is None the person's own counts, thought to be `thought_region`; the drafts
    hold for moments from `since` until before `until`.
    """

    occurred_at: datetime | None
    region: str | None
    thought_region: str
    gpc: bool
    since: datetime | None
    until: datetime | None


@dataclass(frozen=True)
class Appended:
    """What one act appended. Its events are made when somebody looks at them."""

    subject: UUID
    region: str
    gpc: bool
    actor: str
    drafts: Sequence[EventDraft]
    rows: Sequence[tuple[Any, ...]]

    @cached_property
    def events(self) -> tuple[ConsentEvent, ...]:
        return tuple(
            _event(self, draft, row) for draft, row in zip(self.drafts, self.rows, strict=True)
        )


@dataclass(frozen=True, slots=True)
class Chosen:
    """What came of an act, or why nothing was appended (`consent_choose`)."""

    outcome: str
    region: str
    moment: datetime | None
    transaction: int
    appended: Appended | None = None


#: A clock of a caller may run this far ahead of ours.
CLOCK_SKEW = timedelta(minutes=5)
_SKEW = f"{CLOCK_SKEW.total_seconds()} seconds"

_APPEND = "SELECT * FROM consent_append(%s, %s, %s, %s, %s, %s::text::jsonb)"
_CHOOSE = """
SELECT * FROM consent_choose(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s,
                             %s::text::jsonb)
"""
_encode = msgspec.json.Encoder(decimal_format="number").encode


def _json(value: object) -> str:
    return _encode(value).decode()


def _said(draft: EventDraft) -> dict[str, Any]:
    """A draft as the function of the database reads it."""
    said_at = draft.occurred_at
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
        "region": None if draft.region is None else draft.region[:6],
        "gpc": draft.gpc,
        "notice": draft.notice_version,
        "at": said_at,
        "told": said_at.isoformat() if said_at else None,
        "lasts": draft.lasts // timedelta(seconds=1) if draft.lasts else None,
        "expires": draft.expires_at,
        "evidence": draft.evidence_sha256,
        "clicks": draft.clicks,
        "surface": draft.surface,
        "language": draft.language,
    }


def _in_order(drafts: Sequence[EventDraft]) -> list[EventDraft]:
    """Every writer locks heads in this order, so that two never wait in a circle."""
    return sorted(drafts, key=lambda draft: draft.purpose.key)


def append_events(
    *, person: LockedPerson, drafts: Sequence[EventDraft], actor: Actor
) -> list[ConsentEvent]:
    """Append one event a draft and move the heads; all of them or, with a refusal, none.

    Each draft says itself when and where it was said.
    """
    drafts = _in_order(drafts)
    pseudonym = person.subject.pseudonym or ""
    with prepared_cursor() as cursor:
        cursor.execute(
            _APPEND,
            [
                person.subject.pk,
                pseudonym,
                ledger_commitment(person.salt, pseudonym),
                actor.reference,
                subscribers_of(ConsentChanged.__name__),
                _json([_said(draft) for draft in drafts]),
            ],
        )
        rows = cursor.fetchall()
    if len(rows) < len(drafts):
        raise Conflict(STALE_GRANT)
    announce(person.subject, person.transaction)
    appended = Appended(person.subject.pk, "", False, actor.reference, drafts, rows)
    return list(appended.events)


def choose_events(
    *,
    names: Sequence[SubjectNames],
    act: Act,
    drafts: Sequence[EventDraft],
    stamp: str,
    actor: Actor,
) -> Chosen:
    """Find or make the person and append all drafts in one call, if what was thought holds.

    Whoever may be known under a former pepper is only found here, never made.
    """
    drafts = _in_order(drafts)
    newest, may_make = names[0], len(names) == 1
    with prepared_cursor() as cursor:
        cursor.execute(
            _CHOOSE,
            [
                stamp,
                newest.pseudonym,
                newest.key_id,
                newest.lookup,
                newest.suppression,
                uuid7() if may_make else None,
                secrets.token_bytes(32) if may_make else None,
                act.occurred_at,
                _SKEW,
                act.region,
                act.thought_region,
                act.gpc,
                act.since,
                act.until,
                actor.reference,
                subscribers_of(ConsentChanged.__name__),
                _json([_said(draft) for draft in drafts]),
            ],
        )
        rows = cursor.fetchall()
    if len(rows) < len(drafts) and (not rows or rows[0][0] == "done"):
        raise Conflict(STALE_GRANT)
    outcome, who, lookup, region, gpc, moment, writer = rows[0][:7]
    if outcome != "done":
        return Chosen(outcome, region or "", moment, writer or 0)
    announce_lookup(lookup, writer)
    appended = Appended(who, region, gpc, actor.reference, drafts, [row[7:] for row in rows])
    return Chosen(outcome, region, moment, writer, appended)


def _event(act: Appended, draft: EventDraft, row: tuple[Any, ...]) -> ConsentEvent:
    """The event as it was written."""
    made_id, made_at, revision, before, entry, decided, ends = row
    event = ConsentEvent(
        id=made_id,
        at=made_at,
        subject_id=act.subject,
        purpose=draft.purpose,
        revision=revision,
        status=draft.status,
        previous_status=before,
        method=draft.method,
        actor_kind=draft.actor_kind,
        type_key=draft.type_key,
        region=act.region if draft.region is None else draft.region[:6],
        gpc=act.gpc if draft.gpc is None else draft.gpc,
        notice_version=draft.notice_version,
        lawful_basis=draft.purpose.lawful_basis,
        occurred_at=decided,
        expires_at=ends,
        evidence_sha256=draft.evidence_sha256,
        actor_reference=act.actor,
        ledger_entry=entry,
        clicks=draft.clicks,
        surface=draft.surface,
        language=draft.language,
    )
    event._state.adding = False
    return event
