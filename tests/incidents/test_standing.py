"""The first sentence of an incident's page: whether it stopped, as those say who serve."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from governance.registry.models import System
from incidents.choices import Part, State, StepState
from incidents.confirmation import Standing
from incidents.models import Incident, IncidentStep
from incidents.web.standing import Answer, answer, milestones, next_step

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(minutes=3)
YES, NO, QUIET = Standing.CONFIRMED, Standing.UNCONFIRMED, Standing.NO_TRAFFIC


def incident(state: str = State.ACTIVE, **times: datetime) -> Incident:
    return Incident(
        number=1,
        state=state,
        detected_at=NOON,
        reported_at=NOON,
        system=System(key="carousel", title="Carousel"),
        **times,
    )


def told(one: Incident, *standings: Standing, held: bool = True, free: bool = False) -> Answer:
    return answer(one, standings, held=held, personalises=free)


def test_what_is_served_personalised_goes_on() -> None:
    found = told(incident(), held=False, free=True)
    assert (found.tone, found.headline) == ("fail", "It goes on")
    assert found.sentence == "Carousel personalises."


def test_it_has_stopped_only_once_it_is_contained() -> None:
    asked = incident(containment_requested_at=NOON)
    assert told(asked, YES, Standing.WAITING).headline == "It is being stopped"
    stopped = told(incident(State.MITIGATED, contained_at=LATER), YES, YES)
    assert stopped.headline == "It has stopped"
    assert "Contained 3 min after it was detected. 2 of 2 serving targets" in stopped.sentence


def test_a_target_that_falls_back_is_told_at_once() -> None:
    found = told(incident(State.MITIGATED, contained_at=LATER), YES, NO)
    assert (found.tone, found.headline) == ("fail", "It may go on")
    assert "1 of 2 serving targets confirm it, 1 does not." in found.sentence


def test_a_target_without_traffic_is_not_counted_as_one_that_should_confirm() -> None:
    found = told(incident(containment_requested_at=NOON), YES, QUIET)
    assert found.sentence == "1 of 1 serving targets confirm it, 1 has no traffic."


def test_nobody_is_claimed_to_confirm_where_no_target_is_registered() -> None:
    found = told(incident(State.MITIGATED, contained_at=LATER))
    assert "nobody confirms it" in found.sentence


@pytest.mark.parametrize("state", [State.FALSE_POSITIVE, State.DUPLICATE, State.CANCELLED])
def test_where_there_was_no_harm_there_is_nothing_to_stop(state: str) -> None:
    assert told(incident(state)).headline == "There is nothing to stop"
    assert milestones(incident(state)) == []


def step(
    position: int, state: str, part: str = Part.CONFIRM, *, needed: bool = True
) -> IncidentStep:
    return IncidentStep(position=position, state=state, part=part, mandatory=needed)


def test_containment_that_failed_comes_before_everything_else() -> None:
    steps = [
        step(1, StepState.DONE),
        step(2, StepState.PENDING),
        step(3, StepState.FAILED, Part.CONTAIN),
    ]
    found = next_step(steps)
    assert found is not None
    assert found.position == 3


def test_what_is_needed_comes_before_what_may_apply() -> None:
    steps = [step(1, StepState.PENDING, needed=False), step(2, StepState.PENDING)]
    found = next_step(steps)
    assert found is not None
    assert found.position == 2
    assert next_step([step(1, StepState.DONE), step(2, StepState.UNDONE)]) is None


def test_the_road_shows_what_is_behind_and_what_is_ahead() -> None:
    road = milestones(incident(State.MITIGATED, mitigated_at=LATER))
    assert [one.place for one in road] == ["behind"] * 3 + ["here"] + ["ahead"] * 3
    assert road[3].at == LATER
    assert road[4].at is None
