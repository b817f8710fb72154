"""Many slots of a table at once, as arrays. One slot: `slots`; whom they are about: `table`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from consent.fastpath import layout
from consent.fastpath.slots import SlotFile, fence

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Found:
    """Slots of many lookups: parallel arrays; `words` and `codes` are zero where not known."""

    known: NDArray[np.bool_]
    doubt: NDArray[np.bool_]
    words: NDArray[np.uint64]
    codes: NDArray[np.uint16]


def places(slots: SlotFile, lookups: NDArray[Any]) -> NDArray[np.int64]:
    """The row of each lookup, -1 where it has none."""
    import numpy as np

    keys = np.ascontiguousarray(lookups, np.int64).view(np.uint64)
    held_by = slots.array()[:, 0]
    at = ((keys >> np.uint64(32)) * np.uint64(slots.homes) >> np.uint64(32)).astype(np.int64)
    found = np.full(len(keys), -1, np.int64)
    open_ = np.arange(len(keys))
    while len(open_):
        held = held_by[at]
        match = held == keys[open_]
        found[open_[match]] = at[match]
        going = ~match & (held != layout.EMPTY) & (at + 1 < slots.total)
        open_, at = open_[going], at[going] + 1
    found[keys <= layout.TOMBSTONE] = -1
    return found


def read_many(slots: SlotFile, lookups: NDArray[Any]) -> Found:
    """The slots of many lookups; one that changed while it was read is in doubt."""
    import numpy as np

    rows = places(slots, lookups)
    known = rows >= 0
    held, at = slots.array(), np.where(known, rows, 0)
    words = np.where(known, held[at, 1], np.uint64(0))
    fence()
    codes = held[at, 2:].view(np.uint16).reshape(len(rows), slots.room)
    codes[~known] = 0
    fence()
    again = np.where(known, held[at, 1], np.uint64(0))
    low = words & np.uint64(0xFFFF)
    doubt = (low != (words >> np.uint64(16) & np.uint64(0xFFFF))) | (words != again)
    doubt |= (words >> np.uint64(48) & np.uint64(layout.ODD)) != 0
    reserved = np.ascontiguousarray(lookups, np.int64).view(np.uint64) <= layout.TOMBSTONE
    return Found(known | reserved, doubt | reserved, words, codes)
