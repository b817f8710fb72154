"""How alike two incidents are, by what the record holds of them. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

ENOUGH = 3
_WORD = re.compile(r"[^\W\d_]{4,}")
_ALIKE = 0.5


@dataclass(frozen=True)
class Traits:
    """What is compared: the same harm, in the same place, for the same cause."""

    kind: str
    system: str
    version: str
    plan: str
    cause_key: str
    title: str
    cause: str


def likeness(one: Traits, other: Traits) -> tuple[int, tuple[str, ...]]:
    """Return how much two incidents have in common, and what that is in words.

    Kind and system alone are not enough: most incidents of a system would be like each other.
    """
    found: list[tuple[int, str]] = []
    if one.cause_key == other.cause_key or _metric(one) == _metric(other) != "":
        found.append((3, "the same measure left its limit"))
    if one.plan and one.plan == other.plan:
        found.append((2, "found by the same plan"))
    if one.system and one.system == other.system:
        found.append((1, "the same system"))
    if one.version and (one.system, one.version) == (other.system, other.version):
        found.append((1, "the same version"))
    if one.kind == other.kind:
        found.append((1, "the same kind of harm"))
    if _shared(one.cause, other.cause) >= _ALIKE:
        found.append((2, "the cause is described alike"))
    if _shared(one.title, other.title) >= _ALIKE:
        found.append((1, "the title reads alike"))
    return sum(points for points, _why in found), tuple(why for _points, why in found)


def _metric(traits: Traits) -> str:
    """The measure in the key of a cause that an audit found: `breach:plan:version:metric`."""
    parts = traits.cause_key.split(":")
    return parts[3] if parts[0] == "breach" and len(parts) > 3 else ""


def _shared(one: str, other: str) -> float:
    words, others = set(_WORD.findall(one.lower())), set(_WORD.findall(other.lower()))
    return len(words & others) / len(words | others) if words and others else 0.0
