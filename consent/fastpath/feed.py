"""What became visible in PostgreSQL since one looked last: the feed behind tables and streams.

It compares snapshots, so it waits for nobody: a transaction that stays open elsewhere neither
delays the changes that committed after it began nor lets its own be skipped.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

# The snapshot that the statement itself sees, and every change that it sees and the previous one
# did not. Transaction ids below the previous xmin were all seen, which lets the index prune; ids
# of the future came with a restored backup of another server.
_READ = """
SELECT pg_current_snapshot()::text, c.kind, c.lookup
FROM (VALUES (1)) AS always (one)
LEFT JOIN (
    SELECT DISTINCT kind, lookup FROM consent_change
    WHERE xid >= pg_snapshot_xmin(%(previous)s::text::pg_snapshot)
      AND xid < pg_snapshot_xmax(pg_current_snapshot())
      AND NOT pg_visible_in_snapshot(xid, %(previous)s::text::pg_snapshot)
) AS c ON true
"""
_NOW = "SELECT pg_current_snapshot()::text"


class Connection(Protocol):
    """The part of a psycopg connection that the feed needs; it must be in autocommit."""

    def execute(self, query: Any, params: Any = None, /) -> Any: ...


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Which transactions were over at a moment; PostgreSQL's `xmin:xmax:in progress`."""

    xmin: int
    xmax: int
    running: frozenset[int]

    @classmethod
    def parse(cls, text: str) -> Snapshot:
        xmin, xmax, running = text.split(":")
        return cls(int(xmin), int(xmax), frozenset(map(int, filter(None, running.split(",")))))

    def has_ended(self, transaction: int) -> bool:
        """Whether it had committed or was rolled back."""
        return transaction < self.xmax and transaction not in self.running

    def have_ended(self, transactions: Iterable[int]) -> bool:
        return all(map(self.has_ended, transactions))


@dataclass(frozen=True, slots=True)
class Changes:
    """What to read again: people and suppressions by lookup, the catalogue, or everything."""

    lookups: frozenset[int]
    catalogue: bool
    snapshot: str
    suppressions: frozenset[int] = frozenset()
    everything: bool = False

    @property
    def any(self) -> bool:
        return bool(self.lookups or self.suppressions or self.catalogue or self.everything)


class ChangeFeed:
    """Reads what changed since its last read, or since the snapshot it was given."""

    def __init__(self, connection: Connection, since: str | None = None) -> None:
        self._connection = connection
        self.snapshot = since

    def read(self) -> Changes:
        """Return what became visible; the first read without a snapshot only takes one."""
        if self.snapshot is None:
            (self.snapshot,) = self._connection.execute(_NOW).fetchone()
            return Changes(frozenset(), False, self.snapshot)
        rows = self._connection.execute(_READ, {"previous": self.snapshot}).fetchall()
        self.snapshot = rows[0][0]
        kinds = {kind for _, kind, _ in rows}
        return Changes(
            lookups=frozenset(lookup for _, kind, lookup in rows if kind == "subject"),
            catalogue="catalogue" in kinds,
            snapshot=rows[0][0],
            suppressions=frozenset(lookup for _, kind, lookup in rows if kind == "suppression"),
            everything="everything" in kinds,
        )
