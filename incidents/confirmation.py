"""Has it reached those who serve? The judgement on one serving target, pure.

Only the target's own fact counts: what it says it serves since it was asked to change, and what
an alias reads. A delivered message is no confirmation. Nothing here reads the database.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from incidents.choices import TargetKind

PATIENCE = timedelta(seconds=7)  # a page that looks every two seconds is red within ten
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
    revision: int = 0


@dataclass(frozen=True)
class Served:
    """What a target last said it serves; the revision it names, if it named one."""

    version: str
    personalises: bool
    at: datetime
    revision: int | None = None


@dataclass(frozen=True)
class Told:
    """How far the order of the present revision got: delivered, or the alias set and read back."""

    applied: bool
    problem: str = ""
    given_up: bool = False


@dataclass(frozen=True)
class Channel:
    """How a target hears of a change and what it owes in return."""

    kind: str = TargetKind.OFREP
    reports: bool = True


@dataclass(frozen=True)
class Judgement:
    """Where a target stands, and why, in a sentence."""

    standing: Standing
    sentence: str


MEANING = {
    TargetKind.OFREP: "Confirmed when it reports, after the change, that it serves what is wanted.",
    TargetKind.STREAM: "Confirmed when it was told by the stream, asked again, and reports that it "
    "serves what is wanted.",
    TargetKind.WEBHOOK: "Confirmed when it sends back a report, signed with the endpoint's secret, "
    "that names this change. A delivered message alone confirms nothing.",
    TargetKind.MLFLOW: "Confirmed when the alias was read back after it was set, and what loads it "
    "reports that it serves what is wanted.",
}
ALIAS_ALONE = (
    "Confirmed when the alias was read back after it was set. What loads it does not report, so "
    "nobody says when it was loaded."
)


def meaning(channel: Channel) -> str:
    """Say in words what confirms a target of this kind."""
    if channel.kind == TargetKind.MLFLOW and not channel.reports:
        return ALIAS_ALONE
    return MEANING[TargetKind(channel.kind)]


def judge(
    desired: Desired,
    served: Served | None,
    now: datetime,
    channel: Channel = Channel(),
    told: Told | None = None,
) -> Judgement:
    """Judge a target by the facts that its kind owes.

    An alias that was not read back is never confirmed, whatever its target says. Without an own
    word owed, the alias read back is all there is. Once an order is given up there is nothing left
    to wait for.
    """
    found = _by_facts(desired, served, now, channel, told)
    if told is not None and told.given_up and found.standing == Standing.WAITING:
        return Judgement(Standing.UNCONFIRMED, found.sentence)
    return found


def _by_facts(
    desired: Desired, served: Served | None, now: datetime, channel: Channel, told: Told | None
) -> Judgement:
    alias = channel.kind == TargetKind.MLFLOW
    if alias and (told is None or not told.applied):
        why = told.problem if told and told.problem else "The alias was not read back yet."
        return Judgement(_late(desired, now), why)
    if alias and not channel.reports:
        return Judgement(Standing.CONFIRMED, "The alias was read back after it was set.")
    found = _by_word(desired, served, now, called=channel.kind == TargetKind.WEBHOOK)
    if found.standing in (Standing.WAITING, Standing.UNCONFIRMED) and told is not None:
        return Judgement(found.standing, f"{_channel_said(channel, told)} {found.sentence}")
    return found


def standing(desired: Desired, served: Served | None, now: datetime) -> Standing:
    """Judge a target that asks for itself."""
    return judge(desired, served, now).standing


def _by_word(desired: Desired, served: Served | None, now: datetime, *, called: bool) -> Judgement:
    """Judge a target's own word.

    One that says the right thing since it was asked is confirmed; where it names a revision, that
    must be the present one, for an older word may arrive late. For seven seconds it may take its
    time. One that asks by itself and has not spoken since, nor in the ten minutes before, has no
    traffic: there is nobody to harm and nothing to confirm. One that is called speaks only when it
    is told, so its silence says nothing, unless it last said that it serves nothing.
    """
    if served is not None and served.at >= desired.since:
        if _same(desired, served, named=called):
            return Judgement(Standing.CONFIRMED, f"Says it serves {_words(served)}.")
        stale = served.revision is not None and served.revision < desired.revision
        late = f" (of revision {served.revision}, before this change)" if stale else ""
        return Judgement(_late(desired, now), f"Says it serves {_words(served)}{late}.")
    idle = served is not None and not served.version and not served.personalises
    if called:
        if idle:
            return Judgement(Standing.NO_TRAFFIC, "Said before the change that it serves nothing.")
        return Judgement(_late(desired, now), "It has not said what it serves since the change.")
    if served is None:
        return Judgement(Standing.NO_TRAFFIC, "It has never reported.")
    if served.at < desired.since - QUIET:
        return Judgement(
            Standing.NO_TRAFFIC, "It was silent for ten minutes before the change and is since."
        )
    return Judgement(_late(desired, now), "It has not said what it serves since the change.")


def _same(desired: Desired, served: Served, *, named: bool) -> bool:
    """Whether the word fits. A target that is called answers to one change, so it names it."""
    current = not named if served.revision is None else served.revision >= desired.revision
    told = (served.version, served.personalises) == (desired.version, desired.personalises)
    return current and told


def _late(desired: Desired, now: datetime) -> Standing:
    return Standing.WAITING if now - desired.since <= PATIENCE else Standing.UNCONFIRMED


def _words(served: Served) -> str:
    if not served.version:
        return "nothing"
    return served.version + ("" if served.personalises else ", the same for everybody")


def _channel_said(channel: Channel, told: Told) -> str:
    if channel.kind == TargetKind.MLFLOW:
        return "The alias is right."
    if told.applied:
        return "The message was delivered, which confirms nothing."
    return told.problem or "The message is on its way."
