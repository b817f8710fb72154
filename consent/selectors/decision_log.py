"""Counts of the sampled decisions of one system in a time: what the doors told, and how many."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import connection

from consent.decision.vocabulary import MINOR_BANDS, Outcome

_COUNTS = """
WITH told AS (
    SELECT d.lookup, d.door, count(*) AS times
    FROM consent_decisionsample d
    WHERE d.flag = %(flag)s AND d.outcome = %(outcome)s AND d.at >= %(since)s AND d.at < %(until)s
    GROUP BY 1, 2
),
people AS (SELECT lookup, sum(times) AS times FROM told WHERE lookup IS NOT NULL GROUP BY 1)
SELECT (SELECT coalesce(sum(times), 0) FROM told),
       (SELECT coalesce(sum(times), 0) FROM told WHERE door = 'check'),
       (SELECT coalesce(sum(times), 0) FROM told WHERE lookup IS NULL),
       count(*), count(*) FILTER (WHERE p.times = 1),
       count(*) FILTER (WHERE s.age_band = ANY(%(minors)s)),
       count(*) FILTER (WHERE s.age_band = ANY(%(minors)s) AND p.times = 1),
       count(*) FILTER (WHERE s.age_band <> 'unknown')
FROM people p LEFT JOIN consent_datasubject s ON s.lookup = p.lookup
"""


@dataclass(frozen=True, slots=True)
class LogCounts:
    """What the sample holds of the answers that let a system personalise.

    `every`: one answer in so many was kept (0: none are). `from_batches` came out of answers about
    many people at once, each of which leaves one person only.
    """

    every: int
    samples: int
    from_batches: int
    nameless: int
    people: int
    once: int
    minors: int
    minors_once: int
    of_known_age: int
    oldest: datetime | None


def personalised_in_log(system_key: str, *, since: datetime, until: datetime) -> LogCounts:
    """Count the sampled answers of a time that let the system personalise.

    A caller that asks for every flag is told of a system under two names; one of them counts.
    """
    with connection.cursor() as cursor:
        found = (0, 0, 0, 0, 0, 0, 0, 0)
        for flag in (f"system.{system_key}", f"system.{system_key}.version"):
            cursor.execute(
                _COUNTS,
                {
                    "flag": flag,
                    "outcome": str(Outcome.PERSONALISE),
                    "since": since,
                    "until": until,
                    "minors": [str(band) for band in MINOR_BANDS],
                },
            )
            row = [int(number) for number in cursor.fetchone()]
            found = (row[0], row[1], row[2], row[3], row[4], row[5], row[6], row[7])
            if found[0]:
                break
        cursor.execute("SELECT min(at) FROM consent_decisionsample")
        oldest = cursor.fetchone()[0]
    return LogCounts(settings.SAMPLE_EVERY, *found, oldest)
