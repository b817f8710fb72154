"""Has it reached those who serve? The judgement on one serving target, pure.

Only the target's own word counts: what it says it serves, said after it was asked to change. A
delivered message is no confirmation.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

PATIENCE = timedelta(seconds=10)
QUIET = timedelta(minutes=10)


class Standing(StrEnum):
    """Where a target stands against what is wanted of it."""

    CONFIRMED = "confirmed"
    WAITING = "waiting"
    UNCONFIRMED = "unconfirmed"
    NO_TRAFFIC = "no_traffic"


@dataclass(frozen=True)
class Desired:
    """What a system should serve, since when. An empty version: nothing."""

    version: str
    personalises: bool
    since: datetime


@dataclass(frozen=True)
class Served:
    """What a target last said it serves."""

    version: str
    personalises: bool
    at: datetime


def standing(desired: Desired, served: Served | None, now: datetime) -> Standing:
    """Judge a target.

    A target that says the right thing since it was asked is confirmed. For ten seconds it may
    take its time. One that has not spoken since, nor in the ten minutes before, has no traffic:
    there is nobody to harm and nothing to confirm. Whatever else it does is unconfirmed.
    """
    heard = served is not None and served.at >= desired.since
    if served is not None and heard:
        same = served.version == desired.version and served.personalises == desired.personalises
        if same:
            return Standing.CONFIRMED
    elif served is None or served.at < desired.since - QUIET:
        return Standing.NO_TRAFFIC
    return Standing.WAITING if now - desired.since <= PATIENCE else Standing.UNCONFIRMED
