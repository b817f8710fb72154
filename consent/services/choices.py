"""Recording what people choose: one event a purpose under the locked head row, and a receipt."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, TypedDict, Unpack
from uuid import UUID

from django.conf import settings
from django.db import transaction

from consent.choices import ActorKind, EventStatus, Method
from consent.decision.expiry import expiry_of
from consent.decision.vocabulary import SPOKEN_STATUSES, VALID_STATUSES
from consent.models import ConsentEvent
from consent.services.access import require
from consent.services.appending import Act, Appended, EventDraft, choose_events
from consent.services.rulebook import Rulebook, held_rulebook, read_rulebook
from consent.services.subjects import lock_person, names_of_subject
from consent.slowpath.freshness import encode_as_of
from consent.tokens import sign_compact
from governance.core.actors import Actor
from governance.core.errors import Conflict, Invalid, NotFound
from governance.registry.models import PersonalizationType, Purpose

#: Each wrong idea is put right once; more means that the registry is changed without a pause.
_MOST_TRIES = 8

_PERSON = ActorKind.SUBJECT
_METHODS = tuple(Method.values)
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
    """What a write returns: one act, or several that were recorded one after the other.

    With several purposes, `id` and `revision` are the first one's. A receipt is signed when
    somebody asks for it.
    """

    as_of: str
    acts: tuple[Appended, ...]

    @classmethod
    def joined(cls, recorded: Sequence[RecordedChoice]) -> RecordedChoice:
        """Several as one, of which the first tells `as_of`."""
        return cls(recorded[0].as_of, tuple(act for one in recorded for act in one.acts))

    @property
    def events(self) -> tuple[ConsentEvent, ...]:
        return tuple(event for act in self.acts for event in act.events)

    @property
    def id(self) -> UUID:
        return self.acts[0].events[0].pk

    @property
    def revision(self) -> int:
        return self.acts[0].events[0].revision

    @cached_property
    def receipt(self) -> str:
        return "\n".join(_receipt(act.events) for act in self.acts)


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


Said = tuple[Purpose, EventStatus, str]


def cover_descendants(choices: Sequence[Said], book: Rulebook) -> list[Said]:
    """A no to a purpose is said of everything below it as well; a yes is said of it alone.

    Where the same act says yes to something below a no, the no stands.
    """
    denied = {each.pk: status for each, status, _ in choices if str(status) not in VALID_STATUSES}
    below = book.below(denied)
    if not below:
        return list(choices)
    said = {purpose.pk: (purpose, status, type_key) for purpose, status, type_key in choices}
    for purpose in below:
        above = purpose.pk
        while above not in denied:
            parent = book.purposes[above].parent_id
            assert parent is not None  # it was found below one of them
            above = parent
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
    wanted = _status(status)

    def say(book: Rulebook) -> list[Said]:
        known = book.named.get(purpose) if purpose is not None and type is None else None
        found = [known] if known else purposes_of(purpose=purpose, type=type)
        return [(each, wanted, type or "") for each in found]

    return _record(subject=subject, say=say, method=method, actor=actor, how=how)


def record_choices(
    *,
    subject: str,
    choices: Sequence[Said],
    method: str,
    actor: Actor,
    **how: Unpack[How],
) -> RecordedChoice:
    """Record several choices of one person in one act: one event a purpose, in key order."""
    if not choices:
        raise Invalid("Nothing was chosen.")
    return _record(
        subject=subject, say=lambda _: list(choices), method=method, actor=actor, how=how
    )


@transaction.atomic
def _record(
    *, subject: str, say: Callable[[Rulebook], list[Said]], method: str, actor: Actor, how: How
) -> RecordedChoice:
    """Record an act in one call of the database, again where it was drafted on wrong ideas."""
    require(actor, "consent.write")
    if method not in _METHODS:
        raise Invalid(f"{method!r} is not a method; use one of {', '.join(_METHODS)}.")
    clicks = how.get("clicks")
    if clicks is not None and not 0 <= clicks <= 1000:
        raise Invalid("clicks is the number of steps the choice took, 0 to 1000.")
    given_region, said_at = how.get("region"), how.get("occurred_at")
    names = names_of_subject(subject)
    book = held_rulebook()
    region = "" if given_region is None else given_region[:6]
    moment = said_at or datetime.now(UTC)
    for _ in range(_MOST_TRIES):
        said = cover_descendants(say(book), book)
        since, until = book.steady_around(moment)
        chosen = choose_events(
            names=names,
            act=Act(
                occurred_at=said_at,
                region=None if given_region is None else region,
                thought_region=region,
                gpc=bool(how.get("gpc")),
                since=since,
                until=until,
            ),
            drafts=_drafts(said, book, region, moment, method, how),
            stamp=book.stamp,
            actor=actor,
        )
        if chosen.appended is not None:
            return RecordedChoice(encode_as_of(chosen.transaction), (chosen.appended,))
        if chosen.outcome == "future":
            raise Invalid("occurred_at lies in the future.")
        if chosen.outcome == "unknown":
            lock_person(subject)  # made, named anew, or refused with the reason
        elif chosen.outcome == "rules":
            book = read_rulebook()
        else:
            region = chosen.region if given_region is None else region
            moment = said_at or chosen.moment or moment
    raise Conflict("The purposes are being changed at this moment. Try again.")


def _drafts(
    said: Sequence[Said], book: Rulebook, region: str, moment: datetime, method: str, how: How
) -> list[EventDraft]:
    """One draft a purpose; a yes ends by its purpose, its region and what the caller asked for."""
    guardian = bool(how.get("guardian")) or method == Method.GUARDIAN
    evidence = _digest(how.get("evidence"))
    drafts = []
    for purpose, status, type_key in said:
        valid = str(status) in VALID_STATUSES
        ends = expiry_of(book.rules_of(purpose), region, moment) if valid else None
        drafts.append(
            EventDraft(
                purpose=purpose,
                status=status,
                method=Method(method),
                occurred_at=how.get("occurred_at"),
                actor_kind=ActorKind.GUARDIAN if guardian else _KINDS.get(method, _PERSON),
                type_key=type_key,
                notice_version=how.get("notice_version") or "",
                lasts=ends - moment if ends else None,
                expires_at=how.get("expires_at") if valid else None,
                evidence_sha256=evidence,
                clicks=how.get("clicks"),
                surface=(how.get("surface") or "")[:63],
                language=(how.get("language") or "")[:8],
            )
        )
    return drafts


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
