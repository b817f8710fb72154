"""The state machine of incidents: its guards as promises, and what no history can reach."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.choices import FINAL_STATES, Severity, State
from incidents.machine import TRANSITIONS, Facts, is_open, missing_for

READY = Facts(
    state=State.REPORTED,
    severity=Severity.S2,
    has_commander=True,
    has_system=True,
    contained=True,
    verified=True,
    holds_active=0,
    cause_written=True,
    open_mandatory_steps=(),
    undecided_duties=(),
    running_clocks=(),
    post_mortem_frozen=True,
)

facts = st.builds(
    Facts,
    state=st.sampled_from([str(state) for state in State]),
    severity=st.sampled_from([str(severity) for severity in Severity]),
    has_commander=st.booleans(),
    has_system=st.booleans(),
    contained=st.booleans(),
    verified=st.booleans(),
    holds_active=st.integers(0, 2),
    cause_written=st.booleans(),
    open_mandatory_steps=st.sampled_from([(), ("Lift the hold",)]),
    undecided_duties=st.sampled_from([(), ("GDPR, Article 33(1)",)]),
    post_mortem_frozen=st.booleans(),
    running_clocks=st.sampled_from([(), ("GDPR, Article 33(1)",)]),
)


@pytest.mark.parametrize(
    ("state", "target", "change", "sentence"),
    [
        (State.REPORTED, State.TRIAGE, {"has_commander": False}, "take command"),
        (State.TRIAGE, State.ACTIVE, {"has_system": False}, "system"),
        (State.ACTIVE, State.MITIGATED, {"contained": False}, "containment"),
        (State.MITIGATED, State.RESOLVED, {"verified": False}, "audit"),
        (State.MITIGATED, State.RESOLVED, {"holds_active": 1}, "hold"),
        (State.RESOLVED, State.CLOSED, {}, "reviewed"),
        (State.REVIEW, State.CLOSED, {"cause_written": False}, "cause"),
        (State.REVIEW, State.CLOSED, {"has_commander": False}, "command"),
        (State.REVIEW, State.CLOSED, {"open_mandatory_steps": ("Audit",)}, "Audit"),
        (State.REVIEW, State.CLOSED, {"undecided_duties": ("Article 33",)}, "whether these apply"),
        (State.REVIEW, State.CLOSED, {"post_mortem_frozen": False}, "frozen"),
        (State.REVIEW, State.CLOSED, {"running_clocks": ("Article 33",)}, "Not reported yet"),
    ],
)
def test_every_guard_names_what_is_missing(
    state: State, target: State, change: dict[str, object], sentence: str
) -> None:
    facts = dataclasses.replace(READY, state=state, **change)  # type: ignore[arg-type]
    assert sentence in " ".join(missing_for(facts, target))


def test_an_incident_that_has_everything_goes_from_report_to_closed() -> None:
    path = [State.TRIAGE, State.ACTIVE, State.MITIGATED, State.RESOLVED, State.REVIEW, State.CLOSED]
    state: str = State.REPORTED
    for target in path:
        assert missing_for(dataclasses.replace(READY, state=state), target) == []
        state = target


@given(facts)
def test_no_move_reaches_resolved_unverified_or_under_a_hold(found: Facts) -> None:
    if missing_for(found, State.RESOLVED) == []:
        assert found.verified
        assert found.holds_active == 0


@given(facts, st.sampled_from([str(state) for state in State]))
def test_a_move_outside_the_table_is_always_refused(found: Facts, target: str) -> None:
    if target not in TRANSITIONS[found.state]:
        assert missing_for(found, target)


def test_only_final_states_let_go_of_their_cause() -> None:
    assert {state for state in State if not is_open(state)} == set(FINAL_STATES)
