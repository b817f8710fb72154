"""Writing the person's side: choices, subject tokens, notices, restriction and erasure."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, connection, transaction

from consent.choices import EventStatus, Language, Method
from consent.decision.vocabulary import SPOKEN_STATUSES, VALID_STATUSES
from consent.identity import fingerprint_of, ledger_commitment, pseudonym_of
from consent.models import (
    ConsentEvent,
    ConsentState,
    DataSubject,
    IssuedToken,
    NoticeText,
    NoticeVersion,
    SubjectSalt,
    Suppression,
    TokenUse,
)
from consent.slowpath.freshness import encode_as_of
from consent.tokens import LONGEST_LIFE, SubjectToken, sign_compact, write_token
from governance.core.actors import Actor
from governance.core.clock import database_now
from governance.core.errors import Conflict, Invalid, NotFound, NotPermitted
from governance.core.events import ConsentChanged
from governance.core.ids import uuid7
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


def _may(actor: Actor, action: str) -> None:
    if not actor.may(action):
        raise NotPermitted(f"{actor.display} is not allowed to do this ({action}).")


def find_or_make_subject(external_id: str) -> DataSubject:
    """Return the person's row, made with its salt when new; an erased person stays erased."""
    if not external_id or len(external_id) > 1024:
        raise Invalid("A subject is a text of 1 to 1024 signs.")
    pseudonym = pseudonym_of(settings.KEYS.subject_pepper, external_id)
    known = DataSubject.objects.filter(pseudonym=pseudonym).first()
    if known is not None:
        return known
    fingerprint = fingerprint_of(settings.KEYS.fingerprint_key, pseudonym)
    if Suppression.objects.filter(fingerprint=fingerprint).exists():
        raise Conflict("This person was erased; nothing about them is recorded again.")
    DataSubject.objects.bulk_create([DataSubject(pseudonym=pseudonym)], ignore_conflicts=True)
    subject = DataSubject.objects.get(pseudonym=pseudonym)
    SubjectSalt.objects.bulk_create(
        [SubjectSalt(subject=subject, salt=secrets.token_bytes(32))], ignore_conflicts=True
    )
    return subject


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
    _may(actor, "consent.write")
    if method not in Method.values:
        raise Invalid(f"{method!r} is not a method; use one of {', '.join(Method.values)}.")
    if not choices:
        raise Invalid("Nothing was chosen.")
    now = database_now()
    said_at = occurred_at or now
    if said_at > now + CLOCK_SKEW:
        raise Invalid("occurred_at lies in the future.")
    person = find_or_make_subject(subject)
    salt = bytes(SubjectSalt.objects.get(subject=person).salt)
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
                expires_at=expires_at if status in VALID_STATUSES else None,
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


@transaction.atomic
def mint_subject_token(
    *,
    subject: str,
    purposes: Sequence[str] = (),
    origin: str,
    ttl: timedelta = timedelta(minutes=5),
    actor: Actor,
) -> tuple[str, SubjectToken]:
    """Sign a token that lets one browser act for one person, for minutes."""
    _may(actor, "consent.mint_token")
    if not timedelta(seconds=1) <= ttl <= LONGEST_LIFE:
        raise Invalid("ttl is between 1 second and 15 minutes.")
    if not subject or len(subject) > 1024:
        raise Invalid("A subject is a text of 1 to 1024 signs.")
    unknown = set(purposes) - set(
        Purpose.objects.filter(key__in=purposes).values_list("key", flat=True)
    )
    if unknown:
        raise NotFound(f"There is no purpose {min(unknown)!r}.")
    now = database_now().replace(microsecond=0)
    token = SubjectToken(subject, tuple(sorted(set(purposes))), origin, now, now + ttl, uuid7())
    IssuedToken.objects.create(
        jti=token.jti,
        subject_pseudonym=pseudonym_of(settings.KEYS.subject_pepper, subject),
        purposes=list(token.purposes),
        origin=origin,
        issued_by=actor.reference,
        expires_at=token.expires_at,
    )
    return write_token(settings.KEYS.token_key, token), token


def consume_token(*, token: SubjectToken, idempotency_key: str) -> bool:
    """Note a write with a token; False when this very write was made before."""
    try:
        with transaction.atomic():
            TokenUse.objects.create(
                jti=token.jti, idempotency_key=idempotency_key, expires_at=token.expires_at
            )
    except IntegrityError:
        return False
    return True


@transaction.atomic
def publish_notice(
    *,
    key: str,
    texts: Mapping[str, tuple[str, str, str]],
    material: bool = True,
    actor: Actor,
) -> NoticeVersion:
    """Publish a notice version; `texts` maps a language to (title, short text, full text)."""
    _may(actor, "consent.publish_notice")
    if set(texts) != set(Language.values):
        raise Invalid(f"A notice is published in {', '.join(Language.values)}, all of them.")
    version = NoticeVersion(
        key=key,
        material=material,
        published_at=database_now(),
        published_by=actor.reference,
    )
    version.full_clean()
    version.save(force_insert=True)
    rows = [
        NoticeText(version=version, language=language, title=title, short=short, body=body)
        for language, (title, short, body) in sorted(texts.items())
    ]
    NoticeText.objects.bulk_create(rows)
    record_entry(
        verb="consent.notice_published",
        object_type="notice",
        object_id=key,
        actor=actor,
        facts={"material": material, "texts": {row.language: row.sha256 for row in rows}},
    )
    return version


@transaction.atomic
def restrict_subject(*, subject: str, actor: Actor) -> DataSubject:
    """Restrict the processing of a person's data (GDPR Article 18); every decision denies."""
    _may(actor, "consent.erase")
    person = find_or_make_subject(subject)
    salt = bytes(SubjectSalt.objects.get(subject=person).salt)
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


@transaction.atomic
def erase_subject(*, pseudonym: str, actor: Actor) -> int:
    """Cut the link to a person: pseudonym, salt, state and tokens go, a suppression stays."""
    _may(actor, "consent.erase")
    now = database_now()
    Suppression.objects.bulk_create(
        [
            Suppression(
                fingerprint=fingerprint_of(settings.KEYS.fingerprint_key, pseudonym),
                erased_at=now,
            )
        ],
        ignore_conflicts=True,
    )
    person = DataSubject.objects.select_for_update().filter(pseudonym=pseudonym).first()
    removed, _ = IssuedToken.objects.filter(subject_pseudonym=pseudonym).delete()
    if person is None:
        return removed
    removed += ConsentState.objects.filter(subject=person).delete()[0]
    removed += SubjectSalt.objects.filter(subject=person).delete()[0]
    DataSubject.objects.filter(pk=person.pk).update(
        pseudonym=None, erased_at=now, region="", age_band="unknown", gpc=False
    )
    record_entry(
        verb="consent.subject_erased",
        object_type="subject",
        object_id=str(person.pk),
        actor=actor,
        facts={"rows": removed},
    )
    return removed + 1
