"""`consent/check` from the shared table: one purpose or system for up to 10,000 people.

People are looked up together; each distinct set of facts is decided once and its words are kept.
Those in doubt are asked of PostgreSQL in one look. Who may ask, and every refusal, is the slow
implementation's (`consent.api.check`); here is only the answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from consent.decision.precedence import Decision
from consent.fastpath import questions
from consent.fastpath.memo import MOST_KEPT, SLOW, Flag, Slow
from consent.fastpath.people import People, States
from consent.fastpath.standards import Environ, Told, tell
from consent.fastpath.view import KnownCaller, View
from consent.slowpath import asking
from consent.slowpath.asking import Context
from consent.slowpath.callers import Caller
from consent.slowpath.database import Unavailable
from consent.slowpath.http import encode_json
from consent.slowpath.wsgi import DecisionDoors

if TYPE_CHECKING:
    from consent.fastpath.questions import CheckQuestion

#: Regions, signals and flags whose words are kept; a caller names the first two.
MOST_BATCHES = 256
_NEXT = b'},{"subject":"'


def words_of(decision: Decision) -> bytes:
    """What is told of one decision, from the end of its subject's id to the next one's."""
    told = {
        "outcome": str(decision.outcome),
        "reason": str(decision.reason),
        "revision": decision.revision,
    }
    return b'",' + encode_json(told)[1:-1] + _NEXT


#: A person's state as the key of what is told: a number where one class decides, else bytes.
Row = int | bytes


def rows_of(states: States) -> Sequence[Row]:
    """Return each person's state as what the words of an answer are kept by."""
    import numpy as np

    count, places = states.codes.shape
    if places == 1:
        numbers: list[Row] = (states.words.astype(np.int64) << 16 | states.codes[:, 0]).tolist()
        return numbers
    rows = np.empty((count, 2 + places), np.uint16)
    rows[:, :2] = states.words.view(np.uint16).reshape(count, 2)
    rows[:, 2:] = states.codes
    found: list[Row] = rows.view(f"V{4 + 2 * places}").ravel().tolist()
    return found


def _state_of(row: Row) -> tuple[int, list[int]]:
    """The flags with region and the classes behind a row."""
    if isinstance(row, int):
        return row >> 16, [row & 0xFFFF]
    return int.from_bytes(row[:4], "little"), memoryview(row[4:]).cast("H").tolist()


def _joined(subjects: Sequence[str], words: list[bytes], as_of: bytes) -> bytes:
    """Return the body; a TypeError where some words are none."""
    parts = [b""] * (2 * len(words))
    # Inside a JSON text a quote follows a backslash, so this parts the ids and nothing else.
    parts[0::2] = encode_json(subjects)[2:-2].split(b'","') if words else []
    parts[1::2] = words
    if parts:
        parts[0] = b'{"results":[{"subject":"' + parts[0]
        parts[-1] = parts[-1][: -len(_NEXT)] + b"}"
    else:
        parts.append(b'{"results":[')
    parts += (b'],"as_of":"', as_of, b'"}')
    return b"".join(parts)


class Batches:
    """The door of many people over one table."""

    def __init__(self, people: People, doors: DecisionDoors) -> None:
        self.people = people
        self.doors = doors

    def check(self, view: View, caller: KnownCaller, body: bytes, environ: Environ) -> Told | None:
        """Answer a batch; None where the slow implementation has to."""
        # An answer kept for an Idempotency-Key, and signs that PostgreSQL refuses, are its own.
        if "HTTP_IDEMPOTENCY_KEY" in environ or b"\\u0000" in body:
            return None
        asked = questions.read_check(body)
        if bool(asked.purpose) == bool(asked.system):
            return None
        flag = view.evaluations.get(
            ("purpose", asked.purpose) if asked.purpose else ("system", asked.system)
        )
        if flag is None or flag.codes_of is None or not caller.sees(flag):
            return None
        as_of = self.people.as_of(asked.as_of)
        if as_of is None:
            return None
        asked.gpc = asked.gpc or environ.get("HTTP_SEC_GPC") == "1"
        rows = self._rows(view, flag, asked.subjects)
        kept = view.batches.get((flag.kind, flag.key, asked.region, asked.gpc), {})
        words: list[Any] = list(map(kept.get, rows))
        try:
            told = _joined(asked.subjects, words, as_of)
        except TypeError:  # not all of them were decided before
            try:
                words = self._complete(view, caller, flag, asked, rows)
            except Unavailable:
                return None
            told = _joined(asked.subjects, words, as_of)
        return tell(told, environ)

    def _rows(self, view: View, flag: Flag, subjects: Sequence[str]) -> Sequence[Row]:
        if not subjects:
            return []
        return rows_of(self.people.read_states(view, flag, self.people.lookups(subjects)))

    def _complete(
        self,
        view: View,
        caller: KnownCaller,
        flag: Flag,
        asked: CheckQuestion,
        rows: Sequence[Row],
    ) -> list[bytes]:
        """Decide the states that are new, and ask PostgreSQL about the doubtful."""
        key = (flag.kind, flag.key, asked.region, asked.gpc)
        distinct = set(rows)
        kept = view.batches.get(key, {})
        if len(kept) + len(distinct) > MOST_KEPT:
            kept = {}  # made anew, never emptied: another thread may be reading it
        for row in distinct.difference(kept):
            kept[row] = self._decide(view, flag, row, asked)
        if len(view.batches) >= MOST_BATCHES:
            view.batches = {}
        view.batches[key] = kept
        found: list[Any] = list(map(kept.__getitem__, rows))
        places = [place for place, words in enumerate(found) if words is SLOW]
        if places:
            doubtful = [asked.subjects[place] for place in places]
            decisions = self._look(caller, flag, asked, doubtful)
            for place, decision in zip(places, decisions, strict=True):
                found[place] = words_of(decision)
        return found

    def _decide(self, view: View, flag: Flag, row: Row, asked: CheckQuestion) -> bytes | Slow:
        word, codes = _state_of(row)
        decision = self.people.decide_state(view, flag, word, codes, asked.region, asked.gpc)
        return SLOW if decision is None else words_of(decision)

    def _look(
        self, caller: KnownCaller, flag: Flag, asked: CheckQuestion, subjects: Sequence[str]
    ) -> list[Decision]:
        """Ask PostgreSQL about the doubtful, all at once."""
        views = asking.look(
            self.doors.database,
            self.doors.keys,
            Caller(systems=caller.systems),
            [Context(subject=each, region=asked.region, gpc=asked.gpc) for each in subjects],
            systems=[flag.key] if flag.kind == "system" else [],
            purposes=[flag.key] if flag.kind == "purpose" else [],
        )
        return [
            view.purpose(flag.key) if flag.kind == "purpose" else view.system(flag.key)
            for view in views
        ]
