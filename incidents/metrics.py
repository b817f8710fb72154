"""How fast harms are found, stopped and fixed: pure sums over the times of episodes.

Each measure is the time between two named moments; an episode without one of them does not
count towards it. What a page makes of it is not here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median


@dataclass(frozen=True)
class Times:
    """The moments of one episode, as far as they are known."""

    severity: str
    started_at: datetime | None = None
    detected_at: datetime | None = None
    reported_at: datetime | None = None
    acknowledged_at: datetime | None = None
    containment_requested_at: datetime | None = None
    contained_at: datetime | None = None
    mitigated_at: datetime | None = None
    resolved_at: datetime | None = None


@dataclass(frozen=True)
class Measure:
    """One measure: from which moment to which."""

    key: str
    title: str
    since: str
    until: str


MEASURES: tuple[Measure, ...] = (
    Measure("detect", "Time to detect", "started_at", "detected_at"),
    Measure("acknowledge", "Time to acknowledge", "reported_at", "acknowledged_at"),
    Measure("contain", "Time to contain", "containment_requested_at", "contained_at"),
    Measure("mitigate", "Time to mitigate", "detected_at", "mitigated_at"),
    Measure("resolve", "Time to resolve", "started_at", "resolved_at"),
)


@dataclass(frozen=True)
class Spread:
    """Median and 90th percentile of the episodes that have both moments, and how many do."""

    measure: Measure
    n: int
    median: timedelta | None
    p90: timedelta | None


def spreads(episodes: Sequence[Times]) -> list[Spread]:
    """Return every measure over the episodes.

    The percentile is the smallest observed time that nine in ten do not exceed (nearest rank).
    """
    found = []
    for measure in MEASURES:
        lengths = sorted(_lengths(episodes, measure))
        rank = math.ceil(0.9 * len(lengths)) - 1
        found.append(
            Spread(
                measure,
                len(lengths),
                timedelta(seconds=median(one.total_seconds() for one in lengths))
                if lengths
                else None,
                lengths[rank] if lengths else None,
            )
        )
    return found


def _lengths(episodes: Iterable[Times], measure: Measure) -> Iterable[timedelta]:
    for one in episodes:
        since, until = getattr(one, measure.since), getattr(one, measure.until)
        if since is not None and until is not None:
            yield until - since


def mitigated_within(
    episodes: Iterable[Times], limit: timedelta, severities: Sequence[str]
) -> tuple[int, int]:
    """Return how many episodes of these severities were mitigated in time, of how many in all."""
    serious = [one for one in episodes if one.severity in severities and one.detected_at]
    in_time = [
        one
        for one in serious
        if one.mitigated_at is not None
        and one.detected_at is not None
        and one.mitigated_at - one.detected_at <= limit
    ]
    return len(in_time), len(serious)
