"""Has it stopped? The first sentence of an incident's page, and the step that comes next. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from incidents.choices import ENDED, NO_HARM, Part, State, StepState
from incidents.confirmation import Standing
from incidents.models import Incident, IncidentStep
from incidents.web.metrics import in_words

ROAD = (
    (State.REPORTED, "reported_at"),
    (State.TRIAGE, "acknowledged_at"),
    (State.ACTIVE, "containment_requested_at"),
    (State.MITIGATED, "mitigated_at"),
    (State.RESOLVED, "resolved_at"),
    (State.REVIEW, ""),
    (State.CLOSED, "closed_at"),
)


@dataclass(frozen=True)
class Answer:
    """Whether it has stopped: a word, a sentence, and the tone it is shown in."""

    tone: str
    icon: str
    headline: str
    sentence: str


@dataclass(frozen=True)
class Milestone:
    """One state on the way to the end: behind, here, or ahead."""

    label: str
    place: str
    at: datetime | None


def answer(
    incident: Incident, standings: Sequence[Standing], *, held: bool, personalises: bool
) -> Answer:
    """Say whether it has stopped, from what is known and from what the targets say themselves."""
    if incident.state in NO_HARM:
        label = incident.get_state_display()
        return Answer("none", "circle-check", "There is nothing to stop", f"{label}.")
    told = _told(standings)
    if incident.contained_at is not None:
        taken = in_words(_since(incident.detected_at, incident.contained_at))
        stopped = f"Contained {taken} after it was detected. {told}".strip()
        if held and Standing.UNCONFIRMED in standings:
            return Answer("fail", "alert-triangle", "It may go on", stopped)
        over = incident.state in (State.RESOLVED, State.REVIEW, State.CLOSED)
        return Answer("pass", "circle-check", "It is over" if over else "It has stopped", stopped)
    if incident.containment_requested_at is not None:
        tone = "fail" if Standing.UNCONFIRMED in standings else "inconclusive"
        return Answer(tone, "clock", "It is being stopped", told or "The hold is placed.")
    if incident.system is None:
        return Answer(
            "fail", "alert-triangle", "It goes on", "No system is named, so nothing is held."
        )
    if held:
        return Answer("inconclusive", "hand-stop", "It is held", told or "The hold is placed.")
    serving = incident.system.serving_version
    name = f" with {serving.key}" if serving else ""
    if personalises:
        return Answer(
            "fail", "alert-triangle", "It goes on", f"{incident.system.title} personalises{name}."
        )
    return Answer(
        "inconclusive",
        "help-circle",
        "Nothing is served personalised",
        f"{incident.system.title} may not personalise now, though this incident holds nothing.",
    )


def _since(start: datetime, end: datetime) -> timedelta:
    return max(end - start, timedelta(0))


def _told(standings: Sequence[Standing]) -> str:
    if not standings:
        return "No serving target is registered, so nobody confirms it."
    confirmed = sum(one is Standing.CONFIRMED for one in standings)
    quiet = sum(one is Standing.NO_TRAFFIC for one in standings)
    lost = sum(one is Standing.UNCONFIRMED for one in standings)
    if quiet == len(standings):
        return f"None of the {quiet} serving targets has any traffic."
    parts = [f"{confirmed} of {len(standings) - quiet} serving targets confirm it"]
    if lost:
        parts.append(f"{lost} {'does' if lost == 1 else 'do'} not")
    if quiet:
        parts.append(f"{quiet} {'has' if quiet == 1 else 'have'} no traffic")
    return ", ".join(parts) + "."


def next_step(steps: Sequence[IncidentStep]) -> IncidentStep | None:
    """What comes next: containment that failed, else the first needed step, else any."""
    waiting = [step for step in steps if step.state not in ENDED]
    needed = [step for step in waiting if step.mandatory]
    failed = [one for one in needed if one.state == StepState.FAILED and one.part == Part.CONTAIN]
    return next(iter([*failed, *needed, *waiting]), None)


def milestones(incident: Incident) -> list[Milestone]:
    """The states on the way to the end, with the moments that are known."""
    if incident.state in NO_HARM:
        return []
    states = [state for state, _ in ROAD]
    here = states.index(State(incident.state))
    return [
        Milestone(
            state.label,
            "here" if place == here else "behind" if place < here else "ahead",
            getattr(incident, stamp) if stamp and place <= here else None,
        )
        for place, (state, stamp) in enumerate(ROAD)
    ]
