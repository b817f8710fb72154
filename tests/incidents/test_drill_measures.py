"""A drill is judged by its facts alone: what is missing is missed, what is late is said so."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.charts import Span, timeline
from incidents.choices import OUTSIDE, DrillVerdict, StepType
from incidents.drills.measures import (
    OBJECTIVES,
    DrillFacts,
    RoleFact,
    StepFact,
    TargetFact,
    in_words,
    judge,
    measure,
)
from incidents.drills.schedule import months_later
from incidents.drills.steps import left_out_because
from incidents.models.drills import LIMITS

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ALLOWED = dict.fromkeys(LIMITS, MINUTE)


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


GOOD = DrillFacts(
    started_at=NOON,
    ended_at=after(120),
    acknowledged_at=after(20),
    requested_at=after(1),
    released_at=after(60),
    targets=(TargetFact("shop", "Shop", after(3)), TargetFact("app", "App", after(5))),
    roles=(RoleFact("admin", after(2)), RoleFact("dpo", after(4))),
    steps=(),
)


def test_the_objectives_of_a_plan_are_those_that_are_judged() -> None:
    assert {one.key for one in OBJECTIVES} == set(LIMITS)


def test_each_objective_is_the_time_between_its_two_facts() -> None:
    took = {one.objective.key: one.took for one in measure(GOOD, ALLOWED)}
    assert {key: one.total_seconds() for key, one in took.items() if one} == {
        "acknowledge": 20,
        "notify": 4,  # the last of those who should respond
        "confirm": 4,  # the last target, from the moment that the stop was asked for
        "release": 55,  # from the last confirmation
    }
    assert judge(GOOD, ALLOWED).verdict == DrillVerdict.PASSED


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"acknowledged_at": None}, "Nobody took command."),
        ({"acknowledged_at": after(61)}, "Somebody took command after 1 min 1 s"),
        ({"roles": ()}, "Not everybody who should respond was told."),
        ({"roles": (RoleFact("dpo", None),)}, "Not everybody who should respond was told."),
        ({"targets": ()}, "Not every target confirmed the stop."),
        ({"targets": (TargetFact("a", "A", None),)}, "Never confirmed: A."),
        ({"requested_at": None}, "Not every target confirmed the stop."),
        ({"released_at": None}, "The hold was not lifted by two people"),
        ({"released_at": after(4)}, "The hold was not lifted by two people"),
    ],
)
def test_what_is_missing_or_late_fails_with_its_reason(
    changes: dict[str, Any], reason: str
) -> None:
    found = judge(dataclasses.replace(GOOD, **changes), ALLOWED)
    assert found.verdict == DrillVerdict.FAILED
    assert any(reason in one for one in found.reasons), found.reasons


@pytest.mark.parametrize(
    ("part", "mandatory", "passes"),
    [
        ("contain", True, False),
        ("notify", True, False),
        ("contain", False, True),
        ("fix", True, True),
        ("investigate", True, True),
    ],
)
def test_a_needed_step_of_containing_or_notifying_that_failed_fails_the_drill(
    part: str, mandatory: bool, passes: bool
) -> None:
    step = StepFact("back", "Roll back", part, "failed", "No fallback.", mandatory, 3, None)
    found = judge(dataclasses.replace(GOOD, steps=(step,)), ALLOWED)
    assert (found.verdict == DrillVerdict.PASSED) == passes
    assert ("Roll back: No fallback." in found.reasons) != passes


def test_what_was_called_off_is_measured_and_not_judged() -> None:
    facts = dataclasses.replace(GOOD, acknowledged_at=None)
    found = judge(facts, ALLOWED, called_off="INC-0007 is real.")
    assert (found.verdict, found.reasons) == (DrillVerdict.CALLED_OFF, ("INC-0007 is real.",))
    assert [one.took is None for one in found.measured] == [True, False, False, False]


@given(
    st.integers(1, 600),
    st.one_of(st.none(), st.integers(0, 1_200)),
    st.one_of(st.none(), st.integers(0, 1_200)),
    st.one_of(st.none(), st.integers(0, 1_200)),
    st.one_of(st.none(), st.integers(0, 1_200)),
)
def test_a_drill_passes_exactly_when_nothing_is_missing_or_late(
    limit: int, command: int | None, told: int | None, confirmed: int | None, lifted: int | None
) -> None:
    def moment(seconds: int | None) -> datetime | None:
        return None if seconds is None else after(seconds)

    facts = dataclasses.replace(
        GOOD,
        requested_at=NOON,
        acknowledged_at=moment(command),
        roles=(RoleFact("dpo", moment(told)),),
        targets=(TargetFact("shop", "Shop", moment(confirmed)),),
        released_at=moment(lifted),
    )
    found = judge(facts, dict.fromkeys(LIMITS, timedelta(seconds=limit)))
    known = [one for one in (command, told, confirmed) if one is not None and one <= limit]
    in_order = lifted is not None and confirmed is not None and 0 <= lifted - confirmed <= limit
    assert (found.verdict == DrillVerdict.PASSED) == (len(known) == 3 and in_order)


@pytest.mark.parametrize(
    ("step", "params", "left_out"),
    [
        (StepType.PLACE_HOLD, {"on": "system"}, False),
        (StepType.PLACE_HOLD, {}, False),
        (StepType.PLACE_HOLD, {"on": "version"}, False),
        (StepType.PLACE_HOLD, {"on": "purpose", "keys": ["ads"]}, True),
        (StepType.PLACE_HOLD, {"on": "surface"}, True),
        (StepType.FALLBACK_NON_PROFILED, {}, False),
        (StepType.FALLBACK_NON_PROFILED, {"surfaces": ["home"]}, True),
        (StepType.REDUCE_SCOPE, {"purposes": ["ads"]}, True),
        (StepType.DISABLE_FEATURE, {"features": ["age"]}, True),
        (StepType.WEBHOOK, {"endpoint": "pager"}, True),
        (StepType.START_CLOCK, {"regime": "gdpr-33"}, True),
        (StepType.STATUS_UPDATE, {"audience": "responsible"}, False),
        *((StepType.STATUS_UPDATE, {"audience": str(one)}, True) for one in OUTSIDE),
        (StepType.ROLLBACK_MODEL, {}, False),
        (StepType.NOTIFY, {"roles": ["dpo"]}, False),
        (StepType.LIFT_HOLD, {}, False),
    ],
)
def test_a_drill_reaches_no_further_than_its_system(
    step: StepType, params: dict[str, Any], left_out: bool
) -> None:
    assert bool(left_out_because(step, params)) == left_out


def test_the_same_day_months_later_or_the_last_of_the_month() -> None:
    assert months_later(NOON.date(), 12).isoformat() == "2027-06-01"
    assert months_later(datetime(2027, 11, 30, tzinfo=UTC).date(), 3).isoformat() == "2028-02-29"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0.0 s"), (2.44, "2.4 s"), (59.6, "1 min"), (185, "3 min 5 s"), (90_061, "1 d 1 h")],
)
def test_lengths_are_said_as_people_say_them(seconds: float, words: str) -> None:
    assert in_words(timedelta(seconds=seconds)) == words


def test_the_drawing_tells_what_it_shows_and_escapes_its_words() -> None:
    drawn = timeline(
        [
            Span("Two <people>", 2, 40, 60, "pass", "38 s of 58 s"),
            Span("Never", 3, None, 30, "fail", "not reached"),
            Span("Unknown", None, None, None, None, ""),
        ],
        title="A drill",
    )
    assert "<people>" not in drawn
    assert "Two &lt;people&gt;: 38 s of 58 s, pass; Never: not reached, fail" in drawn
    assert "Unknown: did not happen" in drawn
    assert drawn.count("ch-limit") == 2
    assert "style=" not in drawn


def test_a_later_moment_lies_further_right() -> None:
    def ends(seconds: float) -> float:
        drawn = timeline([Span("x", 0, seconds, 3_600, "pass", "y")])
        return float(drawn.split('<circle cx="', 1)[1].split('"', 1)[0])

    assert ends(1) < ends(2) < ends(60) < ends(3_000)
