"""The one process of a host that keeps its table: reads the feed, has states written, stamps.

A cycle reads what became visible, writes it, renews the host's lease and stamps the table. What a
stamp vouches for was read after the moment from which its life is counted.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from consent.fastpath import layout
from consent.fastpath.building import build
from consent.fastpath.catalogue import (
    CatalogueSnapshot,
    purpose_ids,
    read_snapshot,
    write_snapshot,
)
from consent.fastpath.feed import ChangeFeed, Changes, Snapshot
from consent.fastpath.hosts import QUIET_SECONDS, RENEW_SECONDS, STAMP_SECONDS, Lease
from consent.fastpath.journal import (
    DISTRUSTED,
    EPOCH,
    GENERATION,
    HOST,
    TRUSTED,
    Busy,
    Control,
    Entry,
    steady_ns,
)
from consent.fastpath.rows import Encoder
from consent.fastpath.slots import Full, SlotFile
from consent.fastpath.states import States

logger = logging.getLogger(__name__)

#: People read again in one statement.
BATCH = 2_000
#: After so long without a read, changes may have left the feed: everything is read anew.
LONGEST_GAP_SECONDS = 300.0
_RECENT = "SELECT DISTINCT lookup FROM consent_change WHERE kind = 'subject'"
_PRUNE = """
DELETE FROM consent_change WHERE id IN (
    SELECT id FROM consent_change c WHERE c.at < clock_timestamp() - %s * interval '1 second'
    AND NOT EXISTS (SELECT 1 FROM consent_servinghost h
                    WHERE NOT h.fenced AND NOT pg_visible_in_snapshot(c.xid, h.applied))
    ORDER BY id LIMIT 20000)
"""
_PERSISTED = "SELECT applied::text FROM consent_servinghost WHERE id = %s"


class Applier:
    """Keeps one host's table; `cycle` is to be called again and again."""

    def __init__(
        self, connection: Any, folder: Path, *, name: str, several_peppers: bool = False
    ) -> None:
        self.connection = connection
        self.control = Control(folder)
        self.control.stop_serving()
        self._several_peppers = several_peppers
        self.lease = Lease.register(connection, name)
        self.control.words[HOST] = self.lease.id
        self._fenced = True
        self._renewed_ns = self._read_ns = self._catalogue_ns = self._quiet_ns = 0
        self._distrust: tuple[int, int] | None = None
        self.feed = ChangeFeed(connection)
        self.snapshot: CatalogueSnapshot
        self.slots: SlotFile
        self.rebuild()

    def reconnect(self, connection: Any) -> None:
        """Go on after a lost connection, from the snapshot that the database itself kept.

        The one in memory may name transactions that a crash of the server undid.
        """
        self.connection = connection
        row = connection.execute(_PERSISTED, [self.lease.id]).fetchone()
        self.feed = ChangeFeed(connection, row[0] if row else None)
        gap = (steady_ns() - self._read_ns) / 1e9
        if row is None or gap > LONGEST_GAP_SECONDS:
            self.rebuild()

    # The whole table ---------------------------------------------------------------------------

    def rebuild(self) -> None:
        """Read everything into a new file and swap it in; doubts not yet settled come along."""
        self.feed = ChangeFeed(self.connection)
        self.feed.read()
        self._read_ns = steady_ns()
        words = self.control.words
        generation = words[GENERATION] + 1
        self._read_catalogue(generation, None)
        slots = build(self.connection, self.control, self.snapshot, self._purpose_ids)
        write_snapshot(self.control.catalogue_path(self.snapshot.epoch), self.snapshot)
        # From here to the first stamp nobody is answered from the old table or the new one.
        self.control.stop_serving()
        with self.control.lock(seconds=30.0):
            for entry in self.control.entries():
                slots.raise_doubt(entry.lookup)
            self.control.publish(generation=generation, epoch=self.snapshot.epoch)
        self.slots = slots
        self._renewed_ns = 0
        self._remove_old_files()

    def _read_catalogue(self, generation: int, before: CatalogueSnapshot | None) -> None:
        self._catalogue_ns = steady_ns()
        with self.connection.cursor() as cursor:
            self._purpose_ids = purpose_ids(cursor)
            self.snapshot = read_snapshot(
                cursor,
                epoch=self.control.words[EPOCH] + 1,
                generation=generation,
                before=before,
                several_peppers=self._several_peppers,
            )
        self._encoder = Encoder.of(self.snapshot)

    def _remove_old_files(self) -> None:
        """Keep what is published; whoever still maps an older file keeps it until they let go."""
        control, snapshot = self.control, self.snapshot
        kept = {control.table_path(snapshot.generation), control.catalogue_path(snapshot.epoch)}
        for pattern in ("table.*", "catalogue.*", "control-*"):
            for path in control.folder.glob(pattern):
                if path not in kept and path != control.path:
                    path.unlink(missing_ok=True)

    # One cycle ---------------------------------------------------------------------------------

    def cycle(self) -> bool:
        """Apply what became visible, and let the table answer; False when it may not yet."""
        began = steady_ns()
        self._note_distrust()
        entries = self.control.entries()
        before = self.feed.snapshot
        changes = self.feed.read()
        try:
            self._apply(changes, entries)
        except Busy:
            self.feed.snapshot = before  # to be read again: none of it may be lost
            logger.warning("A writer holds the table's lock and does not move.")
            return False
        except Full:
            self.rebuild()
        except Exception:
            self.feed.snapshot = before
            raise
        self._read_ns = began
        return self._vouch(changes, began)

    def _apply(self, changes: Changes, entries: Sequence[Entry]) -> None:
        if changes.everything or self._is_crowded():
            self.rebuild()
            return
        seen = Snapshot.parse(changes.snapshot)
        lookups = set(changes.lookups)
        if changes.catalogue or self._is_due():
            more = self._apply_catalogue()
            if more is None:
                return
            lookups |= more
        states = States(
            self.connection,
            self.control,
            self.slots,
            self.snapshot,
            self._purpose_ids,
            self._encoder,
        )
        if changes.suppressions:
            states.apply_suppressions(sorted(changes.suppressions))
        lookups |= {entry.lookup for entry in entries if seen.has_ended(entry.transaction)}
        ordered = sorted(lookups)
        for start in range(0, len(ordered), BATCH):
            states.apply_people(ordered[start : start + BATCH], seen)

    def _is_crowded(self) -> bool:
        slots = self.slots
        crowded = slots.taken > slots.homes * layout.GROW_LOAD
        return crowded or slots.classes > layout.MOST_CLASSES * 9 // 10

    def _is_due(self) -> bool:
        """Whether a notice that was scheduled has become current."""
        due = self.snapshot.changes_at
        if due is None:
            return False
        waited = timedelta(microseconds=(steady_ns() - self._catalogue_ns) / 1_000)
        return self.snapshot.read_at + waited >= due

    def _apply_catalogue(self) -> set[int] | None:
        """Publish a new epoch; returns whom to read again for it, None when all were."""
        before = self.snapshot
        self._read_catalogue(before.generation, before)
        if len(self.snapshot.purposes) > self.slots.room:
            self.rebuild()
            return None
        write_snapshot(self.control.catalogue_path(self.snapshot.epoch), self.snapshot)
        self.control.publish(generation=before.generation, epoch=self.snapshot.epoch)
        self._remove_old_files()
        if self.snapshot.notices == before.notices:
            return set()
        # Whoever chose without naming a notice since these were published chose under them.
        return {row[0] for row in self.connection.execute(_RECENT).fetchall()}

    # Vouching ----------------------------------------------------------------------------------

    def _note_distrust(self) -> None:
        """When the whole table is in doubt, note which transactions may have been behind it."""
        words = self.control.words
        token = words[DISTRUSTED]
        if token == words[TRUSTED] or (self._distrust and self._distrust[0] == token):
            return
        row = self.connection.execute("SELECT pg_current_xact_id()::text").fetchone()
        self._distrust = (token, int(row[0]))

    def _vouch(self, changes: Changes, began: int) -> bool:
        """Renew the lease and stamp what was read since `began`."""
        seen = Snapshot.parse(changes.snapshot)
        if self._distrust is not None and seen.xmin > self._distrust[1]:
            self.control.words[TRUSTED] = self._distrust[0]
            self._distrust = None
        if self._fenced:
            self.lease.unfence(self.connection, changes.snapshot)
            self._fenced = False
            self._quiet_ns = steady_ns() + int(QUIET_SECONDS * 1e9)
            return False
        quiet = began < self._quiet_ns
        if not changes.any and (quiet or began - self._renewed_ns < RENEW_SECONDS * 1e9):
            return not quiet
        if not self.lease.renew(self.connection, changes.snapshot):
            self.control.stop_serving()
            self._fenced = True
            return False
        if quiet:
            return False
        self._renewed_ns = began
        until = began + int(STAMP_SECONDS * 1e9)
        self.control.stamp(valid_until=until, applied=seen.xmin - 1)
        return True

    def prune(self) -> None:
        """Drop changes that every host has read; ten minutes of them stay for late readers."""
        self.connection.execute(_PRUNE, [LONGEST_GAP_SECONDS * 2])

    def close(self) -> None:
        """Stop serving and let no writer wait for this host."""
        self.control.stop_serving()
        with contextlib.suppress(Exception):
            self.lease.leave(self.connection)
