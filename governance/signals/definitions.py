"""Which signals exist and who reads them. Pure tables: no database, no publishing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from governance.core.models import KEY_PATTERN

Scope = Literal["system", "version", "purpose", "organisation"]
Direction = Literal["higher_is_better", "lower_is_better", "none"]

ORGANISATION = "organisation"
_PLACEHOLDER = re.compile(r"\{[a-z_]+\}")
_ANY_KEY = KEY_PATTERN.removeprefix("^").removesuffix("$")


class UnknownSignal(LookupError):
    """Code publishes or reads a signal that no room declares."""


@dataclass(frozen=True, kw_only=True)
class SignalDefinition:
    """One kind of fact a room publishes; `key` may hold one placeholder: `audit.{plan}.verdict`."""

    key: str
    owner: str
    unit: str
    scope: Scope
    direction: Direction
    max_age: timedelta | None
    title: str

    def covers(self, key: str) -> bool:
        """Whether `key` is this signal, or one of those its placeholder stands for."""
        pattern = _PLACEHOLDER.sub("\0", self.key)
        return re.fullmatch(re.escape(pattern).replace("\0", _ANY_KEY), key) is not None


_DEFINITIONS: dict[str, SignalDefinition] = {}
_READERS: dict[str, set[str]] = {}


def declare_signals(*definitions: SignalDefinition) -> None:
    """Add definitions; the same key with another meaning stops the start."""
    for definition in definitions:
        if len(_PLACEHOLDER.findall(definition.key)) > 1:
            raise ValueError(f"The signal {definition.key!r} has more than one placeholder.")
        if _DEFINITIONS.setdefault(definition.key, definition) != definition:
            raise ValueError(f"The signal {definition.key!r} is declared twice, differently.")


def declare_readers(room: str, *keys: str) -> None:
    """Say which signals a room reads: exact keys, or a declared key with its placeholder."""
    for key in keys:
        _READERS.setdefault(key, set()).add(room)


def declared_signals() -> tuple[SignalDefinition, ...]:
    return tuple(_DEFINITIONS[key] for key in sorted(_DEFINITIONS))


def find_definition(key: str) -> SignalDefinition:
    """The definition that covers a key."""
    if key in _DEFINITIONS:
        return _DEFINITIONS[key]
    for definition in _DEFINITIONS.values():
        if definition.covers(key):
            return definition
    raise UnknownSignal(f"No room declares the signal {key!r}; add it to that room's signals.py.")


def unanswered_readers() -> dict[str, list[str]]:
    """Signals somebody reads and nobody declares, with the rooms that read them."""
    missing: dict[str, list[str]] = {}
    for key, rooms in _READERS.items():
        try:
            find_definition(key)
        except UnknownSignal:
            missing[key] = sorted(rooms)
    return missing
