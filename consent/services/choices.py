"""Recording what people choose: one event a purpose under the locked head row, and a receipt."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from consent.choices import EventStatus, Method
from consent.decision.vocabulary import SPOKEN_STATUSES, VALID_STATUSES
from consent.identity import ledger_commitment
from consent.models import ConsentEvent, ConsentState, DataSubject
from consent.services.access import require
from consent.services.subjects import find_or_make_subject, keep_from_erasure, salt_of
from consent.slowpath.freshness import encode_as_of
from consent.tokens import sign_compact
from governance.core.actors import Actor
from governance.core.clock import database_now
from governance.core.errors import Conflict, Invalid, NotFound
from governance.core.events import ConsentChanged
from governance.ledger.services import record_entry
from governance.outbox.services import emit
from governance.registry.models import PersonalizationType, Purpose

#: A clock of a caller may run this far ahead of ours.
CLOCK_SKEW = timedelta(minutes=5)


@dataclass(frozen=True)
class RecordedChoice:
    """What a write returns; with several purposes, `revision` is the first purpose's."""

    id: UUID
    revision: int
    as_of: str
    receipt: str
    events: tuple[ConsentEvent, ...]


def purposes_of(
    *,
    purpose: str | None,
    type: str | None,  # noqa: A002  (the API's word)
) -> list[Purpose]:
    """Return the purposes meant: the one named, or all of a type's toggle."""
    if (purpose is None) == (type is None):
        raise Invalid("Name either a purpose or a personalization type.")
    if purpose is not None:
        found = list(Purpose.objects.filter(key=purpose))
        if not found:
            raise NotFound(f"There is no purpose {purpose!r}.")
        return found
    kind = PersonalizationType.objects.filter(key=type).prefetch_related("purposes").first()
    if kind is None:
        raise NotFound(f"There is no personalization type {type!r}.")
    found = sorted(kind.purposes.all(), key=lambda each: each.key)
    if not found:
        raise Invalid(f"The type {type!r} stands for no purpose yet.")
    return found


def _status(status: str) -> EventStatus:
    if status not in SPOKEN_STATUSES:
        raise Invalid(f"{status!r} is not a choice; use one of {', '.join(SPOKEN_STATUSES)}.")
    return EventStatus(status)


@transaction.atomic
def record_choice(
    *,
    subject: str,
    purpose: str | None = None,
    type: str | None = None,  # noqa: A002  (the API's word)
    status: str,
    method: str = Method.API,
    actor: Actor,
    region: str | None = None,
    gpc: bool | None = None,
    notice_version: str | None = None,
    occurred_at: datetime | None = None,
    expires_at: datetime | None = None,
    evidence: Mapping[str, Any] | None = None,
) -> RecordedChoice:
    """Record what a person chose about a purpose, or about every purpose of a type."""
    return record_choices(
        subject=subject,
        choices=[
            (each, _status(status), type or "") for each in purposes_of(purpose=purpose, type=type)
        ],
        method=method,
        actor=actor,
        region=region,
        gpc=gpc,
        notice_version=notice_version,
        occurred_at=occurred_at,
        expires_at=expires_at,
        evidence=evidence,
    )


@transaction.atomic
def record_choices(
    *,
    subject: str,
    choices: Sequence[tuple[Purpose, EventStatus, str]],
    method: str,
    actor: Actor,
    region: str | None = None,
    gpc: bool | None = None,
    notice_version: str | None = None,
    occurred_at: datetime | None = None,
    expires_at: datetime | None = None,
    evidence: Mapping[str, Any] | None = None,
) -> RecordedChoice:
    """Record several choices of one person in one act: one event a purpose, in key order."""
    require(actor, "consent.write")
    if method not in Method.values:
        raise Invalid(f"{method!r} is not a method; use one of {', '.join(Method.values)}.")
    if not choices:
        raise Invalid("Nothing was chosen.")
    now = database_now()
    said_at = occurred_at or now
    if said_at > now + CLOCK_SKEW:
        raise Invalid("occurred_at lies in the future.")
    person = find_or_make_subject(subject)
    keep_from_erasure(person)
    salt = salt_of(person)
    changed = {"region": region, "gpc": gpc}
    updates = {name: value for name, value in changed.items() if value is not None}
    if updates:
        DataSubject.objects.filter(pk=person.pk).update(**updates)
    events = [
        _append(
            person=person,
            salt=salt,
            purpose=purpose,
            event=ConsentEvent(
                status=status,
                method=method,
                type_key=type_key,
                region=(region if region is not None else person.region)[:6],
                gpc=person.gpc if gpc is None else gpc,
                notice_version=notice_version or "",
                occurred_at=said_at,
                expires_at=expires_at if str(status) in VALID_STATUSES else None,
                evidence_sha256=_digest(evidence),
                actor_reference=actor.reference,
            ),
            actor=actor,
        )
        # Head rows are locked in one order, so that two writers never wait for each other.
        for purpose, status, type_key in sorted(choices, key=lambda each: each[0].key)
    ]
    return RecordedChoice(
        id=events[0].pk,
        revision=events[0].revision,
        as_of=_token_of_this_write(),
        receipt=_receipt(events),
        events=tuple(events),
    )


def _digest(evidence: Mapping[str, Any] | None) -> str:
    """Keep only the hash of evidence: the caller keeps the evidence, which may be personal."""
    if not evidence:
        return ""
    text = json.dumps(evidence, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def lock_head(person: DataSubject, purpose: Purpose) -> ConsentState:
    """Return the head row of (person, purpose), locked until the transaction ends."""
    ConsentState.objects.bulk_create(
        [ConsentState(subject=person, purpose=purpose)], ignore_conflicts=True
    )
    return ConsentState.objects.select_for_update().get(subject=person, purpose=purpose)


def _append(
    *,
    person: DataSubject,
    salt: bytes,
    purpose: Purpose,
    event: ConsentEvent,
    actor: Actor,
) -> ConsentEvent:
    """Append one event under the head row's lock and move the head to it."""
    head = lock_head(person, purpose)
    _refuse_stale_grant(head, event)
    pseudonym = person.pseudonym or ""
    entry = record_entry(
        verb="consent.choice_recorded",
        object_type="consent",
        object_id=purpose.key,
        actor=actor,
        facts={
            "subject": ledger_commitment(salt, pseudonym),
            "purpose": purpose.key,
            "status": str(event.status),
            "revision": head.revision + 1,
            "method": str(event.method),
            "notice_version": event.notice_version,
            "occurred_at": event.occurred_at.isoformat(),
        },
    )
    event.subject, event.purpose = person, purpose
    event.revision = head.revision + 1
    event.previous_status = head.status
    event.lawful_basis = purpose.lawful_basis
    event.ledger_entry = entry.pk
    event.save(force_insert=True)
    head.revision = event.revision
    head.status = event.status
    head.decided_at = event.occurred_at
    head.notice_version = event.notice_version
    head.gpc_at_choice = event.gpc
    head.expires_at = event.expires_at
    head.save()
    emit(
        ConsentChanged(
            subject_pseudonym=pseudonym,
            purpose_key=purpose.key,
            status=str(event.status),
            revision=event.revision,
        )
    )
    return event


def _refuse_stale_grant(head: ConsentState, event: ConsentEvent) -> None:
    """A consent that was said before the last denial must not overturn it; ties deny."""
    if (
        event.status in VALID_STATUSES
        and head.decided_at is not None
        and head.status not in VALID_STATUSES
        and event.occurred_at <= head.decided_at
    ):
        raise Conflict(
            "This consent was given before the person's last choice, which stands. "
            "Ask the person again."
        )


def _token_of_this_write() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()::text")
        return encode_as_of(int(cursor.fetchone()[0]))


def _receipt(events: Sequence[ConsentEvent]) -> str:
    """Sign what was recorded. A receipt says *recorded*; it does not say *valid*."""
    return sign_compact(
        settings.KEYS.receipt_key,
        {"alg": "EdDSA", "typ": "consent-receipt+jwt"},
        {
            "iss": settings.PUBLIC_URL,
            "iat": int(events[0].at.timestamp()),
            "events": [
                {
                    "id": str(event.pk),
                    "purpose": event.purpose.key,
                    "status": str(event.status),
                    "revision": event.revision,
                    "notice_version": event.notice_version,
                    "occurred_at": event.occurred_at.isoformat(),
                    "ledger_entry": str(event.ledger_entry),
                }
                for event in events
            ],
        },
    )
