"""The bytes of the shared table: words of a slot, interned classes, homes. Pure: no file, no I/O.

A slot is 16 bytes and 2 a purpose: `[lookup][raised | settled | region | flags][class ...]`. Each
half-word has one kind of writer, so that no two processes ever write the same bytes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from consent.decision.facts import ChoiceFacts
from consent.decision.vocabulary import AgeBand, Status

LAYOUT: Final = 1
WORD = (1 << 64) - 1

# Lookups that name nobody: an empty slot, and one whose person is gone (probes walk over it).
EMPTY: Final = 0
TOMBSTONE: Final = 1

# Half-words of the subject word, from the lowest.
RAISED: Final = 0  # doubts raised; written by writers under the host's lock
SETTLED: Final = 1  # the doubt the state answers; written by the applier
REGION: Final = 2
FLAGS: Final = 3  # eight flags, and above them the slot's generation

RESTRICTED: Final = 1
ERASED: Final = 2
GPC: Final = 4
AGE_SHIFT: Final = 3
ODD: Final = 64  # cannot be said in a slot: PostgreSQL answers
AGE_BANDS: tuple[str, ...] = tuple(AgeBand)
STATUSES: tuple[Status, ...] = tuple(Status)

#: Codes of classes: no choice yet, and a choice that only PostgreSQL can tell.
NO_CHOICE: Final = 0
ASK: Final = 0xFFFF
MOST_CLASSES: Final = 0xFFFE
MOST_REGIONS: Final = 4_096
REGION_BYTES: Final = 8

# Bits of a class, from the lowest: four of the status, then these.
CHOICE_GPC_SHIFT: Final = 4
NAMED_SHIFT: Final = 5
NOTICE_SHIFT: Final = 6
EXPIRY_SHIFT: Final = 20
REVISION_SHIFT: Final = 40
MOST_NOTICES: Final = (1 << 14) - 1
MOST_DAYS: Final = (1 << 20) - 1
MOST_REVISIONS: Final = (1 << 24) - 1

#: Where the classes, the regions and the slots of a table file begin, in words.
CLASSES_AT: Final = 512
REGIONS_AT: Final = CLASSES_AT + 0x10000
SLOTS_AT: Final = REGIONS_AT + MOST_REGIONS
SPILL: Final = 4_096  # slots after the last home

BUILD_LOAD: Final = 0.72
GROW_LOAD: Final = 0.85
FULL_LOAD: Final = 0.93

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: When someone chose who chose before any notice was published.
LONG_AGO: Final = datetime(1, 1, 1, tzinfo=UTC)


def slot_words(purposes: int) -> int:
    """Words of a slot with room for so many purposes."""
    return 2 + max(1, math.ceil(purposes / 4))


def homes_for(people: int) -> int:
    return max(1_024, math.ceil(people / BUILD_LOAD))


def home_of(key: int, homes: int) -> int:
    """The slot at which a lookup is first sought: its place in the order of all 32-bit prefixes."""
    return (key >> 32) * homes >> 32


def in_doubt(word: int) -> bool:
    return (word ^ (word >> 16)) & 0xFFFF != 0


@dataclass(frozen=True, slots=True)
class ChoiceClass:
    """What many people's choices share. How one is packed into a word stands in `rows`.

    `notice` 0 is none; a choice that named no notice carries the newest one published by then.
    `expiry_day` counts from 1970; 0 is never.
    """

    status: Status
    revision: int
    notice: int = 0
    named: bool = False
    gpc: bool = False
    expiry_day: int = 0

    @classmethod
    def unpack(cls, word: int) -> ChoiceClass:
        return cls(
            status=STATUSES[word & 0xF],
            gpc=bool(word >> CHOICE_GPC_SHIFT & 1),
            named=bool(word >> NAMED_SHIFT & 1),
            notice=word >> NOTICE_SHIFT & MOST_NOTICES,
            expiry_day=word >> EXPIRY_SHIFT & MOST_DAYS,
            revision=word >> REVISION_SHIFT,
        )

    def facts(self, notices: Sequence[tuple[str, datetime]]) -> ChoiceFacts:
        """The decision's facts: the same answer as the row's own, except on the day it expires."""
        name, published = notices[self.notice - 1] if self.notice else ("", LONG_AGO)
        return ChoiceFacts(
            status=self.status,
            revision=self.revision,
            decided_at=published,
            notice_version=name if self.named else "",
            gpc_at_choice=self.gpc,
            expires_at=_EPOCH + timedelta(days=self.expiry_day) if self.expiry_day else None,
        )
