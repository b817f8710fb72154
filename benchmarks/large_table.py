"""A shared table of many people, made without a database, for what only reads it.

Seven purposes, each person's choices drawn from a few thousand classes as real ones are: given or
withdrawn, of several revisions, ending on one of some hundred days.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from consent.decision.facts import Catalogue, PurposeFacts, SystemFacts, VersionFacts
from consent.decision.vocabulary import TYPE_KEYS, Status
from consent.fastpath import layout
from consent.fastpath.building import places_for
from consent.fastpath.catalogue import CatalogueSnapshot, write_snapshot
from consent.fastpath.fingerprint import lookup_key, lookups_of_arrow
from consent.fastpath.journal import Control, steady_ns
from consent.fastpath.serving import Serving
from consent.fastpath.slots import SlotFile
from consent.fastpath.table import SharedTable
from consent.slowpath.asking import Keys
from governance.people.keys import new_secret

PEPPER, FINGERPRINT = b"benchmark-pepper", b"benchmark-finger"
_CHUNK = 1_000_000
_HOUR_NS = 3_600 * 10**9


def catalogue() -> Catalogue:
    """Seven purposes and one system that serves one of them."""
    system = SystemFacts(
        "carousel",
        serving=VersionFacts("thompson", approved=True),
        fallback=VersionFacts("uniform", approved=True),
        purposes=("product_suggestions",),
    )
    return Catalogue(
        purposes={key: PurposeFacts(key=key, types=(key,)) for key in TYPE_KEYS},
        systems={system.key: system},
    )


def names(first: int, count: int) -> Any:
    """External ids as an Arrow array, without a Python string each."""
    import pyarrow as pa
    import pyarrow.compute as pc

    numbers = pa.array(range(first, first + count), pa.int64()).cast(pa.string())
    return pc.binary_join_element_wise(
        pa.scalar("customer-"), pc.utf8_lpad(numbers, 9, "0"), pa.scalar("")
    )


def make(folder: Path, people: int) -> str:
    """Write the table and its catalogue, valid for an hour; return a key that may ask."""
    import numpy as np

    control = Control(folder)
    purposes = tuple(sorted(TYPE_KEYS))
    slots = SlotFile.create(
        control.table_path(1), homes=layout.homes_for(people), purposes=len(purposes), generation=1
    )
    chance = np.random.default_rng(1)
    today = (datetime.now(UTC) - datetime(1970, 1, 1, tzinfo=UTC)).days
    classes = [
        slots.class_number(
            layout.STATUSES.index(status)
            | day << layout.EXPIRY_SHIFT
            | revision << layout.REVISION_SHIFT
        )
        for status in (Status.GIVEN, Status.WITHDRAWN)
        for revision in range(1, 6)
        for day in (0, *range(today + 2, today + 300))
    ]
    known = np.array([layout.NO_CHOICE, *classes], np.uint16)
    key = lookup_key(PEPPER)
    for first in range(0, people, _CHUNK):
        lookups = lookups_of_arrow(key, names(first, min(_CHUNK, people - first)))
        rows = places_for(slots, lookups)
        table = slots.array()
        table[rows, 1] = 0
        codes = chance.choice(known, (len(rows), len(purposes)))
        table.view(np.uint16)[rows[:, None], 8 + np.arange(len(purposes))] = codes
    now = datetime.now(UTC)
    secret, presented = new_secret()
    scopes = ["consent:check"]
    write_snapshot(
        control.catalogue_path(1),
        CatalogueSnapshot(
            epoch=1,
            generation=1,
            catalogue=catalogue(),
            keys={presented.prefix: (presented.secret_hash, scopes, None, now + timedelta(days=1))},
            purposes=purposes,
            notices=[],
            nameless=False,
            read_at=now - timedelta(seconds=1),
        ),
    )
    control.publish(generation=1, epoch=1)
    control.stamp(valid_until=steady_ns() + _HOUR_NS, applied=1)
    return secret


def benchmark_keys() -> Keys:
    """The secrets under which the people of the table are looked up; no token is read."""
    return Keys(PEPPER, FINGERPRINT, None)  # type: ignore[arg-type]


def serving_of(folder: Path) -> Serving:
    """What reads the table."""
    table = SharedTable.open(folder)
    return Serving(lambda: table, benchmark_keys)
