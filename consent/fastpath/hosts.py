"""Hosts and their leases: an applier renews, a writer waits for every host or fences the silent.

No clock of the database is trusted: a host measures its stamp from before it read, a writer
measures its wait from after its commit, and each uses its own steady clock.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Any, Final, Protocol

from consent.fastpath.journal import steady_ns

#: How long a table may answer after the moment from which it was read.
STAMP_SECONDS: Final = 0.8
#: How often a host renews when nothing happens.
RENEW_SECONDS: Final = 0.25
#: How long a writer waits; longer than any stamp that does not know of its write can live.
WAIT_SECONDS: Final = 1.2
_POLL_SECONDS: Final = 0.005
#: How long a process that saw no other host need not look again.
ALONE_SECONDS: Final = 0.1
#: How long a host that comes back stamps nothing; longer than any writer takes itself for alone.
QUIET_SECONDS: Final = 0.15

_REGISTER = """
INSERT INTO consent_servinghost (name, generation, applied, renewed_at, fenced)
VALUES (%(name)s, 1, pg_current_snapshot(), clock_timestamp(), true)
ON CONFLICT (name) DO UPDATE
SET generation = consent_servinghost.generation + 1, fenced = true,
    applied = excluded.applied, renewed_at = excluded.renewed_at
RETURNING id, generation
"""
_RENEW = """
UPDATE consent_servinghost SET applied = %(applied)s::text::pg_snapshot,
       renewed_at = clock_timestamp()
WHERE id = %(id)s AND generation = %(generation)s AND NOT fenced RETURNING id
"""
_UNFENCE = """
UPDATE consent_servinghost SET fenced = false, applied = %(applied)s::text::pg_snapshot,
       renewed_at = clock_timestamp()
WHERE id = %(id)s AND generation = %(generation)s RETURNING id
"""
_LEAVE = """
UPDATE consent_servinghost SET fenced = true WHERE id = %(id)s AND generation = %(generation)s
"""
_OTHERS = """
SELECT count(*), count(*) FILTER (
    WHERE NOT pg_visible_in_snapshot(%(transaction)s::text::xid8, applied))
FROM consent_servinghost WHERE NOT fenced AND id <> %(own)s
"""
_FENCE = """
UPDATE consent_servinghost SET fenced = true
WHERE NOT fenced AND id <> %(own)s
  AND NOT pg_visible_in_snapshot(%(transaction)s::text::xid8, applied)
"""


class Replaced(Exception):
    """A newer applier of the same host has started; this one must stop."""


class Connection(Protocol):
    """The part of a psycopg connection that a lease needs; it must be in autocommit."""

    def execute(self, query: Any, params: Any = None, /) -> Any: ...


@dataclass(frozen=True, slots=True)
class Lease:
    """One run of one host's applier."""

    id: int
    generation: int

    @classmethod
    def register(cls, connection: Connection, name: str) -> Lease:
        """Enter or re-enter the host, fenced: nobody waits for it until it has caught up."""
        row = connection.execute(_REGISTER, {"name": name}).fetchone()
        return cls(int(row[0]), int(row[1]))

    def renew(self, connection: Connection, applied: str) -> bool:
        """Say what was applied; False when a writer has fenced this host off meanwhile."""
        return self._update(connection, _RENEW, applied)

    def unfence(self, connection: Connection, applied: str) -> None:
        """Come back. Writers who saw no host do not wait: what is read from `QUIET_SECONDS` after
        this on may be stamped.
        """
        if not self._update(connection, _UNFENCE, applied):
            raise Replaced

    def leave(self, connection: Connection) -> None:
        """Stop in order: no writer waits for a host that has stopped serving."""
        connection.execute(_LEAVE, {"id": self.id, "generation": self.generation})

    def _update(self, connection: Connection, statement: str, applied: str) -> bool:
        asked = {"id": self.id, "generation": self.generation, "applied": applied}
        return connection.execute(statement, asked).fetchone() is not None


class _Waited(threading.local):
    transaction = 0


_waited = _Waited()


class _Alone:
    """The host on which this process saw no other, and until when it need not look again."""

    seen = (0, 0)


def _is_alone(own: int) -> bool:
    """Whether no other host can have stamped a table without this committed transaction.

    To be asked after the commit. Whoever came back since this process looked is still quiet, and
    reads what is committed by now before it stamps.
    """
    host, until_ns = _Alone.seen
    return host == own and steady_ns() < until_ns


def wait_for_hosts(transaction: int, *, own: int) -> None:
    """Return once no other host can answer with what was before this committed transaction.

    The writer's own host is covered by its doubts. A host that stays silent is fenced off, so
    that the next writer need not wait for it; a database that cannot be asked costs the full wait.
    """
    from django.db.utils import Error

    from consent.prepared import prepared_cursor

    if _waited.transaction == transaction or _is_alone(own):
        return
    began = time.monotonic()
    asked: dict[str, str | int] = {"transaction": str(transaction), "own": own}
    try:
        with prepared_cursor() as cursor:
            while True:
                asked_ns = steady_ns()
                cursor.execute(_OTHERS, asked)
                others, silent = cursor.fetchone()
                if not others:
                    _Alone.seen = (own, asked_ns + int(ALONE_SECONDS * 1e9))
                if not silent:
                    break
                if time.monotonic() - began > WAIT_SECONDS:
                    cursor.execute(_FENCE, asked)
                    break
                time.sleep(_POLL_SECONDS)
    except Error:
        time.sleep(max(0.0, WAIT_SECONDS - (time.monotonic() - began)))
    _waited.transaction = transaction
