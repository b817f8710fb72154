"""A schedule in words for people ("every Monday at 06:00, Europe/Berlin"), and durations.

Pure: reads no database. Which windows follow from a schedule stands in `windows`.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim

from audits.windows import DAY, Schedule

UNITS = {
    "week": timedelta(weeks=1),
    "day": DAY,
    "hour": timedelta(hours=1),
    "minute": timedelta(minutes=1),
    "second": timedelta(seconds=1),
}
DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
SHORT_DAYS = {"SUN": 0, "MON": 1, "TUE": 2, "WED": 3, "THU": 4, "FRI": 5, "SAT": 6}
_PART = re.compile(r"(\d+)\s*(week|day|hour|minute|second)s?", re.IGNORECASE)


def duration_in_words(duration: timedelta) -> str:
    """`1 day`, `90 minutes`, `0 seconds`: the largest unit that needs no fraction."""
    for name, unit in UNITS.items():
        if duration and not duration % unit and (name != "week" or duration // unit > 1):
            number = duration // unit
            return f"{number} {name}" if number == 1 else f"{number} {name}s"
    seconds = duration.total_seconds()
    return f"{seconds:g} second" if seconds == 1 else f"{seconds:g} seconds"


def read_duration(text: str) -> timedelta:
    """Read `1 day`, `2 weeks`, `1 hour 30 minutes`.

    Raises
    ------
    ValueError : with a sentence, when it is none of these
    """
    found = list(_PART.finditer(text))
    if not found or _PART.sub("", text).replace(",", "").replace("and", "").strip():
        raise ValueError(f"{text!r} is not a duration such as '1 day' or '6 hours'.")
    try:
        return sum((int(one[1]) * UNITS[one[2].lower()] for one in found), timedelta(0))
    except OverflowError:
        raise ValueError(f"{text!r} is longer than any plan.") from None


def schedule_in_words(schedule: Schedule) -> str:
    """`every Monday at 06:00, Europe/Berlin`: when a window begins, in the plan's zone."""
    if schedule.cron:
        return f"{_cron_in_words(schedule.cron)}, {schedule.zone}"
    local = schedule.starts_at.astimezone(ZoneInfo(schedule.zone))
    said = f"{_interval_in_words(schedule.every, local)}, {schedule.zone}"
    if schedule.length == schedule.every:
        return said
    return f"{said}, each window {duration_in_words(schedule.length)} long"


def delay_in_words(schedule: Schedule) -> str:
    """When a window is audited after its end."""
    if not schedule.delay:
        return "as soon as it ends"
    return f"{duration_in_words(schedule.delay)} after it ends"


def _interval_in_words(every: timedelta, start: datetime) -> str:
    clock = f"{start:%H:%M}"
    if every == DAY:
        return f"every day at {clock}"
    if every == 7 * DAY:
        return f"every {start:%A} at {clock}"
    if not every % DAY:
        return f"every {every // DAY} days at {clock}, counted from {start:%d %B %Y}"
    words = duration_in_words(every)
    return f"every {words.removeprefix('1 ')}, counted from {start:%d %B %Y} at {clock}"


def _cron_in_words(cron: str) -> str:
    minute, hour, day, month, weekday = cron.split()
    if month == "*" and _number(minute, 59) is not None and _number(hour, 23) is not None:
        clock = f"at {int(hour):02}:{int(minute):02}"
        if (day, weekday) == ("*", "*"):
            return f"every day {clock}"
        if day == "*" and (days := _weekdays(weekday)):
            return f"every {days} {clock}"
        if weekday == "*" and (number := _number(day, 31)) is not None:
            return f"on day {number} of every month {clock}"
        if (day, weekday) == ("L", "*"):
            return f"on the last day of every month {clock}"
    if (day, month, weekday) == ("*", "*", "*") and (number := _number(minute, 59)) is not None:
        if hour == "*":
            return f"every hour at minute {number}"
        if hour.startswith("*/") and number == 0:
            return f"every {hour[2:]} hours, counted from midnight"
    said = str(CronSim(cron, datetime(2000, 1, 1)).explain())  # noqa: DTZ001 (words know no zone)
    return said[:1].lower() + said[1:]


def _number(field: str, most: int) -> int | None:
    return int(field) if field.isdigit() and int(field) <= most else None


def _weekdays(field: str) -> str | None:
    named = field.upper()
    for short, number in SHORT_DAYS.items():
        named = named.replace(short, str(number))
    if named == "1-5":
        return "weekday"
    if not re.fullmatch(r"[0-7](,[0-7])*", named):
        return None
    names = list(dict.fromkeys(DAYS[int(one)] for one in sorted(named.split(","))))
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
