"""Three stores that look right and are not, driven by processes as the real one is.

Run as `python -m tests.fastpath.naive FOLDER NUMBER STORE URL SECONDS`. Process NUMBER alone
writes key NUMBER; every process asks about every key.
"""

from __future__ import annotations

import mmap
import os
import random
import sys
import threading
import time
from pathlib import Path
from typing import Protocol

import psycopg

from tests.fastpath.history import Check, Write, append

KEYS = 2
TABLE = """
CREATE TABLE naive (mask int NOT NULL);
INSERT INTO naive VALUES (0);
"""


def byte_map(folder: Path) -> mmap.mmap:
    with (folder / "bytes").open("r+b") as file:
        return mmap.mmap(file.fileno(), KEYS)


class Store(Protocol):
    def write(self, key: int, allow: bool) -> None: ...

    def allows(self, key: int) -> bool: ...


class GetThenSave:
    """Reads the row, changes its part, saves the whole: the other's part is what it was."""

    def __init__(self, folder: Path, url: str) -> None:
        self.writer = psycopg.connect(url, autocommit=True)
        self.reader = psycopg.connect(url, autocommit=True)

    @staticmethod
    def _mask(connection: psycopg.Connection[tuple[int]]) -> int:
        row = connection.execute("SELECT mask FROM naive").fetchone()
        assert row is not None
        return int(row[0])

    def write(self, key: int, allow: bool) -> None:
        mask = self._mask(self.writer)
        mask = mask | 1 << key if allow else mask & ~(1 << key)
        self.writer.execute("UPDATE naive SET mask = %s", [mask])

    def allows(self, key: int) -> bool:
        return bool(self._mask(self.reader) >> key & 1)


class DeleteAfterCommit(GetThenSave):
    """A cache that the writer empties after its commit: a slow reader fills it with what was."""

    def __init__(self, folder: Path, url: str) -> None:
        super().__init__(folder, url)
        self.cache = byte_map(folder)

    def write(self, key: int, allow: bool) -> None:
        change = "mask | %s" if allow else "mask & ~ %s"
        self.writer.execute(f"UPDATE naive SET mask = {change}", [1 << key])
        self.cache[key] = 0

    def allows(self, key: int) -> bool:
        cached = self.cache[key]
        if not cached:
            cached = 1 + super().allows(key)
            self.cache[key] = cached
        return cached == 2


class BitsOfOneByte:
    """Each process sets its own bit of a shared byte: it writes the other's bit as it was."""

    def __init__(self, folder: Path, url: str) -> None:
        self.map = byte_map(folder)

    def write(self, key: int, allow: bool) -> None:
        held = self.map[0]
        os.sched_yield()  # a process may be interrupted anywhere
        self.map[0] = held | 1 << key if allow else held & ~(1 << key)

    def allows(self, key: int) -> bool:
        return bool(self.map[0] >> key & 1)


STORES: dict[str, type[GetThenSave | BitsOfOneByte]] = {
    "get_then_save": GetThenSave,
    "delete_after_commit": DeleteAfterCommit,
    "bits_of_one_byte": BitsOfOneByte,
}


def main(folder: Path, number: int, store: Store, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    told: list[Write | Check] = []

    def write() -> None:
        revision = 0
        while time.monotonic() < deadline:
            revision += 1
            began = time.monotonic_ns()
            store.write(number, revision % 2 == 1)
            returned = time.monotonic_ns()
            told.append(Write(str(number), revision % 2 == 1, revision, began, returned))
            time.sleep(0.0005)

    def check() -> None:
        chance = random.Random(number)
        while time.monotonic() < deadline:
            key = chance.randrange(KEYS)
            began = time.monotonic_ns()
            allow = store.allows(key)
            told.append(Check(str(key), allow, -1, began, time.monotonic_ns()))
            time.sleep(0.0001)

    threads = [threading.Thread(target=write), threading.Thread(target=check)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    append(folder / f"{number}.jsonl", told)


if __name__ == "__main__":
    where = Path(sys.argv[1])
    made = STORES[sys.argv[3]](where, sys.argv[4])
    main(where, int(sys.argv[2]), made, float(sys.argv[5]))
