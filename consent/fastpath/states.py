"""Writing what was read into the slots of the table that is served, and settling their doubts.

The applier's hand: nothing else writes states. When to read whom stands in `applier`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from consent.fastpath import layout
from consent.fastpath.building import class_numbers, region_numbers
from consent.fastpath.catalogue import CatalogueSnapshot
from consent.fastpath.feed import Snapshot
from consent.fastpath.journal import Control
from consent.fastpath.rows import Encoder, flags, read_people, read_suppressions
from consent.fastpath.slots import SlotFile


@dataclass(frozen=True, slots=True)
class States:
    """A table and the catalogue by which its states are written."""

    connection: Any
    control: Control
    slots: SlotFile
    snapshot: CatalogueSnapshot
    purpose_ids: Mapping[str, str]
    encoder: Encoder

    def apply_suppressions(self, lookups: Sequence[int]) -> None:
        erased = {
            int(lookup)
            for rows in read_suppressions(self.connection, lookups)
            for lookup in rows["lookup"]
        }
        slots = self.slots
        with self.control.lock():
            for lookup in lookups:
                at = slots.find(lookup)
                if lookup in erased:
                    at = slots.insert(lookup) if at < 0 else at
                    mark = slots.mark(at)
                    slots.write(at, flags=layout.ERASED, region=0, codes=(), settles=mark)
                elif at >= 0:
                    slots.bury(at, slots.mark(at))

    def apply_people(self, lookups: Collection[int], seen: Snapshot) -> None:
        """Read people again and write what is; a doubt raised since then stays."""
        slots = self.slots
        # The doubts that the state read below answers, taken before it is read.
        marks = {lookup: slots.mark(at) for lookup in lookups if (at := slots.find(lookup)) >= 0}
        known: set[int] = set()
        states = []
        for rows, regions in read_people(
            self.connection, self.snapshot, self.purpose_ids, sorted(lookups)
        ):
            states.append((rows, regions))
            known.update(rows["lookup"].tolist())
        with self.control.lock():
            for lookup in known - marks.keys():
                if slots.find(lookup) < 0:
                    marks[lookup] = slots.mark(slots.insert(lookup))
        entries = defaultdict(list)
        for entry in self.control.entries():
            entries[entry.lookup].append(entry)
        open_ = {
            lookup
            for lookup, noted in entries.items()
            if not seen.have_ended(each.transaction for each in noted)
        }
        settles = {lookup: marks[lookup] for lookup in marks.keys() - open_}
        for rows, regions in states:
            self._write(rows, regions, settles)
        with self.control.lock():
            for lookup in marks.keys() - known - open_:
                at = slots.find(lookup)
                if at >= 0:
                    slots.bury(at, marks[lookup])
        # Freed are the entries of those who are no longer in doubt, or no longer there.
        for lookup in entries.keys() & set(lookups) - open_:
            at = slots.find(lookup)
            if at < 0 or slots.mark(at) == settles.get(lookup):
                self.control.free(entries[lookup])

    def _write(self, rows: Any, regions: Sequence[str], settles: dict[int, int]) -> None:
        """Write each person of the rows once, with all their choices."""
        slots = self.slots
        numbers = region_numbers(slots, regions)[rows["region"]].tolist()
        marked = flags(rows).tolist()
        codes = class_numbers(slots, self.encoder.pack(rows)).tolist()
        people: dict[int, tuple[int, int, list[int]]] = {}
        columns = zip(
            rows["lookup"].tolist(), numbers, marked, rows["place"].tolist(), codes, strict=True
        )
        for lookup, region, flag, place, code in columns:
            if lookup not in people:
                odd = region < 0
                state = (layout.ODD, 0) if odd else (flag, region)
                people[lookup] = (*state, [layout.NO_CHOICE] * slots.room)
            if place >= 0:
                people[lookup][2][place] = code
        for lookup, (flag, region, choices) in people.items():
            at = slots.find(lookup)
            if at >= 0:
                mark = settles.get(lookup)
                slots.write(at, flags=flag, region=region, codes=choices, settles=mark)
