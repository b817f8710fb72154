"""Which windows a plan promises and when each is due: pure functions of dates and durations.

Whole days follow the calendar of the plan's zone (a day with a clock change has 23 or 25 hours);
shorter steps are exact. Nothing here reads the database or the clock.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Window:
    """A half-open stretch of time: `start` belongs to it, `end` does not."""

    start: datetime
    end: datetime

    def __contains__(self, moment: datetime) -> bool:
        return self.start <= moment < self.end


@dataclass(frozen=True)
class Schedule:
    """The dates of a plan: windows `length` long, one every `every`, from `starts_at` on."""

    starts_at: datetime
    ends_at: datetime | None
    length: timedelta
    every: timedelta
    zone: str
    lateness: timedelta = timedelta(0)
    label_maturity: timedelta = timedelta(0)

    def window(self, index: int) -> Window:
        """Return the window with this index, whether or not it still lies before the end."""
        start = self._shift(self.starts_at, self.every, index)
        return Window(start, self._shift(start, self.length, 1))

    def holds(self, window: Window) -> bool:
        """Return whether the window lies wholly before the end of the plan."""
        return self.ends_at is None or window.end <= self.ends_at

    def due_at(self, window: Window) -> datetime:
        """Return when late rows and labels are expected to be there."""
        return window.end + max(self.lateness, self.label_maturity)

    def due(self, now: datetime, first: int = 0) -> Iterator[tuple[int, Window]]:
        """Yield the windows from index `first` on that are due at `now`."""
        index = first
        while True:
            window = self.window(index)
            if not self.holds(window) or self.due_at(window) > now:
                return
            yield index, window
            index += 1

    def count(self) -> int | None:
        """Return how many windows the plan has; None when it has no end."""
        if self.ends_at is None:
            return None
        index = max(0, int((self.ends_at - self.starts_at) / self.every) - 2)
        while index > 0 and not self.holds(self.window(index - 1)):
            index -= 1
        while self.holds(self.window(index)):
            index += 1
        return index

    def index_at(self, moment: datetime) -> int | None:
        """Return the index of the latest window begun at or before `moment`, if any has."""
        if moment < self.starts_at:
            return None
        index = int((moment - self.starts_at) / self.every) + 2
        while self.window(index).start > moment:
            index -= 1
        return index

    def latest_complete(self, now: datetime) -> Window | None:
        """Return the newest window whose rows and labels are expected to be there."""
        index = self.index_at(now if self.ends_at is None else min(now, self.ends_at))
        while index is not None and index >= 0:
            window = self.window(index)
            if self.holds(window) and self.due_at(window) <= now:
                return window
            index -= 1
        return None

    def _shift(self, moment: datetime, step: timedelta, times: int) -> datetime:
        by = step * times
        if step % DAY:
            return moment + by
        zone = ZoneInfo(self.zone)
        local = moment.astimezone(zone).replace(tzinfo=None) + by
        return local.replace(tzinfo=zone).astimezone(UTC)
