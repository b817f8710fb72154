"""What a leaf is: the canonical text of an entry (RFC 8785) and its hash. Pure.

The stand-alone verifier `docs/verify_tactful.py` holds the same rules without this code.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Protocol
from uuid import UUID

import rfc8785

LARGEST_NUMBER = 2**53 - 1


class EntryRow(Protocol):
    """The columns of an entry that its leaf covers."""

    @property
    def id(self) -> UUID: ...

    @property
    def at(self) -> datetime: ...

    @property
    def verb(self) -> str: ...

    @property
    def object_type(self) -> str: ...

    @property
    def object_id(self) -> str: ...

    @property
    def actor_reference(self) -> str: ...

    @property
    def facts(self) -> Any: ...

    @property
    def personal_commitment(self) -> str: ...


def canonical(value: Any) -> bytes:
    return rfc8785.dumps(value)


def leaf_text(entry: EntryRow) -> bytes:
    """The canonical JSON of an entry: every column that says something."""
    return canonical(
        {
            "v": 1,
            "id": str(entry.id),
            "at": entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
            "verb": entry.verb,
            "object_type": entry.object_type,
            "object_id": entry.object_id,
            "actor": entry.actor_reference,
            "facts": entry.facts,
            "personal": entry.personal_commitment,
        }
    )


def leaf_hash(text: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + text).digest()


def commitment(salt: bytes, values: Mapping[str, Any]) -> str:
    """The salted hash that stands in a leaf for personal values."""
    return hashlib.sha256(salt + canonical(dict(values))).hexdigest()


def unprovable_value(value: Any, path: str = "facts") -> str | None:
    """Say what in a value could not be hashed the same way for ever, or None.

    JSON numbers beyond 2**53 lose digits in other readers, and PostgreSQL's jsonb has no NUL.
    """
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, (int, float)):
        if value != value or abs(value) > LARGEST_NUMBER:
            return f"{path} is {value}: write numbers beyond 2**53, NaN and infinity as text"
        return None
    if isinstance(value, str):
        try:
            value.encode("utf-8")
        except UnicodeEncodeError:
            return f"{path} holds half a surrogate pair"
        return f"{path} holds a NUL sign" if "\x00" in value else None
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if not isinstance(name, str):
                return f"{path} has a name that is not text: {name!r}"
            found = unprovable_value(name, path) or unprovable_value(inner, f"{path}.{name}")
            if found:
                return found
        return None
    if isinstance(value, (list, tuple)):
        for index, inner in enumerate(value):
            found = unprovable_value(inner, f"{path}[{index}]")
            if found:
                return found
        return None
    return f"{path} is a {type(value).__name__}: facts are JSON"
