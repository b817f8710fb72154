"""The table of this host as this process serves from it: opened once, renewed with its epoch.

The front, the batch and the audience share it. Who may ask and what is told stand there.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from datetime import datetime

from consent.fastpath.clock import SteadyClock
from consent.fastpath.journal import folder_of
from consent.fastpath.people import People
from consent.fastpath.table import SharedTable, table_of_process
from consent.fastpath.view import View, make_view
from consent.slowpath.asking import Keys
from consent.slowpath.wsgi import keys_from_settings

#: How soon a table that was not there or not fresh is looked for again.
RETRY_SECONDS = 0.05


class Served:
    """One epoch of the table with what was made from it; replaced whole."""

    __slots__ = ("epoch", "people", "table", "until", "view")

    def __init__(self, table: SharedTable, view: View, people: People) -> None:
        self.table, self.view, self.people = table, view, people
        self.epoch, self.until = view.epoch, view.until


class Serving:
    """Hands out what is served now; None while there is no fresh table."""

    def __init__(
        self,
        open_table: Callable[[], SharedTable],
        keys: Callable[[], Keys],
        clock: SteadyClock | None = None,
    ) -> None:
        self.clock = clock or SteadyClock()
        self._open_table = open_table
        self._keys = keys
        self._served: Served | None = None
        self._renewing = threading.Lock()
        self._try_again_at = 0.0

    def current(self) -> Served | None:
        served = self._served
        if (
            served is not None
            and served.table.epoch == served.epoch
            and self.clock.now() < served.until
        ):
            return served
        return self._renew()

    def _renew(self) -> Served | None:
        with self._renewing:
            if time.monotonic() < self._try_again_at:
                return None
            self._try_again_at = time.monotonic() + RETRY_SECONDS
            if self._keys().former_peppers:
                return None  # who is still named by a former key is found by PostgreSQL alone
            now, served = self.clock.follow(), self._served
            table = served.table if served else self._open_table()
            if not table.stamp_is_valid():
                return None
            epoch = table.epoch  # read first: what is read after it is at least as new
            if served is None or epoch != served.epoch or now.timestamp() >= served.until:
                served = self._served = self._serve(table, epoch, now)
            self._try_again_at = 0.0
            return served

    def _serve(self, table: SharedTable, epoch: int, now: datetime) -> Served:
        snapshot = table.catalogue()
        self.clock.pass_by(snapshot.read_at)
        view = make_view(
            epoch=epoch,
            catalogue=snapshot.catalogue,
            keys=snapshot.keys,
            purposes=snapshot.purposes,
            now=now,
        )
        return Served(table, view, People(table, self._keys(), self.clock))


_of_process: dict[int, Serving] = {}


def serving_of_process() -> Serving:
    """The serving of this process, made anew after a fork; the front and the audience share it."""
    from django.conf import settings

    pid = os.getpid()
    if pid not in _of_process:
        folder = folder_of(settings.DATA_DIR)
        _of_process[pid] = Serving(lambda: table_of_process(folder), keys_from_settings)
    return _of_process[pid]
