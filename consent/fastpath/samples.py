"""A sample of the answers that leave the doors, written behind them: bounded, and never in the way.

A check only counts down; one in many leaves its question and answer in a short queue. A thread
reads them apart and writes them. When the queue is full, or the database away, samples are dropped
and counted: a decision never waits for its own record.
"""

from __future__ import annotations

import logging
import os
import random
import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import msgspec

from consent.fastpath.fingerprint import lookup_key, lookup_of
from consent.slowpath.database import Database, Unavailable
from consent.slowpath.wsgi import DecisionDoors

logger = logging.getLogger(__name__)

MOST_HELD = 1_000
FLUSH_SECONDS = 1.0
_INSERT = """
INSERT INTO consent_decisionsample (lookup, door, flag, outcome, reason, revision)
SELECT * FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[], %s::int[])
"""
_DOORS = {"ofrep": "ofrep", "access": "authzen", "api": "check"}


class Told(NamedTuple):
    """A question and its answer, as bytes."""

    path: str
    question: bytes
    answer: bytes


class Sampled(NamedTuple):
    """One row of the sample."""

    lookup: int | None
    door: str
    flag: str
    outcome: str
    reason: str
    revision: int


def read_told(told: Told, lookup_of: Callable[[str], int]) -> Iterator[Sampled]:
    """Take an answer apart; what is no decision (an error, an unknown flag) is left out."""
    door = _DOORS[told.path.split("/", 2)[1]]
    question, answer = msgspec.json.decode(told.question), msgspec.json.decode(told.answer)
    for subject, flag, found in _decisions(door, question, answer):
        if subject is not None and not isinstance(subject, str):
            continue
        if isinstance(found, dict) and "outcome" in found:
            yield Sampled(
                lookup_of(subject) if subject else None,
                door,
                flag[:80],
                str(found["outcome"]),
                str(found["reason"])[:32],
                int(found.get("revision", 0)),
            )


def _decisions(door: str, question: Any, answer: Any) -> Iterator[tuple[Any, str, Any]]:
    """Yield subject, flag and metadata of what an answer told; of a batch, one person by chance."""
    if door == "ofrep":
        subject = (question.get("context") or {}).get("targetingKey")
        for flag in answer.get("flags", [answer]):
            yield subject, str(flag.get("key", "")), flag.get("metadata")
    elif door == "check":
        results = answer.get("results")
        if results:
            one = random.choice(results)  # noqa: S311  (a sample, not a secret)
            kind = "purpose" if question.get("purpose") else "system"
            yield one["subject"], f"{kind}.{question[kind]}", one
    elif "evaluations" in answer:
        for asked, told in zip(question["evaluations"], answer["evaluations"], strict=False):
            yield _evaluation({**question, **asked}, told)
    else:
        yield _evaluation(question, answer)


def _evaluation(asked: Any, told: Any) -> tuple[Any, str, Any]:
    resource = asked.get("resource", {})
    flag = f"{resource.get('type')}.{resource.get('id')}"
    return asked.get("subject", {}).get("id"), flag, told.get("context")


class Samples:
    """The queue and its writer; one in `every` answers is kept, none where that is 0."""

    def __init__(self, every: int, database: Database, lookup_of: Callable[[str], int]) -> None:
        self.every = every
        self.written = self.dropped = 0
        self._database, self._lookup_of = database, lookup_of
        self._held: deque[Told] = deque()
        self._left = self._gap()
        self._pid = 0
        self._wake = threading.Event()

    def _gap(self) -> int:
        """How many answers pass until the next: by chance, so that no rhythm hides from it."""
        if not self.every:
            return -1
        return int(random.expovariate(1 / self.every))

    def is_due(self) -> bool:
        """Whether this answer is one to keep."""
        self._left -= 1
        if self._left != -1:
            return False
        self._left = self._gap()
        return self.every > 0

    def keep(self, path: str, question: bytes, answer: bytes) -> None:
        """Hold an answer until it is written; drop it where too many wait."""
        if len(self._held) >= MOST_HELD:
            self.dropped += 1
            return
        self._held.append(Told(path, question, answer))
        if self._pid != os.getpid():
            self._pid = os.getpid()
            threading.Thread(target=self._write_on, name="samples", daemon=True).start()

    def _write_on(self) -> None:
        while True:
            self._wake.wait(FLUSH_SECONDS)
            try:
                self.flush()
            except Exception:
                logger.exception("Sampled decisions were lost")

    def flush(self) -> int:
        """Write what is held; what cannot be written is dropped and counted."""
        held = [self._held.popleft() for _ in range(len(self._held))]
        rows: list[Sampled] = []
        for told in held:
            try:
                rows += read_told(told, self._lookup_of)
            except (msgspec.MsgspecError, LookupError, TypeError, ValueError, AttributeError):
                self.dropped += 1
        if not rows:
            return 0
        try:
            columns = [list(column) for column in zip(*rows, strict=True)]
            self._database.read(lambda cursor: cursor.execute(_INSERT, columns))
        except Unavailable:
            self.dropped += len(rows)
            return 0
        self.written += len(rows)
        return len(rows)


def samples_of(doors: DecisionDoors, every: int) -> Samples:
    """The sample of what these doors tell."""

    def lookup(subject: str) -> int:
        return lookup_of(lookup_key(doors.keys.subject_pepper), subject)

    return Samples(every, doors.database, lookup)
