"""One table file: finding, inserting and writing slots. Who may do what when: `journal`, `states`.

Words and half-words are stored by single aligned machine stores; what publishes a change is
stored last, after a fence.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import platform
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from consent.fastpath import layout

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_MAGIC = int.from_bytes(b"tactTABL", "little")
# Header words of a table file.
_HOMES, _SLOTS, _STRIDE, _GENERATION, _TAKEN, _CLASSES, _REGIONS = range(2, 9)

#: Linux's MADV_POPULATE_READ, which the standard library does not name.
_POPULATE_READ = 22

_barrier = threading.Lock()
_STRONG = platform.machine() in ("x86_64", "AMD64")


def fence() -> None:
    """Let no store or load pass: needed where the machine reorders them (x86 keeps their order)."""
    if not _STRONG:
        with _barrier:
            pass


class Full(Exception):
    """The table has no room for one more; the applier makes a larger one."""


class SlotFile:
    """A mapped table file."""

    def __init__(self, path: Path, *, writable: bool = False) -> None:
        flags = os.O_RDWR if writable else os.O_RDONLY
        descriptor = os.open(path, flags)
        try:
            access = mmap.ACCESS_WRITE if writable else mmap.ACCESS_READ
            self._map = mmap.mmap(descriptor, 0, access=access)
        finally:
            os.close(descriptor)
        if not writable:
            # Map every page now, where the kernel can: else each costs its first reader a fault.
            with contextlib.suppress(OSError, ValueError):
                self._map.madvise(_POPULATE_READ)
        whole = memoryview(self._map)
        self.words = whole.cast("Q")
        self.halves = whole.cast("H")
        if self.words[0] != _MAGIC or self.words[1] != layout.LAYOUT:
            raise ValueError(f"{path} is not a table of this layout.")
        self.path = path
        self.homes, self.total = self.words[_HOMES], self.words[_SLOTS]
        self.stride, self.generation = self.words[_STRIDE], self.words[_GENERATION]
        self.room = (self.stride - 2) * 4
        self._numbers: dict[int, int] = {}
        self._region_codes: dict[str, int] = {}

    @classmethod
    def create(cls, path: Path, *, homes: int, purposes: int, generation: int) -> SlotFile:
        """Make an empty table whose space is taken now: a full disk is an error here, not later."""
        stride = layout.slot_words(purposes)
        total = homes + layout.SPILL
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            os.posix_fallocate(descriptor, 0, 8 * (layout.SLOTS_AT + total * stride))
            header = [_MAGIC, layout.LAYOUT, homes, total, stride, generation]
            os.pwrite(descriptor, b"".join(each.to_bytes(8, "little") for each in header), 0)
        finally:
            os.close(descriptor)
        made = cls(path, writable=True)
        made.words[_CLASSES] = made.words[_REGIONS] = 1  # number 0 is "none" of both
        return made

    @property
    def taken(self) -> int:
        return self.words[_TAKEN]

    @taken.setter
    def taken(self, count: int) -> None:
        self.words[_TAKEN] = count

    @property
    def classes(self) -> int:
        return self.words[_CLASSES]

    def find(self, lookup: int) -> int:
        """The word at which the slot of a lookup begins, -1 when it has none."""
        key = lookup & layout.WORD
        words, stride = self.words, self.stride
        place = layout.home_of(key, self.homes)
        at = layout.SLOTS_AT + place * stride
        end = layout.SLOTS_AT + self.total * stride
        while at < end:
            held = words[at]
            if held == key:
                return at
            if held == layout.EMPTY:
                return -1
            at += stride
        return -1

    def codes(self, at: int) -> tuple[int, ...]:
        start = (at + 2) * 4
        return tuple(self.halves[start : start + self.room])

    # Under the host's writer lock ------------------------------------------------------------

    def insert(self, lookup: int) -> int:
        """Take a slot for a lookup that has none; it is in doubt until the applier settles it."""
        key = lookup & layout.WORD
        words, stride = self.words, self.stride
        at = layout.SLOTS_AT + layout.home_of(key, self.homes) * stride
        end = layout.SLOTS_AT + self.total * stride
        while at < end and words[at] != layout.EMPTY:
            at += stride
        if at >= end or self.taken >= self.homes * layout.FULL_LOAD:
            raise Full
        words[at + 1] = 1 << (16 * layout.RAISED)  # raised once, settled never
        for offset in range(2, stride):
            words[at + offset] = 0
        self.taken += 1
        fence()
        words[at] = key  # published last
        return at

    def raise_doubt(self, lookup: int) -> None:
        """Put a person in doubt, making their slot when they have none."""
        at = self.find(lookup)
        if at < 0:
            self.insert(lookup)
            return
        place = (at + 1) * 4 + layout.RAISED
        self.halves[place] = self.halves[place] + 1 & 0xFFFF
        fence()

    def bury(self, at: int, mark: int) -> bool:
        """Let go of a person who is no more, unless a doubt came meanwhile."""
        if self.mark(at) != mark:
            return False
        self.words[at] = layout.TOMBSTONE
        return True

    # By the applier alone --------------------------------------------------------------------

    def mark(self, at: int) -> int:
        """The newest doubt: what the state read from now on will answer."""
        return self.halves[(at + 1) * 4 + layout.RAISED]

    def write(
        self, at: int, *, flags: int, region: int, codes: Sequence[int], settles: int | None
    ) -> None:
        """Write a person's state; it answers the doubts up to `settles` (None: doubt stays)."""
        halves, first = self.halves, (at + 1) * 4
        halves[first + layout.SETTLED] = halves[first + layout.RAISED] - 1 & 0xFFFF
        fence()
        turn = (halves[first + layout.FLAGS] >> 8) + 1 & 0xFF
        start = first + 4
        for offset in range(self.room):
            halves[start + offset] = codes[offset] if offset < len(codes) else 0
        halves[first + layout.REGION] = region
        halves[first + layout.FLAGS] = flags | turn << 8
        fence()
        if settles is not None:
            halves[first + layout.SETTLED] = settles

    def class_number(self, packed: int | None) -> int:
        """Intern a class; ASK when it cannot be packed or no number is left."""
        if packed is None:
            return layout.ASK
        known = self._numbers.get(packed)
        if known is None:
            known = self.classes
            if known > layout.MOST_CLASSES:
                return layout.ASK
            self.words[layout.CLASSES_AT + known] = packed
            fence()
            self.words[_CLASSES] = known + 1
            self._numbers[packed] = known
        return known

    def region_number(self, region: str) -> int | None:
        """Intern a region; None when it cannot be kept here."""
        if not region:
            return 0
        known = self._region_codes.get(region)
        if known is None:
            text, known = region.encode(), self.words[_REGIONS]
            if len(text) > layout.REGION_BYTES or known >= layout.MOST_REGIONS:
                return None
            self.words[layout.REGIONS_AT + known] = int.from_bytes(text, "little")
            fence()
            self.words[_REGIONS] = known + 1
            self._region_codes[region] = known
        return known

    def region(self, number: int) -> str:
        word = self.words[layout.REGIONS_AT + number]
        return word.to_bytes(layout.REGION_BYTES, "little").rstrip(b"\0").decode()

    # Many at once ----------------------------------------------------------------------------

    def array(self) -> NDArray[np.uint64]:
        """The slots as rows of words, without a copy."""
        import numpy as np

        whole = np.frombuffer(self._map, np.uint64)
        return whole[layout.SLOTS_AT :].reshape(self.total, self.stride)
