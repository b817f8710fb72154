"""When a step that failed is tried again: 1, 2, 4 ... 60 s with jitter, for a quarter of an hour.

Pure: the moment and the chance are given.
"""

from __future__ import annotations

from datetime import datetime, timedelta

LONGEST = 60.0  # seconds between two tries
GIVES_UP_AFTER = timedelta(minutes=15)
JITTER = 0.25  # a wait is up to this share longer, so that steps do not fail in step


def next_try(
    *, failures: int, failing_since: datetime, now: datetime, chance: float
) -> datetime | None:
    """Return when to try again after so many failures in a row; None: people take over.

    `chance` lies in [0, 1).
    """
    if now - failing_since >= GIVES_UP_AFTER:
        return None
    wait = min(LONGEST, 2.0 ** min(failures - 1, 10))
    return now + timedelta(seconds=wait * (1 + JITTER * chance))
