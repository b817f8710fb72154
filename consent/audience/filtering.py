"""Who of an audience may be personalised: ids in, decisions out, in one pass over the file.

Reading, deciding and writing go on side by side; each holds a few batches at most, so memory does
not grow with the audience. A person in doubt is asked of PostgreSQL; nobody is ever let through
because something could not be known.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from consent.audience.files import Format, Ids, Writer
from consent.decision.precedence import Decision
from consent.decision.vocabulary import Outcome
from consent.fastpath.people import STATE_IN_DOUBT, States
from consent.fastpath.serving import Served, Serving
from consent.fastpath.table import ASK_POSTGRES
from consent.slowpath import asking
from consent.slowpath.asking import Context, Keys
from consent.slowpath.callers import Caller
from consent.slowpath.database import Database

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: Batches being decided at a time, and people asked of PostgreSQL at a time.
AT_ONCE = 2
ASKED_AT_ONCE = 10_000
LONGEST_ID = 1_024
OUTCOMES = tuple(Outcome)
_UNDECIDED = len(OUTCOMES)
_ALLOWED = OUTCOMES.index(Outcome.PERSONALISE)


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of everyone in the audience."""

    kind: str  # purpose | system
    key: str
    region: str = ""
    gpc: bool = False

    @property
    def systems(self) -> list[str]:
        return [self.key] if self.kind == "system" else []

    @property
    def purposes(self) -> list[str]:
        return [self.key] if self.kind == "purpose" else []


@dataclass(slots=True)
class Counts:
    """What became of an audience; `skipped` are rows that name nobody."""

    asked: int = 0
    allowed: int = 0
    skipped: int = 0
    in_doubt: int = 0


class Audience:
    """One question put to many people."""

    def __init__(
        self, question: Question, serving: Serving, database: Database, keys: Keys
    ) -> None:
        self.question = question
        self.counts = Counts()
        self._serving, self._database, self._keys = serving, database, keys
        self._lock = threading.Lock()
        self._decided: dict[tuple[int, tuple[int, ...]], int] = {}
        self._decided_in: Served | None = None

    def decide(self, ids: Any) -> NDArray[np.uint8]:
        """Return the place in OUTCOMES of each id's decision; _UNDECIDED names nobody."""
        import numpy as np
        import pyarrow.compute as pc

        length = np.asarray(pc.binary_length(ids).fill_null(0))
        nobody = (length == 0) | (length > LONGEST_ID)
        outcomes = self._from_table(ids)
        if outcomes is None:
            outcomes = np.full(len(ids), _UNDECIDED, np.uint8)
        doubtful = np.flatnonzero((outcomes == _UNDECIDED) & ~nobody)
        for start in range(0, len(doubtful), ASKED_AT_ONCE):
            places = doubtful[start : start + ASKED_AT_ONCE]
            outcomes[places] = self._from_postgres(ids.take(places).to_pylist())
        outcomes[nobody] = _UNDECIDED
        with self._lock:
            self.counts.asked += len(ids)
            self.counts.skipped += int(nobody.sum())
            self.counts.in_doubt += len(doubtful)
            self.counts.allowed += int((outcomes == _ALLOWED).sum())
        return outcomes

    def _from_table(self, ids: Any) -> NDArray[np.uint8] | None:
        """Decide what the table tells; None where it tells nothing that can be relied on."""
        served = self._serving.current()
        if served is None:
            return None
        question, view = self.question, served.view
        flag = view.evaluations.get((question.kind, question.key))
        if flag is None or flag.codes_of is None or not len(ids):
            return None
        states = served.people.read_states_of_arrow(view, flag, ids)
        numbers, firsts = number_states(states)
        decided = self._outcomes(served, states.words[firsts], states.codes[firsts])
        # Asked last: all that was read is of this epoch, and stood while the stamp was valid.
        if not served.table.stamp_is_valid() or served.table.epoch != served.epoch:
            return None
        return decided[numbers]

    def _outcomes(
        self, served: Served, words: NDArray[np.uint32], codes: NDArray[np.uint16]
    ) -> NDArray[np.uint8]:
        """Decide each distinct state once in an epoch."""
        import numpy as np

        kept = self._kept(served)
        keys = list(zip(words.tolist(), map(tuple, codes.tolist()), strict=True))
        view, question = served.view, self.question
        flag = view.evaluations[question.kind, question.key]
        for word, needed in set(keys).difference(kept):
            decision = served.people.decide_state(
                view, flag, word, needed, question.region, question.gpc
            )
            kept[word, needed] = _UNDECIDED if decision is None else _place(decision)
        return np.array([kept[key] for key in keys], np.uint8)

    def _kept(self, served: Served) -> dict[tuple[int, tuple[int, ...]], int]:
        """What was decided in this epoch; another epoch begins anew."""
        with self._lock:
            if self._decided_in is not served:
                self._decided_in, self._decided = served, {}
            return self._decided

    def _from_postgres(self, subjects: list[str]) -> list[int]:
        question = self.question
        views = asking.look(
            self._database,
            self._keys,
            Caller(),
            [Context(subject=each, region=question.region, gpc=question.gpc) for each in subjects],
            systems=question.systems,
            purposes=question.purposes,
        )
        rule = "purpose" if question.kind == "purpose" else "system"
        return [_place(getattr(view, rule)(question.key)) for view in views]


def _place(decision: Decision) -> int:
    return OUTCOMES.index(decision.outcome)


#: Values are told apart by counting where they are small enough, else by sorting.
MOST_COUNTED = 1 << 22


def number_states(states: States) -> tuple[NDArray[np.int64], NDArray[np.intp]]:
    """Number the distinct states; return each person's number and one person of each state."""
    import numpy as np

    # Twenty bits hold every flag and region; the reserved state in doubt is above them.
    packed = (states.words >> 16 & 0xFF).astype(np.int64) << 12 | states.words & 0xFFF
    packed[states.words == STATE_IN_DOUBT] = 1 << 20
    numbers, count = _dense(packed, (1 << 20) + 1)
    for column in range(states.codes.shape[1]):
        codes = states.codes[:, column].astype(np.int64)
        asked = codes == ASK_POSTGRES
        codes[asked] = 0
        top = int(codes.max(initial=0)) + 1
        codes[asked] = top
        numbers, count = _dense(numbers * (top + 1) + codes, count * (top + 1))
    firsts = np.zeros(count, np.intp)
    firsts[numbers] = np.arange(len(numbers))
    return numbers, firsts


def _dense(values: NDArray[np.int64], bound: int) -> tuple[NDArray[np.int64], int]:
    """Renumber values below `bound` from 0 without gaps, in their order."""
    import numpy as np

    if bound > MOST_COUNTED:
        distinct, numbers = np.unique(values, return_inverse=True)
        return numbers.astype(np.int64), len(distinct)
    seen = np.zeros(bound, np.bool_)
    seen[values] = True
    distinct = np.flatnonzero(seen)
    places = np.empty(bound, np.int64)
    places[distinct] = np.arange(len(distinct))
    return places[values], len(distinct)


def filter_audience(
    source: Path,
    sink: IO[bytes],
    *,
    kind: Format,
    audience: Audience,
    column: str = "",
    outcomes: bool = False,
) -> Counts:
    """Write those of the file who may be personalised, or everyone with their outcome."""
    ids = Ids(source, kind, column)
    writer = Writer(sink, kind, ids.column, outcomes=outcomes)
    with ThreadPoolExecutor(AT_ONCE + 1, thread_name_prefix="audience") as pool:
        for batch, decided in _decided(ids, audience, pool):
            _write(writer, batch, decided, outcomes=outcomes)
    writer.close()
    return audience.counts


def _decided(
    ids: Ids, audience: Audience, pool: ThreadPoolExecutor
) -> Iterator[tuple[Any, NDArray[np.uint8]]]:
    """Yield batches with their decisions in order, a few of them decided ahead."""
    ahead: queue.SimpleQueue[tuple[Any, Future[Any]]] = queue.SimpleQueue()
    for batch in ids:
        ahead.put((batch, pool.submit(audience.decide, batch)))
        if ahead.qsize() > AT_ONCE:
            first, future = ahead.get()
            yield first, future.result()
    while not ahead.empty():
        first, future = ahead.get()
        yield first, future.result()


def _write(writer: Writer, ids: Any, decided: NDArray[np.uint8], *, outcomes: bool) -> None:
    import numpy as np
    import pyarrow as pa

    if not outcomes:
        writer.write(ids.filter(pa.array(decided == _ALLOWED)))
        return
    told = np.flatnonzero(decided != _UNDECIDED)
    names = pa.array([str(each) for each in OUTCOMES])
    writer.write(ids.take(told), names.take(decided[told]))
