"""What several processes did to and read from one store, and whether it can have happened so.

A write is known by its revision: dense, given under the head row's lock. The checker needs no
knowledge of the store, so that naive stores are judged by the same rule.
"""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Write:
    """A choice that was recorded: from when until when, and which revision it became."""

    key: str
    allow: bool
    revision: int
    began: int
    returned: int


@dataclass(frozen=True, slots=True)
class Check:
    """An answer that was told; `revision` -1 where the store tells none."""

    key: str
    allow: bool
    revision: int
    began: int
    returned: int


@dataclass(frozen=True, slots=True)
class Fault:
    """An answer that no order of the events explains."""

    rule: str
    check: Check
    against: Write | Check


def append(path: Path, events: Iterable[Write | Check]) -> None:
    with path.open("a") as out:
        for event in events:
            out.write(json.dumps([type(event).__name__, asdict(event)]) + "\n")


def load(paths: Iterable[Path]) -> tuple[list[Write], list[Check]]:
    writes: list[Write] = []
    checks: list[Check] = []
    for path in paths:
        for line in path.read_text().splitlines():
            kind, told = json.loads(line)
            if kind == "Write":
                writes.append(Write(**told))
            else:
                checks.append(Check(**told))
    return writes, checks


def _by_key(events: Sequence[Write] | Sequence[Check]) -> dict[str, list]:
    found = defaultdict(list)
    for event in events:
        found[event.key].append(event)
    return found


def stale_allows(writes: Sequence[Write], checks: Sequence[Check]) -> Iterator[Fault]:
    """Allows that began after a withdrawal returned and ended before the next grant began.

    Writes whose process died have `returned` 0: they may or may not have happened.
    """
    asked = _by_key([check for check in checks if check.allow])
    for key, made in _by_key(writes).items():
        allowed = sorted(asked[key], key=lambda check: check.began)
        began = [check.began for check in allowed]
        until = 1 << 62  # when the first grant after a write began
        for write in sorted(made, key=lambda write: -write.revision):
            if write.allow:
                until = min(until, write.began)
            elif write.returned:
                within = range(bisect_right(began, write.returned), bisect_left(began, until))
                for check in map(allowed.__getitem__, within):
                    if check.returned < until:
                        yield Fault("stale allow", check, write)


def not_regular(writes: Sequence[Write], checks: Sequence[Check]) -> Iterator[Fault]:
    """Answers that miss a write which had returned, or tell what no write made.

    Lamport's regular register: while a write lasts, either is told.
    """
    asked = _by_key(checks)
    for key, made in _by_key(writes).items():
        by_revision = {write.revision: write for write in made}
        returned = sorted(
            (write for write in made if write.returned), key=lambda write: write.returned
        )
        newest = place = 0
        for check in sorted(asked[key], key=lambda check: check.began):
            write = by_revision.get(check.revision)
            if write is not None and write.allow != check.allow:
                yield Fault("another answer than its revision's", check, write)
            if write is not None and check.returned < write.began:
                yield Fault("from the future", check, write)
            while place < len(returned) and returned[place].returned < check.began:
                newest = max(newest, returned[place].revision)
                place += 1
            if check.revision < newest:
                yield Fault("older than a returned write", check, by_revision[newest])


def not_linearizable(writes: Sequence[Write], checks: Sequence[Check]) -> Iterator[Fault]:
    """Answers that do not fit one atomic register a key: not regular, or going back in time."""
    yield from not_regular(writes, checks)
    for asked in _by_key(checks).values():
        done = sorted(asked, key=lambda check: check.returned)
        place, last = 0, done[0]
        for check in sorted(asked, key=lambda check: check.began):
            while place < len(done) and done[place].returned < check.began:
                last = max(last, done[place], key=lambda told: told.revision)
                place += 1
            if place and check.revision < last.revision:
                yield Fault("older than an answer told before", check, last)
