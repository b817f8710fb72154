"""How often each audience hears of an incident, as data; when the next word is due, pure.

Nothing is scheduled: what is due follows from the last word and the state, so a restart loses
none. The reminders that were sent are rows (`services.updates`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from incidents.choices import Audience, Severity, Stage, State

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)

#: How long an audience waits for the next word while the harm may go on.
CADENCE: dict[str, dict[str, timedelta]] = {
    Audience.INTERNAL: {
        Severity.S1: timedelta(minutes=30),
        Severity.S2: 2 * _HOUR,
        Severity.S3: _DAY,
    },
    Audience.PARTNERS: {Severity.S1: 2 * _HOUR, Severity.S2: 8 * _HOUR, Severity.S3: 3 * _DAY},
    Audience.PEOPLE: {Severity.S1: _DAY, Severity.S2: 3 * _DAY, Severity.S3: 7 * _DAY},
    Audience.PUBLIC: {Severity.S1: _DAY, Severity.S2: 3 * _DAY, Severity.S3: 7 * _DAY},
}
#: Once the harm has stopped, the same words come this many times more slowly.
SLOWER_ONCE_STOPPED = 4
#: How long after an incident was resolved everybody who was told of it hears that it is over.
END_WITHIN = _DAY

_BURNING = (State.REPORTED, State.TRIAGE, State.ACTIVE)
_OVER = (State.RESOLVED, State.REVIEW)


@dataclass(frozen=True)
class Course:
    """What the cadence looks at: where the incident stands, and what an audience heard last."""

    severity: str
    state: str
    reported_at: datetime
    resolved_at: datetime | None
    last_sent_at: datetime | None
    last_stage: str = ""


@dataclass(frozen=True)
class Owed:
    """A word that an audience waits for: since when it counts, until when, and which."""

    since: datetime
    due_at: datetime
    stage: str

    def is_near(self, now: datetime) -> bool:
        """Whether it is time to write it: nothing was said yet, or half of the period is over."""
        return self.stage == Stage.FIRST or now >= self.since + (self.due_at - self.since) / 2

    def missed(self, now: datetime) -> int:
        """How many periods have passed unheard: 0 before it is due, 1 once it is, and on."""
        if now < self.due_at:
            return 0
        return 1 + (now - self.due_at) // (self.due_at - self.since)


def owed(audience: str, course: Course) -> Owed | None:
    """Return the next word that an audience waits for; None where it waits for nothing.

    The own team is told from the beginning. Everybody else waits only once they were told
    something; an authority waits for what its clock asks (`clocks`), not for updates.
    """
    if audience != Audience.INTERNAL and course.last_sent_at is None:
        return None
    if course.state in _OVER and audience != Audience.REGULATOR:
        return _end_owed(course)
    period = CADENCE.get(audience, {}).get(course.severity)
    if period is None or course.state not in (*_BURNING, State.MITIGATED):
        return None
    if course.state == State.MITIGATED:
        period *= SLOWER_ONCE_STOPPED
    since = max(course.last_sent_at or course.reported_at, course.reported_at)
    stage = Stage.UPDATE if course.last_sent_at else Stage.FIRST
    return Owed(since, since + period, stage)


def _end_owed(course: Course) -> Owed | None:
    resolved, last = course.resolved_at, course.last_sent_at
    if resolved is None or last is None:
        return None
    if course.last_stage == Stage.END and last >= resolved:
        return None
    return Owed(resolved, resolved + END_WITHIN, Stage.END)
