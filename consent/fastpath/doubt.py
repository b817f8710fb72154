"""What a writer of consent does for the tables: raise doubts before it commits, wait after it.

Called by the services inside their transactions. Nothing here writes a state or clears a doubt.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import connection, transaction

from consent.fastpath.hosts import wait_for_hosts
from consent.fastpath.journal import HOST, Control, folder_of

if TYPE_CHECKING:
    from consent.models import DataSubject


class _Host:
    """The control file as this process maps it; a fork, or a folder made anew, is mapped anew."""

    control: Control | None = None
    data_dir: Path | None = None


def control_of_host() -> Control:
    held = _Host.control
    if held is None or _Host.data_dir != settings.DATA_DIR or not held.is_own():
        _Host.data_dir = settings.DATA_DIR
        held = _Host.control = Control(folder_of(settings.DATA_DIR))
    return held


def announce(person: DataSubject, transaction_id: int | None = None) -> None:
    """Say that this transaction changes what is known of a person.

    Call it after the person's rows are locked and before the commit; who knows the transaction's
    id already saves a question. From here on this host asks PostgreSQL about them, and the commit
    returns once no other host can answer with what was.
    """
    announce_many([person], transaction_id)


def announce_many(people: Sequence[DataSubject], transaction_id: int | None = None) -> None:
    """The same for many people of one transaction."""
    if not people:
        return
    lookups = [person.lookup for person in people if person.lookup is not None]
    _announce(lookups if len(lookups) == len(people) else None, transaction_id)


def announce_lookup(lookup: int, transaction_id: int) -> None:
    """The same for one person whose lookup is at hand."""
    _announce([lookup], transaction_id)


def announce_everyone() -> None:
    """Put the whole table in doubt: this transaction concerns somebody no lookup names."""
    _announce(None, None)


def _announce(lookups: Sequence[int] | None, transaction_id: int | None) -> None:
    """Raise the doubts, or distrust the table where no lookups tell; and wait after the commit."""
    known = transaction_id or _transaction_id()
    control = control_of_host()
    if lookups is None:
        control.distrust()
    else:
        control.raise_doubts(lookups, known)
    transaction.on_commit(partial(wait_for_hosts, known, own=control.words[HOST]))


def _transaction_id() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()::text")
        return int(cursor.fetchone()[0])
