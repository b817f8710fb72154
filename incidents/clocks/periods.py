"""When a period of law ends: pure dates, by Regulation (EEC, Euratom) No 1182/71.

Which duty has which period stands in `regimes`. Nothing here reads the database or the time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

SOURCE = "Regulation (EEC, Euratom) No 1182/71, Article 3"
DAY = timedelta(days=1)
SATURDAY = 5


@dataclass(frozen=True)
class Period:
    """A length in hours or in days, as the law puts it; the two are counted differently."""

    hours: int = 0
    days: int = 0

    def __post_init__(self) -> None:
        if (self.hours > 0) == (self.days > 0):
            raise ValueError("A period is given in hours or in days.")

    def __str__(self) -> str:
        amount, unit = (self.hours, "hour") if self.hours else (self.days, "day")
        return f"{amount} {unit}{'' if amount == 1 else 's'}"


@dataclass(frozen=True)
class Calendar:
    """The days of an authority: its zone, and which dates are public holidays there."""

    zone: ZoneInfo
    is_holiday: Callable[[date], bool]

    def works(self, day: date) -> bool:
        """Whether offices work on a day: no Saturday, Sunday or public holiday."""
        return day.weekday() < SATURDAY and not self.is_holiday(day)

    def midnight(self, day: date) -> datetime:
        """Return the moment at which a day begins."""
        return datetime.combine(day, time.min, self.zone).astimezone(UTC)


@dataclass(frozen=True)
class Ends:
    """Two ends of one period, `due` never after `latest`.

    `due` counts every hour from the event and forgives no weekend: what to work by. `latest` is
    where the regulation lets the period expire.
    """

    due: datetime
    latest: datetime


def ends_of(period: Period, event: datetime, calendar: Calendar) -> Ends:
    """Return where a period that an event starts ends; all moments in UTC.

    The hour or the day of the event is not counted (Article 3(1)). Hours run on over nights,
    weekends and holidays; a period in days that would end on a day without work ends with the
    next working day (3(4)), and one of two days or more holds two working days (3(5)). Whether
    3(5) lengthens a period in hours is disputed: it is not counted on here.
    """
    if event.tzinfo is None:
        raise ValueError("The event has a zone.")
    moment, local = event.astimezone(UTC), event.astimezone(calendar.zone)
    if period.hours:
        length = timedelta(hours=period.hours)
        begin = local.replace(minute=0, second=0, microsecond=0).astimezone(UTC)
        counted = begin if begin == moment else begin + timedelta(hours=1)
        return Ends(moment + length, counted + length)
    last = local.date() + DAY * period.days
    worked = sum(calendar.works(local.date() + DAY * n) for n in range(1, period.days + 1))
    least = 2 if period.days > 1 else 0
    while worked < least or not calendar.works(last):
        last += DAY
        worked += calendar.works(last)
    due = (local.replace(tzinfo=None) + DAY * period.days).replace(tzinfo=calendar.zone)
    return Ends(due.astimezone(UTC), calendar.midnight(last + DAY))


@cache
def calendar_of(country: str, zone: str) -> Calendar:
    """Return the calendar of a country's authorities.

    Raises
    ------
    ValueError : for a country (two letters, ISO 3166) or a zone that nobody knows
    """
    import holidays

    if country not in holidays.list_supported_countries():
        raise ValueError(f"{country!r} is not a country code such as DE.")
    days = holidays.country_holidays(country)
    try:
        return Calendar(ZoneInfo(zone), lambda day: day in days)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"{zone!r} is not a time zone such as Europe/Berlin.") from None
