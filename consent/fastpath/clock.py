"""The time of day as the front reads it: steady, and never set back while the process lives."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime


class SteadyClock:
    """POSIX seconds that pass as the monotonic clock does.

    A wall clock set back would bring expired consents to life; one set forward is followed, since
    that can only end them.
    """

    def __init__(
        self,
        wall: Callable[[], float] = time.time,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._wall, self._steady = wall, steady
        self._offset = wall() - steady()

    def now(self) -> float:
        return self._steady() + self._offset

    def follow(self) -> datetime:
        """Follow the wall clock forward, and return the time."""
        self._offset = max(self._offset, self._wall() - self._steady())
        return datetime.fromtimestamp(self.now(), UTC)

    def pass_by(self, moment: datetime) -> None:
        """Be no earlier than a moment that the database saw pass."""
        self._offset = max(self._offset, moment.timestamp() - self._steady())
