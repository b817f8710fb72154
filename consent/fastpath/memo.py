"""Answers rendered once for everyone who shares the facts they depend on. Pure: no table, no HTTP.

A rendered answer is kept as the bytes around its freshness tokens, so that only those are put in
when it is told. Nothing is kept beyond the moment at which a rule starts or ends.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from typing import Any

from consent.decision import doors
from consent.decision.facts import Catalogue, PersonFacts
from consent.decision.precedence import Decision, purposes_asked
from consent.slowpath.freshness import encode_as_of
from consent.slowpath.http import encode_json

#: Stands for the freshness token while rendering; as long as one, and like nothing else told.
PLACE = secrets.token_hex(6)
assert len(PLACE) == len(encode_as_of(0))
_PLACE = PLACE.encode()

#: Of one flag; beyond it the memo starts anew. Regions and surfaces are the caller's to name.
MOST_KEPT = 20_000

Codes = int | tuple[int, ...]
Tell = Callable[[str, Decision, str], dict[str, Any]]


class Rendered:
    """The bytes of an answer around its freshness tokens, with its headers."""

    __slots__ = ("headers", "parts", "told")

    def __init__(self, told: dict[str, Any]) -> None:
        text = encode_json(told)
        self.told = told
        self.parts = text.split(_PLACE)
        self.headers = [
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(text))),
        ]


class Slow:
    """Takes a memo's place where PostgreSQL has to be asked."""


SLOW = Slow()


@dataclass(frozen=True, slots=True)
class Flag:
    """One flag of a catalogue, told in one way, with what was rendered of it.

    `codes_of` picks the classes the flag depends on out of those of a person; None where the
    table keeps no class of a purpose it needs.
    """

    kind: str
    key: str
    tell: Tell
    codes_of: Callable[[Sequence[int]], Codes] | None
    purposes: tuple[str, ...]
    surfaces: frozenset[str] = frozenset()
    memo: dict[Hashable, Rendered | Slow] = field(default_factory=dict)

    def keep(self, key: Hashable, rendered: Rendered | Slow) -> None:
        if len(self.memo) >= MOST_KEPT:
            self.memo.clear()
        self.memo[key] = rendered


def needed_purposes(catalogue: Catalogue, kind: str, key: str) -> tuple[str, ...]:
    """Return the purposes whose choices a flag can depend on, whatever the surface."""
    if kind == "purpose":
        return (key,)
    system = catalogue.systems[key]
    of_surfaces = (purposes_asked(system, surface) for surface in ("", *system.surfaces))
    return tuple(dict.fromkeys(each for asked in of_surfaces for each in asked))


def make_flag(
    catalogue: Catalogue, places: Mapping[str, int], kind: str, key: str, tell: Tell
) -> Flag:
    """Return an empty memo of a flag; `places` says where the table keeps each purpose."""
    purposes = needed_purposes(catalogue, kind, key)
    known = [places[each] for each in purposes if each in places]
    codes_of: Callable[[Sequence[int]], Codes] | None = itemgetter(*known) if known else _none
    surfaces = frozenset(catalogue.systems[key].surfaces) if kind == "system" else frozenset()
    return Flag(
        kind=kind,
        key=key,
        tell=tell,
        codes_of=codes_of if len(known) == len(purposes) else None,
        purposes=purposes,
        surfaces=surfaces,
    )


def _none(codes: Sequence[int]) -> Codes:
    """A system without purposes depends on no choice."""
    return ()


def ofrep_teller(kind: str, version: bool) -> Tell:
    """How OFREP tells a flag."""
    if kind == "purpose":
        return doors.purpose_flag
    return doors.version_flag if version else doors.system_flag


def authzen_told(key: str, decision: Decision, as_of: str) -> dict[str, Any]:
    """How AuthZEN tells a decision; the resource is the caller's to remember."""
    return doors.authzen(decision, as_of)


def expires_on(person: PersonFacts, purposes: Sequence[str], day: datetime) -> bool:
    """Tell whether a choice about one of the purposes runs out on this very day.

    The table keeps the day of an expiry, not its moment: on the day itself PostgreSQL is asked.
    """
    choices = (person.choices.get(each) for each in purposes)
    return any(
        choice.expires_at is not None and choice.expires_at.astimezone(UTC).date() == day.date()
        for choice in choices
        if choice is not None
    )


def next_change(catalogue: Catalogue, now: datetime) -> datetime:
    """Return the moment until which what was rendered stands: a rule's boundary, or midnight."""
    midnight = datetime(now.year, now.month, now.day, tzinfo=UTC) + timedelta(days=1)
    boundary = catalogue.next_boundary(now)
    return midnight if boundary is None else min(midnight, boundary)
