"""The shared table as the doors read it: is it valid, which epoch, who is this person.

Whatever cannot be told with certainty is a doubt, and a doubt is PostgreSQL's to answer.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from consent.decision.facts import ChoiceFacts, PersonFacts
from consent.fastpath import layout
from consent.fastpath.catalogue import CatalogueSnapshot, load_snapshot
from consent.fastpath.hosts import STAMP_SECONDS
from consent.fastpath.journal import (
    APPLIED,
    EPOCH,
    GENERATION,
    VALID_UNTIL,
    Control,
    folder_of,
    steady_ns,
)
from consent.fastpath.many import Found, read_many
from consent.fastpath.slots import SlotFile, fence

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: The class code of a choice that only PostgreSQL can tell.
ASK_POSTGRES = layout.ASK
#: Rows of codes remembered as decoded.
MOST_SEEN = 20_000


def stamp_age(data_dir: Path) -> float | None:
    """Seconds since the read that this host's table vouches for; None where none does."""
    try:
        valid_until = Control(folder_of(data_dir), writable=False).words[VALID_UNTIL]
    except FileNotFoundError:
        return None
    return round(STAMP_SECONDS - (valid_until - steady_ns()) / 1e9, 3) if valid_until else None


@dataclass(frozen=True, slots=True)
class _Epoch:
    """A catalogue and the table it belongs to, with what was decoded of both."""

    snapshot: CatalogueSnapshot
    slots: SlotFile
    places: dict[str, int]
    facts: dict[int, ChoiceFacts | None]
    regions: dict[int, str]
    seen: set[tuple[int, ...]]

    def knows(self, codes: tuple[int, ...]) -> bool:
        """Decode what is new; False when a choice names a notice of a later epoch."""
        if codes not in self.seen:
            if len(self.seen) >= MOST_SEEN:
                self.seen.clear()
            for code in codes:
                if code not in self.facts:
                    packed = self.slots.words[layout.CLASSES_AT + code]
                    shared = layout.ChoiceClass.unpack(packed)
                    if shared.notice > len(self.snapshot.notices):
                        return False
                    self.facts[code] = shared.facts(self.snapshot.notices)
            self.seen.add(codes)
        return True


class Slot:
    """One person as the table tells them."""

    __slots__ = ("_epoch", "class_codes", "doubt", "word")

    def __init__(self, epoch: _Epoch | None, word: int, codes: tuple[int, ...], doubt: bool):
        self._epoch = epoch
        #: Flags and region: equal for people who differ in nothing but their choices.
        self.word = (word >> 32) & 0xFFFFFF
        self.class_codes = codes
        self.doubt = doubt

    @property
    def restricted(self) -> bool:
        return bool(self.word >> 16 & layout.RESTRICTED)

    @property
    def erased(self) -> bool:
        return bool(self.word >> 16 & layout.ERASED)

    @property
    def gpc(self) -> bool:
        return bool(self.word >> 16 & layout.GPC)

    @property
    def age_band(self) -> str:
        return layout.AGE_BANDS[self.word >> 16 + layout.AGE_SHIFT & 7]

    @property
    def region(self) -> str:
        epoch, number = self._epoch, self.word & 0xFFFF
        assert epoch is not None
        name = epoch.regions.get(number)
        if name is None:
            name = epoch.regions[number] = epoch.slots.region(number)
        return name

    def person(self, purposes: Sequence[str]) -> PersonFacts:
        """The decision's facts about these purposes; none of their codes may be ASK_POSTGRES."""
        epoch = self._epoch
        assert epoch is not None
        choices = {}
        for purpose in purposes:
            facts = epoch.facts[self.class_codes[epoch.places[purpose]]]
            if facts is not None:
                choices[purpose] = facts
        return PersonFacts(
            erased=self.erased,
            restricted=self.restricted,
            age_band=self.age_band,
            gpc=self.gpc,
            region=self.region,
            choices=choices,
        )


_DOUBT = Slot(None, 0, (), True)


class SharedTable:
    """The table of this host; until its applier has worked for the first time, it is not valid."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._control: Control | None = None
        self._epoch: _Epoch | None = None

    @classmethod
    def open(cls, folder: Path) -> SharedTable:
        return cls(folder)

    def _words(self) -> Any:
        if self._control is None:
            try:
                self._control = Control(self.folder, writable=False)
            except OSError:
                return None
        return self._control.words

    def stamp_is_valid(self) -> bool:
        """Whether the table may answer now. Also follows it to its newest epoch."""
        words = self._words()
        if words is None or self._control is None or not self._control.is_valid():
            return False
        epoch = self._epoch
        if (
            epoch is None
            or epoch.snapshot.epoch != words[EPOCH]
            or epoch.slots.generation != words[GENERATION]
        ):
            return self._follow()
        return True

    def _follow(self) -> bool:
        """Map what is published now; False when it changed under our hands."""
        control = self._control
        assert control is not None
        try:
            snapshot = load_snapshot(control.catalogue_path(control.words[EPOCH]))
            slots = self._epoch.slots if self._epoch else None
            if slots is None or slots.generation != snapshot.generation:
                slots = SlotFile(control.table_path(snapshot.generation))
        except (OSError, ValueError):
            return False
        places = {key: place for place, key in enumerate(snapshot.purposes)}
        undecoded: dict[int, ChoiceFacts | None] = {layout.NO_CHOICE: None, layout.ASK: None}
        self._epoch = _Epoch(snapshot, slots, places, undecoded, {0: ""}, set())
        return (
            control.words[EPOCH] == snapshot.epoch
            and control.words[GENERATION] == snapshot.generation
        )

    @property
    def epoch(self) -> int:
        """The epoch that reads answer from; 0 before the first valid stamp."""
        return self._epoch.snapshot.epoch if self._epoch else 0

    @property
    def applied_transaction(self) -> int:
        """The newest transaction that, with all before it, the table holds."""
        words = self._words()
        return words[APPLIED] if words is not None else 0

    def catalogue(self) -> CatalogueSnapshot:
        """The catalogue of `epoch`; ask `stamp_is_valid` first."""
        assert self._epoch is not None, "No catalogue was published yet."
        return self._epoch.snapshot

    def read(self, lookup: int) -> Slot | None:
        """A person's slot; None when the table knows nobody by this lookup.

        An erased person is found by the lookup of their suppression, so look for that next.
        """
        epoch = self._epoch
        if epoch is None or lookup & layout.WORD <= layout.TOMBSTONE:
            return _DOUBT
        slots = epoch.slots
        at = slots.find(lookup)
        if at < 0:
            return _DOUBT if epoch.snapshot.nameless else None
        words = slots.words
        word = words[at + 1]
        fence()
        codes = slots.codes(at)
        fence()
        if words[at + 1] != word or layout.in_doubt(word) or word >> 48 & layout.ODD:
            return _DOUBT
        if words[at] != lookup & layout.WORD or not epoch.knows(codes):
            return _DOUBT  # buried meanwhile, or ahead of this epoch
        return Slot(epoch, word, codes, False)

    def read_many(self, lookups: NDArray[Any]) -> Found:
        """The slots of many lookups at once; who is not known may have a suppression."""
        assert self._epoch is not None
        found = read_many(self._epoch.slots, lookups)
        if self._epoch.snapshot.nameless:
            return Found(found.known, found.doubt | ~found.known, found.words, found.codes)
        return found

    def slot_of(self, word: int, codes: Sequence[int]) -> Slot:
        """The person behind a row of `read_many`, as `read` would have told them."""
        known = tuple(map(int, codes))
        if self._epoch is None or not self._epoch.knows(known):
            return _DOUBT
        return Slot(self._epoch, int(word), known, False)


def table_of_process(folder: Path) -> SharedTable:
    """A table opened anew after a fork, since maps and locks are one process's own."""
    held = _open.get(folder)
    if held is None or held[0] != os.getpid():
        held = _open[folder] = (os.getpid(), SharedTable.open(folder))
    return held[1]


_open: dict[Path, tuple[int, SharedTable]] = {}
