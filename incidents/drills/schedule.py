"""When the next drill of a plan is due. Pure."""

from __future__ import annotations

import calendar
from datetime import date, timedelta

from incidents.choices import DrillCadence, DrillVerdict

REPEAT_WITHIN = timedelta(days=30)  # a drill that failed is repeated once its faults are mended
_MONTHS = {DrillCadence.QUARTERLY: 3, DrillCadence.YEARLY: 12}


def next_due(every: str, verdict: str, ended: date, due: date | None) -> date | None:
    """Return the day a plan is due next, after a drill that ended with this verdict.

    A drill that was called off changes nothing: it is still due when it was.
    """
    if verdict == DrillVerdict.CALLED_OFF:
        return due
    if verdict == DrillVerdict.FAILED:
        return ended + REPEAT_WITHIN
    if every not in _MONTHS:
        return None
    return months_later(ended, _MONTHS[DrillCadence(every)])


def months_later(day: date, months: int) -> date:
    """Return the same day so many months later, or the last of that month."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))
