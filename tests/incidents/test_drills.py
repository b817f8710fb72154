"""A drill stops a rehearsal system for real, and is measured by its facts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from governance.core.clock import database_now
from governance.core.errors import Conflict, Invalid, NotPermitted, PreconditionFailed
from governance.ledger.models import LedgerEntry
from governance.outbox.models import Notice
from governance.outbox.relay import drain
from governance.registry import services as registry
from governance.registry.models import Hold, System
from governance.registry.selectors import system_state
from incidents.choices import DrillVerdict, Kind, Severity, State, StepState, StepType
from incidents.drills.document import compared
from incidents.models import Drill, Incident, ServingTarget
from incidents.selectors import (
    present_steps,
)
from incidents.services.drill_endings import digest_of, end_drill
from incidents.services.drills import (
    obstacles,
    plan_drill,
    remind_of_drills,
    start_drill,
)
from incidents.services.escalating import escalate_due
from incidents.services.moving import take_command
from incidents.services.opening import open_incident
from incidents.services.steps import perform_step
from incidents.services.targets import register_target, report_served, set_target_active
from tests.cast import Cast
from tests.incidents.drilling import (
    FOR_DRILLS,
    LIMITS,
    MACHINE,
    contained_for_real,
    lifted_by_two,
    planned,
    rehearsal_system,
    rehearsed,
    target_says_what_it_should,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def system(cast: Cast) -> System:
    return rehearsal_system(cast)


def test_a_drill_that_goes_well_passes_with_every_objective_measured(
    system: System, cast: Cast
) -> None:
    drill = rehearsed(planned(system, cast), cast)
    assert drill.report is not None
    assert drill.report["reasons"] == []
    assert drill.verdict == DrillVerdict.PASSED
    assert [one["key"] for one in drill.report["objectives"]] == [
        "acknowledge",
        "notify",
        "confirm",
        "release",
    ]
    assert all(
        0 <= one["took_seconds"] <= one["limit_seconds"] for one in drill.report["objectives"]
    )
    assert drill.report["targets"][0]["confirmed_after_seconds"] > 0
    steps = {one["key"]: one["state"] for one in drill.report["steps"]}
    assert steps["hold"] == "done"
    lifted = drill.incident.steps.get(type=StepType.LIFT_HOLD)
    assert steps[lifted.key] == "done", "the report knows it before the news is handed out"


def test_a_drill_really_stops_its_system(system: System, cast: Cast) -> None:
    target_says_what_it_should(system)
    drill = start_drill(plan=planned(system, cast), actor=cast.actor("ivo"))
    assert system_state(System.objects.get(pk=system.pk)).state == "held"
    assert drill.incident.drill
    assert Hold.objects.active().get().incident_reference == drill.incident.reference


def test_it_is_lifted_by_two_without_an_audit_for_nothing_was_wrong(
    system: System, cast: Cast
) -> None:
    target_says_what_it_should(system)
    drill = start_drill(plan=planned(system, cast), actor=cast.actor("ivo"))
    hold = Hold.objects.active().get()
    registry.propose_release(hold=hold, actor=cast.actor("ada"), reason="The drill is over.")
    with pytest.raises(Conflict, match="another person"):
        registry.release_hold(hold=hold, actor=cast.actor("ada"), reason="The drill is over.")
    registry.release_hold(hold=hold, actor=cast.actor("elif"), reason="The drill is over.")
    assert not Hold.objects.active().exists()
    real = contained_for_real(system)
    hold = Hold.objects.active().get(incident_reference=real.reference)
    registry.propose_release(hold=hold, actor=cast.actor("ada"), reason="It seems to be over.")
    with pytest.raises(PreconditionFailed, match="has passed since"):
        registry.release_hold(hold=hold, actor=cast.actor("elif"), reason="It seems over.")
    assert drill.number == 1


# Where a drill may run


def test_a_system_that_serves_people_is_refused_with_the_way_to_a_rehearsal_system(
    system: System, cast: Cast
) -> None:
    shop = register_target(system=system, key="web", title="Web shop", actor=MACHINE)
    with pytest.raises(Invalid, match="Web shop serves people: register a system of its own"):
        planned(system, cast)
    ServingTarget.objects.filter(pk=shop.pk).update(for_drills=True)
    plan = planned(system, cast)
    ServingTarget.objects.filter(pk=shop.pk).update(for_drills=False)
    with pytest.raises(Conflict, match="no rehearsal system"):
        start_drill(plan=plan, actor=cast.actor("ivo"))
    assert not Incident.objects.exists()
    assert not Hold.objects.exists()


def test_a_system_that_nobody_serves_is_refused(cast: Cast) -> None:
    bare = registry.register_system(
        key="bare", title="Bare", on_pause="non_profiled", actor=MACHINE
    )
    assert "nobody there would confirm" in obstacles(bare)[0]


def test_a_system_that_is_held_or_in_a_real_incident_is_not_rehearsed_on(
    system: System, cast: Cast
) -> None:
    plan = planned(system, cast)
    hold = registry.place_hold(system=system, cause="by hand", reason="To be sure.", actor=MACHINE)
    with pytest.raises(Conflict, match="held already"):
        start_drill(plan=plan, actor=cast.actor("ivo"))
    Hold.objects.filter(pk=hold.pk).delete()
    open_incident(
        title="Something real",
        summary="",
        kind=Kind.BIAS,
        severity=Severity.S3,
        cause_key="report:a",
        system=system,
        actor=MACHINE,
    )
    with pytest.raises(Conflict, match="A real incident is open"):
        start_drill(plan=plan, actor=cast.actor("ivo"))
    assert not Drill.objects.exists()


def test_one_drill_at_a_time_runs_on_a_system(system: System, cast: Cast) -> None:
    plan = planned(system, cast, unattended=False)
    first = start_drill(plan=plan, actor=cast.actor("ivo"))
    with pytest.raises(Conflict, match="A drill is running"):
        start_drill(plan=plan, actor=cast.actor("ivo"))
    other, _created = open_incident(
        title="Drill: x",
        summary="",
        kind=Kind.BIAS,
        severity=Severity.S4,
        cause_key="drill:x",
        system=system,
        drill=True,
        actor=MACHINE,
    )
    with pytest.raises(IntegrityError, match="drill_one_at_a_time"), transaction.atomic():
        Drill.objects.create(
            number=99,
            plan=plan,
            system=system,
            incident=other,
            started_by="user:x",
            started_at=first.started_at,
        )


def test_only_people_in_charge_start_a_drill(system: System, cast: Cast) -> None:
    plan = planned(system, cast)
    for refused in (cast.actor("ada"), cast.actor("aud"), MACHINE):
        with pytest.raises(NotPermitted):
            start_drill(plan=plan, actor=refused)
    with pytest.raises(NotPermitted):
        plan_drill(system=system, actor=cast.actor("max"), **PLAN)


PLAN: dict[str, Any] = {
    "title": "Ads prefer one group",
    "scenario": "An alert says that the carousel leaves out a group.",
    "kind": Kind.BIAS,
    "severity": Severity.S2,
    "unattended": True,
    "roles": ["incident_commander"],
    "limits": LIMITS,
}


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"scenario": "Too short."}, "what has happened"),
        ({"roles": []}, "at least one role"),
        ({"roles": ["wizard"]}, "at least one role"),
        ({"limits": {"confirm": timedelta(seconds=1)}}, "an objective for each"),
        ({"limits": {**LIMITS, "confirm": timedelta(0)}}, "longer than nothing"),
        ({"limits": {**LIMITS, "release": timedelta(days=8)}}, "seven days"),
        ({"every": "hourly"}, "every quarter"),
    ],
)
def test_a_plan_says_everything_that_a_drill_is_judged_by(
    system: System, cast: Cast, changes: dict[str, Any], refusal: str
) -> None:
    with pytest.raises(Invalid, match=refusal):
        plan_drill(system=system, actor=cast.actor("ivo"), **{**PLAN, **changes})


# What it does, and what it leaves out


def test_what_would_reach_further_than_the_system_is_left_out_with_the_reason(
    system: System, cast: Cast
) -> None:
    drill = start_drill(plan=planned(system, cast), actor=cast.actor("ivo"))
    left_out = {
        step.type: step.outcome
        for step in present_steps(drill.incident)
        if step.outcome.startswith("Left out of the drill")
    }
    assert StepType.DECIDE_DUTIES in left_out
    assert StepType.POST_MORTEM in left_out
    done = present_steps(drill.incident).filter(state=StepState.DONE)
    assert {StepType.FREEZE_EVIDENCE, StepType.PLACE_HOLD, StepType.NOTIFY} <= set(
        done.values_list("type", flat=True)
    )


def test_the_model_serves_again_after_a_drill_that_rolled_it_back(
    system: System, cast: Cast
) -> None:
    assert system.serving_version is not None
    drill = rehearsed(planned(system, cast), cast)
    rolled_back = drill.incident.steps.get(type=StepType.ROLLBACK_MODEL)
    assert rolled_back.state == StepState.DONE
    after = System.objects.get(pk=system.pk)
    assert after.serving_version_id == system.serving_version_id
    assert drill.report is not None
    assert drill.report["left_behind"] == []


def test_every_message_of_a_drill_is_marked(system: System, cast: Cast) -> None:
    cast.person("ada")
    drill = start_drill(plan=planned(system, cast), actor=cast.actor("ivo"))
    escalate_due(actor=MACHINE, now=database_now() + timedelta(hours=3))
    remind_of_drills(actor=MACHINE, now=database_now() + timedelta(hours=9))
    subjects = list(
        Notice.objects.filter(link__contains=drill.incident.reference).values_list(
            "subject", flat=True
        )
    )
    assert len(subjects) >= 3
    assert all("drill" in subject.lower() for subject in subjects), subjects


def test_it_escalates_like_any_incident_until_somebody_takes_command(
    system: System, cast: Cast
) -> None:
    drill = start_drill(plan=planned(system, cast), actor=cast.actor("ivo"))
    assert escalate_due(actor=MACHINE, now=database_now() + timedelta(minutes=16)) == 2
    take_command(incident=drill.incident, user=cast.person("ivo"), actor=cast.actor("ivo"))
    assert escalate_due(actor=MACHINE, now=database_now() + timedelta(hours=2)) == 0


def test_where_a_person_decides_nothing_is_held_before_they_do(system: System, cast: Cast) -> None:
    target_says_what_it_should(system)
    drill = start_drill(plan=planned(system, cast, unattended=False), actor=cast.actor("ivo"))
    assert drill.incident.state == State.REPORTED
    assert not Hold.objects.exists()
    step = present_steps(drill.incident).get(type=StepType.PLACE_HOLD)
    perform_step(step=step, actor=cast.actor("ivo"))
    assert Hold.objects.active().exists()


# What is measured


def test_a_target_that_never_confirms_fails_the_drill(system: System, cast: Cast) -> None:
    target_says_what_it_should(system)
    kiosk = register_target(
        system=system, key="kiosk", title="Kiosk", settings=FOR_DRILLS, actor=MACHINE
    )
    report_served(target=kiosk, version="thompson", personalises=True, actor=MACHINE)
    drill = start_drill(plan=planned(system, cast), actor=cast.actor("ivo"))
    shop = ServingTarget.objects.get(key="shop")
    report_served(target=shop, version="uniform", personalises=False, actor=MACHINE)
    lifted_by_two(drill.incident, cast)
    ended = end_drill(drill=drill, actor=cast.actor("ivo"))
    assert ended.report is not None
    assert ended.verdict == DrillVerdict.FAILED
    assert "Never confirmed: Kiosk." in ended.report["reasons"]
    told = {one["key"]: one["confirmed_after_seconds"] for one in ended.report["targets"]}
    assert told["kiosk"] is None
    assert told["shop"] is not None


def test_a_target_is_timed_by_its_first_word_and_not_by_the_last(
    system: System, cast: Cast
) -> None:
    target_says_what_it_should(system)
    drill = start_drill(plan=planned(system, cast), actor=cast.actor("ivo"))
    assert drill.targets.get().confirmed_at is None, "what it said before confirms nothing"
    target_says_what_it_should(system)
    first = drill.targets.get().confirmed_at
    assert first is not None
    target_says_what_it_should(system)
    assert drill.targets.get().confirmed_at == first


def test_a_role_that_nobody_holds_is_not_told(system: System, cast: Cast) -> None:
    plan = planned(system, cast, roles=["incident_commander", "dpo"])
    cast.person("ivo")
    drill = start_drill(plan=plan, actor=cast.actor("ivo"))
    drain()
    lifted_by_two(drill.incident, cast)
    ended = end_drill(drill=drill, actor=cast.actor("ivo"))
    assert ended.report is not None
    told = {one["role"]: one["told_after_seconds"] for one in ended.report["roles"]}
    assert told["incident_commander"] is not None
    assert told["dpo"] is None
    assert "Not everybody who should respond was told." in ended.report["reasons"]


def test_a_drill_is_not_over_while_its_hold_is_in_place(system: System, cast: Cast) -> None:
    drill = start_drill(plan=planned(system, cast), actor=cast.actor("ivo"))
    with pytest.raises(Conflict, match="two people lift it first"):
        end_drill(drill=drill, actor=cast.actor("ivo"))
    lifted_by_two(drill.incident, cast)
    ended = end_drill(drill=drill, actor=cast.actor("ivo"))
    assert ended.incident.state == State.CLOSED
    with pytest.raises(Conflict, match="ended already"):
        end_drill(drill=drill, actor=cast.actor("ivo"))


def test_the_ledger_names_the_report_that_is_kept(system: System, cast: Cast) -> None:
    drill = rehearsed(planned(system, cast), cast)
    assert drill.report is not None
    entry = LedgerEntry.objects.get(verb="incidents.drill_ended")
    assert entry.facts["sha256"] == drill.sha256 == digest_of(drill.report)
    assert digest_of({**drill.report, "verdict": "failed"}) != drill.sha256


def test_the_second_drill_is_compared_with_the_first(system: System, cast: Cast) -> None:
    plan = planned(system, cast)
    first = rehearsed(plan, cast)
    second = rehearsed(plan, cast)
    assert first.report is not None
    assert second.report is not None
    assert first.report["previous"] is None
    assert second.report["previous"]["reference"] == first.reference
    assert all(one["change"] for one in compared(second.report))


def test_no_target_that_serves_people_joins_while_its_system_is_stopped_for_a_drill(
    system: System, cast: Cast
) -> None:
    shop = register_target(system=system, key="web", title="Web shop", actor=MACHINE)
    set_target_active(target=shop, active=False, actor=MACHINE)
    drill = start_drill(plan=planned(system, cast), actor=cast.actor("ivo"))
    with pytest.raises(Conflict, match="A drill is running"):
        register_target(system=system, key="app", title="App", actor=MACHINE)
    with pytest.raises(Conflict, match="A drill is running"):
        set_target_active(target=shop, active=True, actor=MACHINE)
    lifted_by_two(drill.incident, cast)
    end_drill(drill=drill, actor=cast.actor("ivo"))
    set_target_active(target=shop, active=True, actor=MACHINE)
    assert obstacles(system)[0].startswith("Carousel, rehearsal is no rehearsal system")
