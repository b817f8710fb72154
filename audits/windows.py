"""Which windows a plan promises and when each is due: pure functions of dates and durations.

Windows begin at the ticks of a cron expression in the plan's zone and last until the next tick,
or begin one every `every` and last `length`. Nothing here reads the database or the clock.

Whole days follow the calendar of the plan's zone (a day with a clock change has 23 or 25 hours);
shorter steps are exact. Of cron, a time of day that the clock skips begins right after the gap,
one that comes twice begins the first time; what repeats within the hour goes on in both.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

DAY = timedelta(days=1)
# Ticks near a clock change are found only by who comes from well before it.
APPROACH = timedelta(hours=4)
FIRST_LOOK_BACK = timedelta(days=2)
LONGEST_LOOK_BACK = timedelta(days=8 * 366)  # 29 February may be eight years away


@dataclass(frozen=True)
class Window:
    """A half-open stretch of time: `start` belongs to it, `end` does not."""

    start: datetime
    end: datetime

    def __contains__(self, moment: datetime) -> bool:
        return self.start <= moment < self.end


@dataclass(frozen=True)
class Schedule:
    """The dates of a plan. With `cron`, `length` and `every` say nothing."""

    starts_at: datetime
    ends_at: datetime | None
    length: timedelta
    every: timedelta
    zone: str
    lateness: timedelta = timedelta(0)
    label_maturity: timedelta = timedelta(0)
    cron: str = ""

    @property
    def delay(self) -> timedelta:
        """How long after its end a window is due."""
        return max(self.lateness, self.label_maturity)

    def windows(self, since: datetime | None = None) -> Iterator[Window]:
        """Yield the windows that begin at `since` or later, whether or not the plan ends."""
        first = max(since or self.starts_at, self.starts_at)
        if self.cron:
            for start, end in pairwise(ticks(self.cron, self.zone, first)):
                yield Window(start, end)
            return
        index = self._index_at(first)
        if self._at(index).start < first:
            index += 1
        while True:
            yield self._at(index)
            index += 1

    def backwards(self, moment: datetime) -> Iterator[Window]:
        """Yield the windows begun at or before `moment`, the newest first."""
        if moment < self.starts_at:
            return
        if self.cron:
            yield from self._ticked_backwards(moment)
            return
        for index in range(self._index_at(moment), -1, -1):
            yield self._at(index)

    def window(self, number: int) -> Window:
        """Return the window with this number, counted from 0."""
        return next(islice(self.windows(), number, None)) if self.cron else self._at(number)

    def holds(self, window: Window) -> bool:
        """Return whether the window lies wholly before the end of the plan."""
        return self.ends_at is None or window.end <= self.ends_at

    def due_at(self, window: Window) -> datetime:
        """Return when late rows and labels are expected to be there."""
        return window.end + self.delay

    def due(self, now: datetime, since: datetime | None = None) -> Iterator[Window]:
        """Yield the windows beginning at `since` or later that are due at `now`, in order."""
        for window in self.windows(since):
            if not self.holds(window) or self.due_at(window) > now:
                return
            yield window

    def following(self, since: datetime | None, count: int = 5) -> list[Window]:
        """Return the next windows of the plan beginning at `since` or later, at most `count`."""
        return [one for one in islice(self.windows(since), count) if self.holds(one)]

    def count(self) -> int | None:
        """Return how many windows the plan has; None when it has no end."""
        if self.ends_at is None:
            return None
        if self.cron:
            begun = ticks(self.cron, self.zone, self.starts_at)
            return max(0, sum(1 for _ in _until(begun, self.ends_at)) - 1)
        index = max(0, int((self.ends_at - self.starts_at) / self.every) - 2)
        while index > 0 and not self.holds(self._at(index - 1)):
            index -= 1
        while self.holds(self._at(index)):
            index += 1
        return index

    def latest_complete(self, now: datetime) -> Window | None:
        """Return the newest window whose rows and labels are expected to be there."""
        known = now - self.delay
        for window in self.backwards(known if self.ends_at is None else min(known, self.ends_at)):
            if self.holds(window) and self.due_at(window) <= now:
                return window
        return None

    def _index_at(self, moment: datetime) -> int:
        """The number of the latest window begun at or before a moment after the start."""
        index = int((moment - self.starts_at) / self.every) + 2
        while index > 0 and self._at(index).start > moment:
            index -= 1
        return index

    def _at(self, index: int) -> Window:
        start = self._shift(self.starts_at, self.every, index)
        return Window(start, self._shift(start, self.length, 1))

    def _shift(self, moment: datetime, step: timedelta, times: int) -> datetime:
        by = step * times
        if step % DAY:
            return moment + by
        zone = ZoneInfo(self.zone)
        local = moment.astimezone(zone).replace(tzinfo=None) + by
        return local.replace(tzinfo=zone).astimezone(UTC)

    def _ticked_backwards(self, moment: datetime) -> Iterator[Window]:
        until, back = moment, FIRST_LOOK_BACK
        while True:
            first = max(until - back, self.starts_at)
            windows = pairwise(ticks(self.cron, self.zone, first))
            begun = [Window(*pair) for pair in _begun_until(windows, until)]
            yield from reversed(begun)
            if first == self.starts_at or back > LONGEST_LOOK_BACK:
                return
            until, back = first - timedelta(microseconds=1), back * 4


def _until(moments: Iterator[datetime], last: datetime) -> Iterator[datetime]:
    for moment in moments:
        if moment > last:
            return
        yield moment


def _begun_until(
    pairs: Iterator[tuple[datetime, datetime]], last: datetime
) -> Iterator[tuple[datetime, datetime]]:
    for start, end in pairs:
        if start > last:
            return
        yield start, end


def ticks(cron: str, zone: str, since: datetime) -> Iterator[datetime]:
    """Yield the moments of a cron expression at `since` or later, ascending, in UTC."""
    begin = (since - APPROACH).astimezone(ZoneInfo(zone))
    last: datetime | None = None
    for found in CronSim(cron, begin):
        moment = found.astimezone(UTC)
        if moment >= since and (last is None or moment > last):
            last = moment
            yield moment


def check_cron(cron: str) -> str | None:
    """Return what is wrong with a cron expression, as a sentence; None when it can be used."""
    if len(cron.split()) != 5:
        return (
            f"{cron!r} is not a cron expression: it has five fields, minute, hour, day of month, "
            "month and day of week, such as '0 6 * * 1'."
        )
    try:
        first = list(islice(CronSim(cron, datetime(2000, 1, 1, tzinfo=UTC)), 2))
    except CronSimError as problem:
        field = str(problem).removeprefix("Bad ").replace("-", " ")
        return f"{cron!r} is not a cron expression: its {field} cannot be read."
    if len(first) < 2:
        return f"{cron!r} never comes: no day of any month matches it."
    return None
