"""The registry, the notices and the API keys as one file, written whole and read by its epoch."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from consent.decision.facts import Catalogue
from consent.slowpath.reading import Cursor, read_catalogue

_KEYS = """
SELECT prefix, secret_hash, scopes, system_keys, expires_at FROM people_apikey
WHERE revoked_at IS NULL AND expires_at > clock_timestamp()
"""
# People that a table cannot find: some met before lookups were kept, some erased unnamed.
_NAMELESS = """
SELECT EXISTS (SELECT 1 FROM consent_datasubject WHERE lookup IS NULL AND erased_at IS NULL),
       EXISTS (SELECT 1 FROM consent_suppression WHERE lookup IS NULL)
"""
_SCHEDULED = "SELECT min(published_at) FROM consent_noticeversion WHERE published_at > %(now)s"
_PURPOSES = "SELECT key, id::text FROM registry_purpose"

Key = tuple[bytes, list[str], list[str] | None, datetime]


class CatalogueSnapshot(msgspec.Struct, frozen=True):
    """What every decision of one epoch shares.

    `purposes` is the order of the classes in a slot; `notices` what their notice numbers mean
    (from 1): both only grow while `generation` stays. `nameless`: somebody may be erased or have
    chosen whom no lookup finds, so an unknown person is PostgreSQL's to tell.
    """

    epoch: int
    generation: int
    catalogue: Catalogue
    keys: Mapping[str, Key]
    purposes: tuple[str, ...]
    notices: list[tuple[str, datetime]]
    nameless: bool
    read_at: datetime
    changes_at: datetime | None = None  # when a notice that is already written becomes current


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(CatalogueSnapshot).decode


def read_snapshot(
    cursor: Cursor,
    *,
    epoch: int,
    generation: int,
    before: CatalogueSnapshot | None,
    several_peppers: bool = False,
) -> CatalogueSnapshot:
    """Read the catalogue; orders continue those of the snapshot before in the same table.

    With several peppers a person may still be known by the lookup of a former one.
    """
    cursor.execute(_KEYS)
    keys = {prefix: (bytes(sha), list(s), k, end) for prefix, sha, s, k, end in cursor.fetchall()}
    cursor.execute(_NAMELESS)
    nameless = several_peppers or any(cursor.fetchone())
    catalogue, now = read_catalogue(cursor, systems=None, purposes=None)
    cursor.execute(_SCHEDULED, {"now": now})
    (changes_at,) = cursor.fetchone()
    purposes = list(before.purposes) if before else []
    purposes += sorted(set(catalogue.purposes) - set(purposes))
    notices = list(before.notices) if before else []
    published: dict[str, datetime] = {}
    for purpose in catalogue.purposes.values():
        published.update(purpose.notice.published)
    known = {name for name, _ in notices}
    notices += sorted(
        ((name, at) for name, at in published.items() if name not in known),
        key=lambda notice: (notice[1], notice[0]),
    )
    return CatalogueSnapshot(
        epoch=epoch,
        generation=generation,
        catalogue=catalogue,
        keys=keys,
        purposes=tuple(purposes),
        notices=notices,
        nameless=nameless,
        read_at=now,
        changes_at=changes_at,
    )


def purpose_ids(cursor: Cursor) -> dict[str, str]:
    """The row's id of every purpose by its key."""
    cursor.execute(_PURPOSES)
    return dict(cursor.fetchall())


def write_snapshot(path: Path, snapshot: CatalogueSnapshot) -> None:
    """Write the file whole or not at all."""
    draft = path.with_name(f".{path.name}.draft")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        out.write(_encode(snapshot))
    draft.replace(path)


def load_snapshot(path: Path) -> CatalogueSnapshot:
    return _decode(path.read_bytes())


def covers(snapshot: Any, purpose: str) -> Mapping[str, datetime]:
    """When each notice that covers a purpose was published."""
    facts = snapshot.catalogue.purposes.get(purpose)
    return facts.notice.published if facts is not None else {}
