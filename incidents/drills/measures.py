"""What a drill measures and how it is judged: times between facts, held against objectives. Pure.

A measure without its fact is missed, never left out: what did not happen was not in time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from incidents.choices import DrillVerdict, Part, StepState


@dataclass(frozen=True)
class Objective:
    """One thing that a drill has to reach in time: from which fact to which."""

    key: str
    title: str
    since: str
    until: str
    missed: str


OBJECTIVES: tuple[Objective, ...] = (
    Objective(
        "acknowledge",
        "Somebody took command",
        "started_at",
        "acknowledged_at",
        "Nobody took command.",
    ),
    Objective(
        "notify",
        "Everybody who should respond was told",
        "started_at",
        "told_at",
        "Not everybody who should respond was told.",
    ),
    Objective(
        "confirm",
        "Every target confirmed the stop",
        "requested_at",
        "confirmed_at",
        "Not every target confirmed the stop.",
    ),
    Objective(
        "release",
        "Two people lifted the hold",
        "confirmed_at",
        "released_at",
        "The hold was not lifted by two people after a confirmed stop.",
    ),
)
# Parts whose steps have to work, whatever the objectives say; the later ones take days in reality.
_MUST_WORK = (Part.CONTAIN, Part.NOTIFY)


@dataclass(frozen=True)
class TargetFact:
    """One serving target of the drill, and when it first said that it had stopped."""

    key: str
    title: str
    confirmed_at: datetime | None


@dataclass(frozen=True)
class RoleFact:
    """One role that should respond, and when somebody in it was told."""

    role: str
    told_at: datetime | None


@dataclass(frozen=True)
class StepFact:
    """One step of the playbook as it stood at the end."""

    key: str
    title: str
    part: str
    state: str
    outcome: str
    mandatory: bool
    attempts: int
    finished_at: datetime | None


@dataclass(frozen=True)
class DrillFacts:
    """What happened, with its times."""

    started_at: datetime
    ended_at: datetime
    acknowledged_at: datetime | None
    requested_at: datetime | None
    released_at: datetime | None
    targets: tuple[TargetFact, ...]
    roles: tuple[RoleFact, ...]
    steps: tuple[StepFact, ...]

    @property
    def confirmed_at(self) -> datetime | None:
        """When the last target confirmed; unknown unless every one did."""
        return _last([one.confirmed_at for one in self.targets])

    @property
    def told_at(self) -> datetime | None:
        """When the last role was told; unknown unless every one was."""
        return _last([one.told_at for one in self.roles])


def _last(moments: Sequence[datetime | None]) -> datetime | None:
    known = [one for one in moments if one is not None]
    return max(known) if known and len(known) == len(moments) else None


@dataclass(frozen=True)
class Measured:
    """One objective with what was measured; `took` is unknown when a fact is missing."""

    objective: Objective
    limit: timedelta
    begins: timedelta | None
    took: timedelta | None

    @property
    def met(self) -> bool:
        return self.took is not None and self.took <= self.limit


@dataclass(frozen=True)
class Judgement:
    """The verdict, why it is not a pass, and every measure."""

    verdict: str
    reasons: tuple[str, ...]
    measured: tuple[Measured, ...]


def measure(facts: DrillFacts, limits: dict[str, timedelta]) -> tuple[Measured, ...]:
    """Return every objective with the time between its facts; `limits` is by objective."""
    found = []
    for one in OBJECTIVES:
        since, until = getattr(facts, one.since), getattr(facts, one.until)
        # What came before it was asked for (a lift before the last confirmation) measures nothing.
        whole = since is not None and until is not None and until >= since
        found.append(
            Measured(
                objective=one,
                limit=limits[one.key],
                begins=None if since is None else since - facts.started_at,
                took=until - since if whole else None,
            )
        )
    return tuple(found)


def judge(facts: DrillFacts, limits: dict[str, timedelta], called_off: str = "") -> Judgement:
    """Judge a drill. One that was called off is measured and not judged."""
    measured = measure(facts, limits)
    if called_off:
        return Judgement(DrillVerdict.CALLED_OFF, (called_off,), measured)
    reasons = [_missed(one) for one in measured if not one.met]
    reasons += [
        f"{one.title}: {one.outcome or 'it failed without a word.'}"
        for one in facts.steps
        if one.mandatory and one.state == StepState.FAILED and one.part in _MUST_WORK
    ]
    silent = [one.title for one in facts.targets if one.confirmed_at is None]
    if silent:
        reasons.append(f"Never confirmed: {', '.join(silent)}.")
    verdict = DrillVerdict.FAILED if reasons else DrillVerdict.PASSED
    return Judgement(verdict, tuple(reasons), measured)


def _missed(one: Measured) -> str:
    if one.took is None:
        return one.objective.missed
    took, limit = in_words(one.took), in_words(one.limit)
    return f"{one.objective.title} after {took}; the objective is {limit}."


def in_words(length: timedelta) -> str:
    """Return a length as people say it, to a tenth of a second below ten: `2.4 s`, `3 min 5 s`."""
    seconds = length.total_seconds()
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    parts = []
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        count, whole = divmod(whole, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2])
