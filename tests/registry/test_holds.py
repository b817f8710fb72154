"""Promises about holds: paused means at least one active hold, and two people lift it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.db import IntegrityError, transaction

from governance.core.actors import SystemActor
from governance.core.errors import Conflict, Invalid, NotFound, NotPermitted, PreconditionFailed
from governance.outbox.models import EventRow
from governance.registry import ports, selectors, services
from governance.registry.models import Hold, System

if TYPE_CHECKING:
    from tests.cast import Cast

STAGE = SystemActor("tests")


@pytest.fixture
def carousel(cast: Cast) -> System:
    """A system that serves an approved version."""
    system = services.register_system(
        key="carousel", title="Carousel", on_pause="non_profiled", actor=STAGE
    )
    version = services.register_version(system=system, key="v1", actor=STAGE)
    services.set_version_state(version=version, state="in_review", actor=STAGE, reason="review")
    services.set_version_state(version=version, state="approved", actor=STAGE, reason="approved")
    services.set_serving_version(system=system, version=version, actor=STAGE, reason="first")
    cast.join("carousel")
    system.refresh_from_db()
    return system


@pytest.fixture
def no_guards(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the two-person rule, without what upper rooms ask."""
    monkeypatch.setattr(ports, "_release_guards", {})


def hold_on(system: System, cast: Cast, cause: str = "incident:1") -> Hold:
    return services.place_hold(
        system=system, cause=cause, reason="Too few items get shown.", actor=cast.actor("ivo")
    )


def lift(hold: Hold, cast: Cast) -> Hold:
    services.propose_release(hold=hold, actor=cast.actor("ada"), reason="Fixed.")
    return services.release_hold(hold=hold, actor=cast.actor("ivo"), reason="Verified.")


def state_of(system: System) -> str:
    return selectors.system_state(System.objects.get(pk=system.pk)).state


def test_a_system_with_a_hold_is_held_at_once(carousel: System, cast: Cast) -> None:
    assert state_of(carousel) == "may_personalise"
    hold = hold_on(carousel, cast)
    assert state_of(carousel) == "held"
    assert hold.effect == "non_profiled"
    event = EventRow.objects.get(name="HoldPlaced")
    assert event.payload["target_key"] == "carousel"


def test_two_incidents_hold_and_one_is_lifted_it_stays_held(
    carousel: System, cast: Cast, no_guards: None
) -> None:
    first = hold_on(carousel, cast, "incident:1")
    second = hold_on(carousel, cast, "incident:2")
    lift(first, cast)
    assert state_of(carousel) == "held"
    lift(second, cast)
    assert state_of(carousel) == "may_personalise"


def test_the_same_cause_holds_once_and_may_hold_again_after_it_was_lifted(
    carousel: System, cast: Cast, no_guards: None
) -> None:
    first = hold_on(carousel, cast)
    assert hold_on(carousel, cast).pk == first.pk
    assert EventRow.objects.filter(name="HoldPlaced").count() == 1
    lift(first, cast)
    assert hold_on(carousel, cast).pk != first.pk


def test_one_person_alone_never_lifts_a_hold(carousel: System, cast: Cast, no_guards: None) -> None:
    hold = hold_on(carousel, cast)
    with pytest.raises(Conflict, match="nobody has proposed"):
        services.release_hold(hold=hold, actor=cast.actor("ada"), reason="Looks fine.")
    services.propose_release(hold=hold, actor=cast.actor("ada"), reason="Looks fine.")
    with pytest.raises(Conflict, match="another person"):
        services.release_hold(hold=hold, actor=cast.actor("ada"), reason="Looks fine.")
    assert state_of(carousel) == "held"


def test_the_database_refuses_a_release_by_one_person(carousel: System, cast: Cast) -> None:
    hold = hold_on(carousel, cast)
    me = cast.ada.reference
    with pytest.raises(IntegrityError, match="hold_released_by_two"), transaction.atomic():
        Hold.objects.filter(pk=hold.pk).update(
            release_proposed_by=me,
            release_proposed_at=hold.placed_at,
            released_by=me,
            released_at=hold.placed_at,
        )


def test_the_database_refuses_a_hold_on_two_targets(carousel: System, cast: Cast) -> None:
    hold = hold_on(carousel, cast)
    with pytest.raises(IntegrityError, match="hold_one_target"), transaction.atomic():
        Hold.objects.filter(pk=hold.pk).update(version=carousel.serving_version)


def test_no_program_lifts_a_hold(carousel: System, cast: Cast) -> None:
    hold = hold_on(carousel, cast)
    with pytest.raises(NotPermitted, match="signed-in person"):
        services.propose_release(hold=hold, actor=STAGE, reason="The check passed.")


def test_a_guard_that_misses_something_keeps_the_hold(
    carousel: System, cast: Cast, no_guards: None
) -> None:
    def never(hold: Hold) -> list[str]:
        return [f"The audit of {hold.target_key} has not passed."]

    ports.register_release_guard(never)
    hold = hold_on(carousel, cast)
    services.propose_release(hold=hold, actor=cast.actor("ada"), reason="Fixed.")
    with pytest.raises(PreconditionFailed, match="audit of carousel has not passed"):
        services.release_hold(hold=hold, actor=cast.actor("ivo"), reason="Fixed.")
    assert state_of(carousel) == "held"


def test_a_hold_says_why_and_has_one_target(carousel: System, cast: Cast) -> None:
    with pytest.raises(Invalid, match="why this is held"):
        services.place_hold(system=carousel, cause="x", reason=" ", actor=STAGE)
    with pytest.raises(Invalid, match="exactly one target"):
        services.place_hold(cause="x", reason="Because.", actor=STAGE)


def test_a_hold_by_one_person_is_approved_by_another_within_a_day(
    carousel: System, cast: Cast
) -> None:
    hold = hold_on(carousel, cast)
    assert hold.approve_by == hold.placed_at + timedelta(hours=24)
    with pytest.raises(Conflict, match="another person approves"):
        services.approve_hold(hold=hold, actor=cast.actor("ivo"))
    services.approve_hold(hold=hold, actor=cast.actor("elif"))
    assert services.escalate_overdue_holds(actor=STAGE) == []


def test_a_hold_nobody_approves_escalates_once_and_never_lifts_itself(
    carousel: System, cast: Cast
) -> None:
    hold = hold_on(carousel, cast)
    Hold.objects.filter(pk=hold.pk).update(approve_by=hold.placed_at)
    assert [one.pk for one in services.escalate_overdue_holds(actor=STAGE)] == [hold.pk]
    assert services.escalate_overdue_holds(actor=STAGE) == []
    assert state_of(carousel) == "held"


def test_a_system_of_another_team_does_not_exist_for_eve(carousel: System, cast: Cast) -> None:
    with pytest.raises(NotFound):
        services.place_hold(system=carousel, cause="spite", reason="Envy.", actor=cast.actor("eve"))
    hold_on(carousel, cast)
    assert not Hold.objects.for_actor(cast.actor("eve")).exists()
    assert Hold.objects.for_actor(cast.actor("max")).count() == 1


def test_a_hold_on_a_purpose_reaches_each_system_that_uses_it(carousel: System, cast: Cast) -> None:
    from governance.registry.models import Purpose, Surface

    purpose = Purpose.objects.get(key="product_suggestions")
    surface = services.register_surface(
        key="home", title="Home", kind="feed", purposes=[purpose], actor=STAGE
    )
    services.update_system(system=carousel, surfaces=[surface], actor=STAGE)
    hold = services.place_hold(
        purpose=purpose, cause="legal", reason="The notice is wrong.", actor=cast.actor("pia")
    )
    assert isinstance(surface, Surface)
    assert selectors.active_holds(carousel) == [hold]
    assert "held on purpose product_suggestions" in selectors.system_state(carousel).reason


@pytest.mark.parametrize(
    ("on_pause", "effect", "state"),
    [
        ("non_profiled", "non_profiled", "held"),
        ("hold_for_human", "deny", "held"),
        ("off", "deny", "off"),
    ],
)
def test_what_a_hold_does_follows_the_system(
    carousel: System, cast: Cast, on_pause: str, effect: str, state: str
) -> None:
    services.update_system(system=carousel, on_pause=on_pause, actor=STAGE)
    carousel.refresh_from_db()
    assert hold_on(carousel, cast).effect == effect
    assert state_of(carousel) == state


def test_nobody_approves_a_version_past_its_review(carousel: System, cast: Cast) -> None:
    version = services.register_version(
        system=carousel, key="next", profiled=True, actor=cast.actor("root")
    )
    services.set_version_state(version=version, state="in_review", actor=STAGE, reason="review")
    with pytest.raises(NotPermitted, match="review"):
        services.set_version_state(
            version=version, state="approved", actor=cast.actor("root"), reason="in a hurry"
        )
    version.refresh_from_db()
    assert version.state == "in_review"
