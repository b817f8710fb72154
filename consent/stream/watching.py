"""One connection, polled, for all listeners: reads the change feed and tells the hub.

NOTIFY would serialise the commits of every writer, so nobody notifies and this process asks.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from typing import Any

import psycopg

from consent.fastpath.feed import ChangeFeed

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.1
LONGEST_WAIT = 5.0

Tell = Callable[[Iterable[int], bool], None]


class Watcher:
    """A thread that polls the feed until it is stopped."""

    def __init__(self, parameters: Callable[[], dict[str, Any]], tell: Tell) -> None:
        self._parameters = parameters
        self._tell = tell
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="change-feed", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(timeout=LONGEST_WAIT)

    def _run(self) -> None:
        wait = POLL_SECONDS
        first = True
        while not self._stop.is_set():
            try:
                self._follow(tell_first=not first)
            except psycopg.Error as problem:
                logger.warning("The change feed cannot be read: %s", type(problem).__name__)
            first = False
            self._stop.wait(wait)
            wait = min(wait * 2, LONGEST_WAIT)

    def _follow(self, *, tell_first: bool) -> None:
        """Read until the connection breaks; what was missed meanwhile may concern anybody."""
        given = {**self._parameters(), "application_name": "tactful-stream"}
        with psycopg.connect(**given, autocommit=True, connect_timeout=2) as connection:
            feed = ChangeFeed(connection)
            feed.read()
            if tell_first:
                self._tell((), True)
            while not self._stop.wait(POLL_SECONDS):
                changes = feed.read()
                if changes.any:
                    self._tell(changes.lookups, changes.catalogue or changes.everything)
