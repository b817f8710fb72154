"""The months in which consent events lie: made ahead, and an alarm when one is missing.

The functions behind it stand in the room's migrations and belong to the tables' owner.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from governance.core.ports import KeepForever

#: Partitions stand ready this long before their month begins.
AHEAD = timedelta(days=92)
#: Less than this is a problem: the tick that makes them has not run for two months.
LEAST_AHEAD = timedelta(days=31)

# Newest end of the months, and whether anything fell into the default partition.
_STANDING = """
SELECT (SELECT max((regexp_match(pg_get_expr(c.relpartbound, c.oid),
                                 'TO \\(''([^'']+)''\\)'))[1]::timestamptz)
        FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'consent_consentevent'::regclass),
       EXISTS (SELECT 1 FROM consent_consentevent_default)
"""

#: For the probe of readiness: 1 when events lie outside the months, else 0.
OUTSIDE_MONTHS = (
    "SELECT count(*) FROM (SELECT 1 FROM consent_consentevent_default LIMIT 1) AS found"
)


@dataclass(frozen=True)
class EventMonths:
    """Up to when months stand ready, and whether events lie outside them."""

    until: datetime | None
    default_holds_events: bool

    def problem(self, now: datetime) -> str:
        """What is wrong, as a sentence with what to do; empty when nothing is."""
        if self.default_holds_events:
            return (
                "Consent events lie outside the months made for them: "
                "let the worker run its retention tick, which makes the months."
            )
        if self.until is None or self.until < now + LEAST_AHEAD:
            return (
                "The months for consent events run out: check that beat and the worker run; "
                "their retention tick makes three ahead."
            )
        return ""


def make_event_months(now: datetime) -> int:
    """Make the months from the present one to three ahead; return how many were missing."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT consent_make_event_partitions(%s, %s)", [now.date(), (now + AHEAD).date()]
        )
        row = cursor.fetchone()
    return int(row[0])


def event_months() -> EventMonths:
    """Read how the months stand."""
    with connection.cursor() as cursor:
        cursor.execute(_STANDING)
        row = cursor.fetchone()
    return EventMonths(row[0], bool(row[1]))


@dataclass(frozen=True)
class KeepInMonths(KeepForever):
    """The rows stay; the tick that would remove others makes the months ahead."""

    def apply(self, now: datetime) -> int:
        make_event_months(now)
        return 0
