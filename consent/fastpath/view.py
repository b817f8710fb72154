"""What the front knows of one epoch of the table: flags, doors, callers and rendered answers.

Replaced whole when the epoch changes or a rule starts or ends, so nothing in it can be out of date.
How a request is read stands in `front`.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from consent.decision.facts import ANONYMOUS, Catalogue, PersonFacts
from consent.fastpath.memo import Flag, Tell, authzen_told, make_flag, next_change, ofrep_teller
from consent.fastpath.table import Slot
from consent.slowpath.callers import CHECK_SCOPE
from governance.people.keys import read_key

#: Verified credentials kept; beyond it they are verified anew.
MOST_CALLERS = 1_024


@dataclass(frozen=True, slots=True)
class KnownCaller:
    """A server whose key was verified in this epoch; `systems` None means all."""

    systems: frozenset[str] | None
    expires_at: float

    def sees(self, flag: Flag) -> bool:
        return flag.kind == "purpose" or self.systems is None or flag.key in self.systems


class Person(NamedTuple):
    """What an answer depends on: flags with region, a class for each purpose, and the slot."""

    word: int
    codes: Sequence[int]
    slot: Slot | None

    def facts(self, purposes: Sequence[str]) -> PersonFacts:
        return ANONYMOUS if self.slot is None else self.slot.person(purposes)


@dataclass(slots=True)
class View:
    """One epoch as the front serves it until `until` (POSIX seconds)."""

    epoch: int
    catalogue: Catalogue
    keys: Mapping[str, Any]
    places: Mapping[str, int]
    until: float
    nobody: Person
    surfaces: frozenset[str]
    flags: dict[str, Flag]
    evaluations: dict[tuple[str, str], Flag]
    callers: dict[object, KnownCaller] = field(default_factory=dict)
    bulks: dict[frozenset[str] | None, dict[Any, Any]] = field(default_factory=dict)
    batches: dict[object, dict[int | bytes, Any]] = field(default_factory=dict)

    def recognise(self, secret: str, now: float) -> KnownCaller | None:
        """Return the server behind an API key; None wherever the slow path has to say why not."""
        presented = read_key(secret)
        if presented is None or presented.prefix not in self.keys:
            return None
        secret_hash, scopes, systems, expires_at = self.keys[presented.prefix]
        if not hmac.compare_digest(bytes(secret_hash), presented.secret_hash):
            return None
        until = expires_at.timestamp() if expires_at is not None else float("inf")
        if CHECK_SCOPE not in scopes or now >= until:
            return None
        return KnownCaller(None if systems is None else frozenset(systems), until)


def make_view(
    *,
    epoch: int,
    catalogue: Catalogue,
    keys: Mapping[str, Any],
    purposes: Sequence[str],
    now: datetime,
) -> View:
    """Return an epoch's view, with nothing rendered yet."""
    places = {key: place for place, key in enumerate(purposes)}

    def flag(kind: str, key: str, tell: Tell) -> Flag:
        return make_flag(catalogue, places, kind, key, tell)

    flags = {
        f"purpose.{key}": flag("purpose", key, ofrep_teller("purpose", False))
        for key in catalogue.purposes
    }
    for key in catalogue.systems:
        flags[f"system.{key}"] = flag("system", key, ofrep_teller("system", False))
        flags[f"system.{key}.version"] = flag("system", key, ofrep_teller("system", True))
    evaluations = {
        (kind, key): flag(kind, key, authzen_told)
        for kind, known in (("purpose", catalogue.purposes), ("system", catalogue.systems))
        for key in known
    }
    return View(
        epoch=epoch,
        catalogue=catalogue,
        keys=keys,
        places=places,
        until=next_change(catalogue, now).timestamp(),
        nobody=Person(0, (0,) * len(purposes), None),
        surfaces=frozenset(
            surface for system in catalogue.systems.values() for surface in system.surfaces
        ),
        flags=flags,
        evaluations=evaluations,
    )
