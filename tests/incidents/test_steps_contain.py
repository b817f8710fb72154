"""Steps that contain: each type holds what it says, and nothing that fails stops the next one."""

from __future__ import annotations

from datetime import timedelta

import pytest

from governance.core.clock import database_now
from governance.core.errors import Conflict
from governance.registry import services as registry
from governance.registry.models import Hold, System
from governance.registry.selectors import system_state
from incidents.choices import State, StepState
from incidents.models import Incident, ServingTarget
from incidents.services.moving import move_incident
from incidents.services.steps import (
    complete_by_hand,
    perform_step,
    run_automatic_steps,
)
from incidents.services.targets import register_target
from tests.cast import Cast
from tests.incidents.stepping import (
    MACHINE,
    a_step,
    audited,
    begin,
    carousel,
    step_of,
    version_of,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def system(cast: Cast) -> System:
    return carousel(cast)


def held() -> set[tuple[str, str, str]]:
    return {
        (hold.target_kind, hold.target_key, hold.effect)
        for hold in Hold.objects.active().filter(incident_reference="INC-0001")
    }


def run(incident: Incident) -> Incident:
    run_automatic_steps(incident=incident, actor=MACHINE)
    incident.refresh_from_db()
    return incident


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"on": "system"}, {("system", "carousel", "non_profiled")}),
        ({"on": "system", "effect": "deny"}, {("system", "carousel", "deny")}),
        ({"on": "version"}, {("version", "carousel:learned", "non_profiled")}),
        ({"on": "version", "keys": ["older"]}, {("version", "carousel:older", "non_profiled")}),
        ({"on": "surface", "keys": ["home"]}, {("surface", "home", "non_profiled")}),
        (
            {"on": "surface", "effect": "deny"},
            {("surface", "home", "deny"), ("surface", "search-page", "deny")},
        ),
        ({"on": "purpose", "keys": ["ads"]}, {("purpose", "ads", "non_profiled")}),
    ],
)
def test_a_hold_lies_where_the_step_says_with_the_effect_it_says(
    system: System,
    cast: Cast,
    params: dict[str, object],
    expected: set[tuple[str, str, str]],
) -> None:
    incident = run(begin(cast, system, a_step("place_hold", params=params)))
    assert held() == expected
    assert step_of(incident, "place-hold").state == StepState.DONE
    assert incident.contained_at is not None
    assert incident.state == State.MITIGATED


def test_where_the_register_names_no_purpose_the_whole_system_is_held(cast: Cast) -> None:
    bare = registry.register_system(key="bare", title="Bare", on_pause="off", actor=MACHINE)
    run(begin(cast, bare, a_step("place_hold", params={"on": "purpose"})))
    assert held() == {("system", "bare", "deny")}


def test_a_hold_on_what_does_not_exist_says_so_and_keeps_the_incident_active(
    system: System, cast: Cast
) -> None:
    step = a_step("place_hold", params={"on": "surface", "keys": ["nowhere"]})
    incident = run(begin(cast, system, step))
    failed = step_of(incident, "place-hold")
    assert failed.state == StepState.FAILED
    assert "'nowhere'" in failed.outcome
    assert incident.state == State.ACTIVE


def test_the_fallback_serves_everybody_without_a_profile(system: System, cast: Cast) -> None:
    registry.update_system(system=system, on_pause="off", actor=MACHINE)
    run(begin(cast, System.objects.get(pk=system.pk), a_step("fallback_non_profiled")))
    assert held() == {("system", "carousel", "non_profiled")}
    state = system_state(System.objects.get(pk=system.pk))
    assert (state.state, state.fallback_key) == ("held", "uniform")


def test_a_fallback_behind_a_hold_that_denies_is_no_containment_of_its_own(
    system: System, cast: Cast
) -> None:
    incident = run(
        begin(
            cast,
            system,
            a_step("place_hold", params={"effect": "deny"}),
            a_step("fallback_non_profiled"),
        )
    )
    second = step_of(incident, "fallback-non-profiled")
    assert second.state == StepState.FAILED
    assert "denies" in second.outcome
    assert held() == {("system", "carousel", "deny")}


def test_a_disabled_feature_holds_every_version_that_reads_it_and_no_other(
    system: System, cast: Cast
) -> None:
    incident = run(
        begin(cast, system, a_step("disable_feature", params={"features": ["age-band"]}))
    )
    assert held() == {("version", "carousel:learned", "non_profiled")}
    assert system_state(System.objects.get(pk=system.pk)).state == "held"
    assert "age-band" in Hold.objects.get().reason
    assert incident.state == State.MITIGATED


def test_a_feature_that_nothing_reads_contains_nothing(system: System, cast: Cast) -> None:
    incident = run(begin(cast, system, a_step("disable_feature", params={"features": ["weather"]})))
    step = step_of(incident, "disable-feature")
    assert (step.state, "nothing to hold" in step.outcome) == (StepState.DONE, True)
    assert incident.contained_at is None and not held()


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"surfaces": ["home"]}, {("surface", "home", "non_profiled")}),
        ({"keep_surfaces": ["home"]}, {("surface", "search-page", "non_profiled")}),
        ({"purposes": ["ads"], "effect": "deny"}, {("purpose", "ads", "deny")}),
    ],
)
def test_the_scope_is_reduced_to_what_is_left(
    system: System, cast: Cast, params: dict[str, object], expected: set[tuple[str, str, str]]
) -> None:
    run(begin(cast, system, a_step("reduce_scope", params=params)))
    assert held() == expected


def test_one_broken_channel_never_blocks_the_next_but_blocks_mitigated(
    system: System, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    incident = begin(
        cast,
        system,
        a_step("disable_feature", params={"features": ["age-band"]}),
        a_step("place_hold", params={"on": "surface", "keys": ["nowhere"]}),
        a_step("fallback_non_profiled"),
    )
    run(incident)
    assert held() == {
        ("version", "carousel:learned", "non_profiled"),
        ("system", "carousel", "non_profiled"),
    }
    assert incident.contained_at is not None
    assert incident.state == State.ACTIVE
    with pytest.raises(Conflict, match="Containment is not done: Step place_hold"):
        move_incident(incident=incident, to=State.MITIGATED, actor=cast.actor("ivo"))


def test_a_fault_in_one_step_is_a_failed_step_and_not_a_failed_incident(
    system: System, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    from incidents.choices import StepType
    from incidents.services.steps import effects

    def broken(step: object, actor: object) -> None:
        System.objects.filter(pk=system.pk).update(title="Half done")
        raise ZeroDivisionError

    monkeypatch.setitem(effects.EFFECTS, StepType.NOTIFY, broken)
    incident = run(begin(cast, system, a_step("notify"), a_step("place_hold")))
    assert step_of(incident, "notify").state == StepState.FAILED
    assert "ZeroDivisionError" in step_of(incident, "notify").outcome
    assert held() == {("system", "carousel", "non_profiled")}
    assert System.objects.get(pk=system.pk).title == "Carousel"


def test_a_partial_hold_waits_for_a_person_where_targets_cannot_say_it(
    system: System, cast: Cast
) -> None:
    target = register_target(system=system, key="shop", title="Shop", actor=cast.actor("max"))
    ServingTarget.objects.filter(pk=target.pk).update(served_at=database_now())
    incident = run(
        begin(
            cast,
            system,
            a_step("place_hold", params={"on": "surface", "keys": ["home"]}),
            a_step("by_hand", "stopped", params={"confirms": "containment"}),
        )
    )
    assert (incident.contained_at, incident.state) == (None, State.ACTIVE)
    note = "The home page shows the same list to everybody, seen from two accounts."
    complete_by_hand(step=step_of(incident, "stopped"), note=note, actor=cast.actor("ivo"))
    incident.refresh_from_db()
    assert incident.contained_at is not None
    assert incident.state == State.MITIGATED


def test_what_a_person_saw_does_not_overrule_a_target_that_has_not_confirmed(
    system: System, cast: Cast
) -> None:
    target = register_target(system=system, key="shop", title="Shop", actor=cast.actor("max"))
    ServingTarget.objects.filter(pk=target.pk).update(
        served_at=database_now(), served_version="learned", served_personalised=True
    )
    incident = run(
        begin(
            cast,
            system,
            a_step("place_hold"),
            a_step("by_hand", "stopped", params={"confirms": "containment"}),
        )
    )
    note = "It looks all right from here, as far as can be seen."
    complete_by_hand(step=step_of(incident, "stopped"), note=note, actor=cast.actor("ivo"))
    incident.refresh_from_db()
    assert (incident.contained_at, incident.state) == (None, State.ACTIVE)


def test_the_fallback_takes_over_behind_the_hold_with_the_evidence_frozen_before(
    system: System, cast: Cast
) -> None:
    incident = run(begin(cast, system, a_step("place_hold"), a_step("rollback_model")))
    assert System.objects.get(pk=system.pk).serving_version == version_of(system, "uniform")
    assert incident.evidence.get().content["system"]["serving"] == "learned"


def test_without_a_hold_only_an_audited_version_takes_over(system: System, cast: Cast) -> None:
    incident = run(begin(cast, system, a_step("rollback_model")))
    step = step_of(incident, "rollback-model")
    assert step.state == StepState.FAILED
    assert "No audit of uniform has passed" in step.outcome
    audited(system, "uniform", "pass")
    perform_step(step=step, actor=cast.actor("ivo"))
    assert System.objects.get(pk=system.pk).serving_version == version_of(system, "uniform")


@pytest.mark.parametrize(
    ("verdict", "sentence"),
    [
        (None, "No audit of older has passed. The hold stays."),
        ("fail", "The last audit of older ended: fail. The hold stays."),
        ("inconclusive", "The last audit of older ended: inconclusive. The hold stays."),
        ("pass", "The serving version is now older."),
    ],
)
def test_a_version_takes_over_only_with_a_passing_audit_else_the_hold_stays(
    system: System, cast: Cast, verdict: str | None, sentence: str
) -> None:
    if verdict:
        audited(system, "older", verdict)
    rollback = a_step("rollback_model", params={"to": "older"})
    incident = run(begin(cast, system, a_step("place_hold"), rollback))
    assert step_of(incident, "rollback-model").outcome == sentence
    serving = "older" if verdict == "pass" else "learned"
    assert System.objects.get(pk=system.pk).serving_version == version_of(system, serving)
    assert held() == {("system", "carousel", "non_profiled")}
    assert incident.state == State.MITIGATED  # the hold is the containment


def test_nobody_rolls_back_to_what_is_held_or_to_what_caused_the_harm(
    system: System, cast: Cast
) -> None:
    audited(system, "older", "pass")
    registry.place_hold(
        version=version_of(system, "older"), cause="other", reason="Another harm.", actor=MACHINE
    )
    incident = run(
        begin(
            cast,
            system,
            a_step("place_hold"),
            a_step("rollback_model", "to-older", params={"to": "older"}),
            a_step("rollback_model", "to-itself", params={"to": "learned"}),
        )
    )
    assert "held itself" in step_of(incident, "to-older").outcome
    assert "caused this" in step_of(incident, "to-itself").outcome
    assert System.objects.get(pk=system.pk).serving_version == version_of(system, "learned")


def test_containing_starts_the_clock_of_containment_once(system: System, cast: Cast) -> None:
    incident = run(
        begin(
            cast,
            system,
            a_step("place_hold"),
            a_step("reduce_scope", params={"surfaces": ["home"]}),
        )
    )
    asked = incident.containment_requested_at
    assert asked is not None and asked - incident.detected_at < timedelta(minutes=1)
