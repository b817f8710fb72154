"""Recording what people choose: one event a purpose under the locked head row, and a receipt."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypedDict, Unpack
from uuid import UUID

from django.conf import settings
from django.db import transaction

from consent.choices import ActorKind, EventStatus, Method
from consent.decision.expiry import expiry_of
from consent.decision.vocabulary import SPOKEN_STATUSES, VALID_STATUSES
from consent.models import ConsentEvent
from consent.services.access import require
from consent.services.appending import EventDraft, append_events
from consent.services.expiry import rules_for_recording
from consent.services.subjects import lock_person, update_person
from consent.slowpath.freshness import encode_as_of
from consent.tokens import sign_compact
from governance.core.actors import Actor
from governance.core.errors import Invalid, NotFound
from governance.registry.models import PersonalizationType, Purpose

#: A clock of a caller may run this far ahead of ours.
CLOCK_SKEW = timedelta(minutes=5)

_PERSON = ActorKind.SUBJECT
_KINDS: dict[str, ActorKind] = {
    Method.IMPORT: ActorKind.IMPORT,
    Method.EXPIRY: ActorKind.SYSTEM,
    Method.BULK: ActorKind.CONTROLLER,
}


class How(TypedDict, total=False):
    """How a choice was made; everything may be left out."""

    region: str | None
    gpc: bool | None
    notice_version: str | None
    occurred_at: datetime | None
    expires_at: datetime | None
    evidence: Mapping[str, Any] | None
    clicks: int | None
    surface: str | None
    language: str | None
    guardian: bool


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


# Everything below the purposes named, at any depth.
_BELOW = """
WITH RECURSIVE below AS (
    SELECT id FROM registry_purpose WHERE parent_id = ANY(%s)
    UNION SELECT p.id FROM registry_purpose p JOIN below ON p.parent_id = below.id
)
SELECT p.* FROM registry_purpose p JOIN below ON p.id = below.id
"""

Said = tuple[Purpose, EventStatus, str]


def cover_descendants(choices: Sequence[Said]) -> list[Said]:
    """A no to a purpose is said of everything below it as well; a yes is said of it alone.

    Where the same act says yes to something below a no, the no stands.
    """
    denied = {each: status for each, status, _ in choices if str(status) not in VALID_STATUSES}
    if not denied:
        return list(choices)
    below = list(Purpose.objects.raw(_BELOW, [[each.pk for each in denied]]))
    if not below:
        return list(choices)
    said = {purpose.pk: (purpose, status, type_key) for purpose, status, type_key in choices}
    parents = {each.pk: each for each in (*denied, *below)}
    for purpose in below:
        above = purpose
        while above not in denied:
            assert above.parent_id is not None  # it was found below one of them
            above = parents[above.parent_id]
        own = said.get(purpose.pk)
        if own is None or str(own[1]) in VALID_STATUSES:
            said[purpose.pk] = (purpose, denied[above], own[2] if own else "")
    return list(said.values())


def _status(status: str) -> EventStatus:
    if status not in SPOKEN_STATUSES:
        raise Invalid(f"{status!r} is not a choice; use one of {', '.join(SPOKEN_STATUSES)}.")
    return EventStatus(status)


def record_choice(
    *,
    subject: str,
    purpose: str | None = None,
    type: str | None = None,  # noqa: A002  (the API's word)
    status: str,
    method: str = Method.API,
    actor: Actor,
    **how: Unpack[How],
) -> RecordedChoice:
    """Record what a person chose about a purpose, or about every purpose of a type."""
    return record_choices(
        subject=subject,
        choices=[
            (each, _status(status), type or "") for each in purposes_of(purpose=purpose, type=type)
        ],
        method=method,
        actor=actor,
        **how,
    )


@transaction.atomic
def record_choices(
    *,
    subject: str,
    choices: Sequence[tuple[Purpose, EventStatus, str]],
    method: str,
    actor: Actor,
    **how: Unpack[How],
) -> RecordedChoice:
    """Record several choices of one person in one act: one event a purpose, in key order."""
    require(actor, "consent.write")
    if method not in Method.values:
        raise Invalid(f"{method!r} is not a method; use one of {', '.join(Method.values)}.")
    if not choices:
        raise Invalid("Nothing was chosen.")
    person = lock_person(subject)
    said_at = how.get("occurred_at") or person.now
    if said_at > person.now + CLOCK_SKEW:
        raise Invalid("occurred_at lies in the future.")
    clicks = how.get("clicks")
    if clicks is not None and not 0 <= clicks <= 1000:
        raise Invalid("clicks is the number of steps the choice took, 0 to 1000.")
    region = how.get("region")
    region = person.subject.region if region is None else region[:6]
    # The signal is kept for the known person; its absence later is no consent.
    gpc = person.subject.gpc or bool(how.get("gpc"))
    update_person(person, region=region, gpc=gpc)
    guardian = bool(how.get("guardian")) or method == Method.GUARDIAN
    evidence = _digest(how.get("evidence"))
    said = cover_descendants(choices)
    ends = _ends(said, region, said_at, how.get("expires_at"))
    events = append_events(
        person=person,
        drafts=[
            EventDraft(
                purpose=purpose,
                status=status,
                method=Method(method),
                actor_kind=ActorKind.GUARDIAN if guardian else _KINDS.get(method, _PERSON),
                type_key=type_key,
                region=region,
                gpc=gpc,
                notice_version=how.get("notice_version") or "",
                occurred_at=said_at,
                expires_at=ends.get(purpose.pk),
                evidence_sha256=evidence,
                clicks=clicks,
                surface=(how.get("surface") or "")[:63],
                language=(how.get("language") or "")[:8],
            )
            for purpose, status, type_key in said
        ],
        actor=actor,
    )
    return RecordedChoice(
        id=events[0].pk,
        revision=events[0].revision,
        as_of=encode_as_of(person.transaction),
        receipt=_receipt(events),
        events=tuple(events),
    )


def _ends(
    said: Sequence[Said], region: str, said_at: datetime, asked: datetime | None
) -> dict[UUID, datetime | None]:
    """When each yes ends: by its purpose, its region and what the caller asked for."""
    given = [purpose for purpose, status, _ in said if str(status) in VALID_STATUSES]
    if not given:
        return {}
    return {
        pk: expiry_of(rules, region, said_at, asked)
        for pk, rules in rules_for_recording(given).items()
    }


def _digest(evidence: Mapping[str, Any] | None) -> str:
    """Keep only the hash of evidence: the caller keeps the evidence, which may be personal."""
    if not evidence:
        return ""
    text = json.dumps(evidence, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


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
