"""The incident state machine: its transitions and their guards, pure.

Nothing here reads the database; `services` gathers the facts and the model's constraints hold
the same order again.
"""

from __future__ import annotations

from dataclasses import dataclass

from incidents.choices import FINAL_STATES, Severity, State


@dataclass(frozen=True)
class Facts:
    """What the guards look at."""

    state: str
    severity: str
    has_commander: bool
    has_system: bool
    contained: bool
    verified: bool
    holds_active: int
    cause_written: bool
    open_mandatory_steps: tuple[str, ...]
    undecided_duties: tuple[str, ...]
    running_clocks: tuple[str, ...]
    post_mortem_frozen: bool
    drill: bool = False
    open_containment: tuple[str, ...] = ()


TRANSITIONS: dict[str, tuple[str, ...]] = {
    State.REPORTED: (State.TRIAGE, State.FALSE_POSITIVE, State.DUPLICATE, State.CANCELLED),
    State.TRIAGE: (State.ACTIVE, State.FALSE_POSITIVE, State.DUPLICATE, State.CANCELLED),
    State.ACTIVE: (State.MITIGATED,),
    State.MITIGATED: (State.RESOLVED, State.ACTIVE),
    State.RESOLVED: (State.REVIEW, State.CLOSED, State.ACTIVE),
    State.REVIEW: (State.CLOSED, State.ACTIVE),
    State.CLOSED: (State.ACTIVE,),
    State.FALSE_POSITIVE: (),
    State.DUPLICATE: (),
    State.CANCELLED: (),
}

# How far a drill is moved like any incident; its end has a door of its own.
REHEARSED = (State.TRIAGE, State.ACTIVE, State.MITIGATED, State.RESOLVED)


def missing_for(facts: Facts, target: str) -> list[str]:
    """Return what stands between the facts and the state `target`, as sentences; empty: go."""
    if target not in TRANSITIONS[facts.state]:
        here, there = State(facts.state).label.lower(), State(target).label.lower()
        return [f"An incident that is {here} cannot become {there}."]
    if facts.drill and (target not in REHEARSED or reopens(facts.state, target)):
        return ["A drill ends on its own page, with its report; it is never opened again."]
    needs: list[tuple[bool, str]] = []
    if target == State.TRIAGE:
        needs = [(facts.has_commander, "Someone has to take command first.")]
    elif target == State.ACTIVE and not reopens(facts.state, target):
        needs = [
            (facts.has_system, "Name the system that is affected."),
            (bool(facts.severity), "Set the severity."),
        ]
    elif target == State.MITIGATED:
        needs = [
            (facts.contained, "No containment step is done: place a hold first."),
            (
                not facts.open_containment,
                f"Containment is not done: {', '.join(facts.open_containment)}.",
            ),
        ]
    elif target == State.RESOLVED:
        needs = [
            (facts.verified, "The verification audit of the replacement has not passed yet."),
            (facts.holds_active == 0, "The hold of this incident is still in place."),
        ]
    elif target == State.CLOSED:
        reviewed = facts.state == State.REVIEW or facts.severity not in (Severity.S1, Severity.S2)
        needs = [
            (facts.has_commander, "Someone has to take command first."),
            (reviewed, "An S1 or S2 incident is reviewed before it is closed."),
            (
                facts.post_mortem_frozen or facts.state != State.REVIEW,
                "The post-mortem of a review is frozen before the incident is closed.",
            ),
            (facts.cause_written, "Write down the cause."),
            (
                not facts.open_mandatory_steps,
                f"Steps still open: {', '.join(facts.open_mandatory_steps)}.",
            ),
            (
                not facts.undecided_duties,
                f"Decide whether these apply: {', '.join(facts.undecided_duties)}.",
            ),
            (
                not facts.running_clocks,
                f"Not reported yet: {', '.join(facts.running_clocks)}.",
            ),
        ]
    return [sentence for met, sentence in needs if not met]


def reopens(state: str, target: str) -> bool:
    """Whether this move begins a new episode."""
    return target == State.ACTIVE and state != State.TRIAGE


def is_open(state: str) -> bool:
    """Whether an incident in this state still claims its cause."""
    return state not in FINAL_STATES
