"""A whole table file from PostgreSQL: read as a stream, placed and written as arrays.

Nobody serves from the file yet, so nothing here takes a lock or minds a reader.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from consent.fastpath import layout
from consent.fastpath.catalogue import CatalogueSnapshot
from consent.fastpath.journal import ENTRIES, Control
from consent.fastpath.rows import Encoder, Rows, flags, read_people, read_suppressions
from consent.fastpath.slots import Full, SlotFile

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_COUNT = """
SELECT (SELECT count(*) FROM consent_datasubject WHERE lookup IS NOT NULL)
     + (SELECT count(*) FROM consent_suppression WHERE lookup IS NOT NULL)
"""
# The one large join of the table's life; a server's default would do it on disk.
_SESSION = "SET work_mem = '256MB'; SET jit = off"


def build(
    connection: Any,
    control: Control,
    snapshot: CatalogueSnapshot,
    purpose_ids: Mapping[str, str],
) -> SlotFile:
    """Make the table file of `snapshot.generation`; what commits meanwhile comes by the feed."""
    connection.execute(_SESSION)
    people = int(connection.execute(_COUNT).fetchone()[0])
    slots = SlotFile.create(
        control.table_path(snapshot.generation),
        # Each doubt that comes along from the table before may take a slot.
        homes=layout.homes_for(people + ENTRIES),
        purposes=len(snapshot.purposes),
        generation=snapshot.generation,
    )
    for gone in read_suppressions(connection, None):
        rows = places_for(slots, gone["lookup"])
        slots.array()[rows, 1] = layout.ERASED << 48
    encoder = Encoder.of(snapshot)
    for chunk, regions in read_people(connection, snapshot, purpose_ids, None):
        fill(slots, chunk, regions, encoder)
    connection.execute("RESET work_mem; RESET jit")
    return slots


def fill(slots: SlotFile, chunk: Rows, regions: Sequence[str], encoder: Encoder) -> None:
    """Write a chunk of people and choices into a table that nobody serves from yet."""
    import numpy as np

    rows = places_for(slots, chunk["lookup"])
    numbers = region_numbers(slots, regions)
    region = numbers[chunk["region"]]
    marked = flags(chunk)
    marked[region < 0] = layout.ODD
    words = marked << 48 | np.maximum(region, 0) << 32
    slots.array()[rows, 1] = words.astype(np.uint64)
    chosen = np.flatnonzero((chunk["place"] >= 0) & (chunk["place"] < slots.room))
    halves = slots.array().view(np.uint16)
    codes = class_numbers(slots, encoder.pack(chunk[chosen]))
    halves[rows[chosen], 8 + chunk["place"][chosen]] = codes


def region_numbers(slots: SlotFile, regions: Sequence[str]) -> NDArray[np.int64]:
    """The table's numbers of regions as the rows number them (0: none); -1 where it has none."""
    import numpy as np

    interned = (slots.region_number(region) for region in regions)
    return np.array([0, *(-1 if each is None else each for each in interned)], np.int64)


def class_numbers(slots: SlotFile, packed: NDArray[np.uint64]) -> NDArray[np.uint16]:
    """Intern the classes of many choices."""
    import numpy as np

    distinct, where = np.unique(packed, return_inverse=True)
    numbers = [slots.class_number(int(each) or None) for each in distinct]
    return np.array(numbers, np.uint16)[where]


def places_for(slots: SlotFile, lookups: NDArray[Any]) -> NDArray[np.int64]:
    """The row of each lookup, which takes one when it has none."""
    import numpy as np

    keys, where = np.unique(lookups.astype(np.int64).view(np.uint64), return_inverse=True)
    column = slots.array()[:, 0]
    found = np.full(len(keys), -1, np.int64)
    found[keys <= layout.TOMBSTONE] = slots.total - 1  # one in 2**63: nobody asks for it here
    open_ = np.flatnonzero(found < 0)
    at = ((keys[open_] >> np.uint64(32)) * np.uint64(slots.homes) >> np.uint64(32)).astype(np.int64)
    while len(open_):
        held = column[at]
        free = np.flatnonzero(held == layout.EMPTY)
        # Where several want one free slot, the first takes it and the others look on.
        taken, first = np.unique(at[free], return_index=True)
        column[taken] = keys[open_[free[first]]]
        slots.taken += len(taken)
        held = column[at]
        match = held == keys[open_]
        found[open_[match]] = at[match]
        open_, at = open_[~match], at[~match] + 1
        if len(at) and int(at.max()) >= slots.total:
            raise Full
    return found[where]
