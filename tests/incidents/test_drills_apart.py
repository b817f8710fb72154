"""What a drill says to others, what it never counts in, and when it gives way to what is real."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db.models import F

from governance.core.clock import database_now
from governance.core.errors import Conflict
from governance.core.events import IncidentOpened
from governance.outbox.models import EventRow, Notice
from governance.outbox.relay import drain
from governance.registry import services as registry
from governance.registry.models import Hold, System
from governance.registry.selectors import system_state
from governance.signals.models import CurrentSignal
from governance.signals.selectors import current_signal
from incidents.agenda import IncidentAgenda
from incidents.choices import DrillCadence, DrillVerdict, Kind, Severity, State
from incidents.drills.schedule import next_due
from incidents.models import Incident, PostMortem, RegulatorClock
from incidents.selectors import (
    episodes_for,
    open_drills_for,
    open_incidents_for,
    undecided_duties,
)
from incidents.services.clocks import rule_out_duties
from incidents.services.drill_endings import end_drill
from incidents.services.drills import (
    remind_of_drills,
    retire_plan,
    start_drill,
)
from incidents.services.moving import move_incident, take_command
from incidents.services.reporting import merge_report, open_from_report, report_harm
from tests.cast import Cast
from tests.incidents.drilling import (
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


# What it says to others


def test_a_passed_drill_is_published_for_its_system_and_the_one_it_stands_for(
    system: System, cast: Cast
) -> None:
    real = registry.register_system(
        key="carousel", title="Carousel", on_pause="non_profiled", actor=MACHINE
    )
    cast.join("carousel")
    drill = rehearsed(planned(system, cast, stands_for=real), cast)
    assert drill.report is not None
    for key in (system.key, real.key):
        reading = current_signal("drill.last_passed", key)
        assert reading is not None
        assert reading.value == drill.report["effect_seconds"]
        assert (reading.state, reading.source) == ("ok", drill.reference)


def test_a_drill_that_failed_takes_back_what_the_last_one_said(system: System, cast: Cast) -> None:
    plan = planned(system, cast)
    rehearsed(plan, cast)
    drill = start_drill(plan=plan, actor=cast.actor("ivo"))
    lifted_by_two(drill.incident, cast)
    assert end_drill(drill=drill, actor=cast.actor("ivo")).verdict == DrillVerdict.FAILED
    reading = current_signal("drill.last_passed", system.key)
    assert reading is not None
    assert (reading.value, reading.state) == (None, "fail")


def test_a_drill_of_half_a_year_ago_says_nothing_any_more(system: System, cast: Cast) -> None:
    rehearsed(planned(system, cast), cast)
    rows = CurrentSignal.objects.filter(key="drill.last_passed")
    rows.update(published_at=F("published_at") - timedelta(days=182))
    assert current_signal("drill.last_passed", system.key) is not None
    rows.update(published_at=F("published_at") - timedelta(days=2))
    assert current_signal("drill.last_passed", system.key) is None


# What it never counts in


def test_a_drill_counts_in_nothing(system: System, cast: Cast) -> None:
    drill = start_drill(plan=planned(system, cast), actor=cast.actor("ivo"))
    root = cast.actor("root")
    assert not episodes_for(root)
    assert not open_incidents_for(root).exists()
    assert open_drills_for(root).get() == drill.incident
    assert not CurrentSignal.objects.filter(key="incident.open", number__gt=0).exists()
    assert not EventRow.objects.filter(name=IncidentOpened.__name__).exists()
    real = contained_for_real(system)
    assert len(episodes_for(root)) == 1
    assert open_incidents_for(root).get() == real
    assert CurrentSignal.objects.get(key="incident.open").number == 1


def test_no_clock_of_law_starts_in_a_drill(system: System, cast: Cast) -> None:
    drill = start_drill(plan=planned(system, cast), actor=cast.actor("ivo"))
    assert undecided_duties(drill.incident) == []
    assert undecided_duties(contained_for_real(system))
    with pytest.raises(Conflict, match="is a drill"):
        rule_out_duties(
            incident=drill.incident,
            regime_keys=["gdpr-33"],
            statement="Nothing happened to anybody.",
            actor=cast.actor("pia"),
        )
    assert not RegulatorClock.objects.exists()


def test_a_drill_has_a_report_in_place_of_a_post_mortem(system: System, cast: Cast) -> None:
    target_says_what_it_should(system)
    drill = start_drill(plan=planned(system, cast), actor=cast.actor("ivo"))
    incident = drill.incident
    take_command(incident=incident, user=cast.person("ivo"), actor=cast.actor("ivo"))
    target_says_what_it_should(system)
    Incident.objects.filter(pk=incident.pk).update(verified_at=database_now())
    lifted_by_two(incident, cast)
    drain()
    incident.refresh_from_db()
    assert incident.state == State.RESOLVED
    assert not PostMortem.objects.exists()
    with pytest.raises(Conflict, match="ends on its own page"):
        move_incident(incident=incident, to=State.CLOSED, actor=MACHINE)
    with pytest.raises(Conflict, match="ends on its own page"):
        move_incident(
            incident=incident, to=State.ACTIVE, note="It is back since noon.", actor=MACHINE
        )


def test_a_harm_that_was_reported_is_never_joined_to_a_drill(system: System, cast: Cast) -> None:
    drill = start_drill(plan=planned(system, cast), actor=cast.actor("ivo"))
    report = report_harm(
        reporter="staff",
        title="My shop is never shown",
        text="Since this morning nobody sees what I sell.",
        system=system,
        actor=cast.actor("ada"),
    )
    with pytest.raises(Conflict, match="is a drill"):
        merge_report(report=report, incident=drill.incident, actor=cast.actor("ivo"))
    real = open_from_report(
        report=report, kind=Kind.BIAS, severity=Severity.S2, actor=cast.actor("ivo")
    )
    assert not real.drill


# When it turns real, and when it is left alone


def test_a_real_alert_during_a_drill_opens_its_own_incident_and_wins(
    system: System, cast: Cast
) -> None:
    plan = planned(system, cast, every=DrillCadence.QUARTERLY, due_on=date(2026, 1, 1))
    drill = start_drill(plan=plan, actor=cast.actor("ivo"))
    real = contained_for_real(system)
    drill.refresh_from_db()
    assert not real.drill
    assert real.pk != drill.incident_id
    assert drill.verdict == DrillVerdict.CALLED_OFF
    assert drill.called_off_for == real
    assert drill.report is not None
    assert drill.report["reasons"] == [f"{real.reference} is real."]
    assert Incident.objects.get(pk=drill.incident_id).state == State.CLOSED
    held = set(Hold.objects.active().values_list("incident_reference", flat=True))
    assert held == {real.reference, drill.incident.reference}, "nothing is loosened by it"
    assert Notice.objects.filter(subject__contains="is called off").exists()
    assert not CurrentSignal.objects.filter(key="drill.last_passed").exists()
    plan.refresh_from_db()
    assert plan.due_on == date(2026, 1, 1), "what was called off is still due"


def test_lifting_the_hold_of_a_drill_leaves_the_real_one(system: System, cast: Cast) -> None:
    drill = start_drill(plan=planned(system, cast), actor=cast.actor("ivo"))
    contained_for_real(system)
    lifted_by_two(drill.incident, cast)
    assert system_state(System.objects.get(pk=system.pk)).state == "held"


def test_a_drill_elsewhere_goes_on_when_an_incident_opens(system: System, cast: Cast) -> None:
    drill = start_drill(plan=planned(system, cast), actor=cast.actor("ivo"))
    other = registry.register_system(
        key="feed", title="Feed", on_pause="non_profiled", actor=MACHINE
    )
    contained_for_real(other)
    drill.refresh_from_db()
    assert drill.ended_at is None


def test_people_are_told_once_a_day_of_a_drill_that_was_left_open(
    system: System, cast: Cast
) -> None:
    drill = start_drill(plan=planned(system, cast), actor=cast.actor("ivo"))
    began = drill.started_at
    assert remind_of_drills(actor=MACHINE, now=began + timedelta(hours=3)) == 0
    assert remind_of_drills(actor=MACHINE, now=began + timedelta(hours=5)) == 1
    assert remind_of_drills(actor=MACHINE, now=began + timedelta(hours=6)) == 0
    assert remind_of_drills(actor=MACHINE, now=began + timedelta(hours=30)) == 1
    lifted_by_two(drill.incident, cast)
    end_drill(drill=drill, actor=cast.actor("ivo"))
    assert remind_of_drills(actor=MACHINE, now=began + timedelta(days=9)) == 0


@pytest.mark.parametrize(
    ("every", "verdict", "due"),
    [
        (DrillCadence.QUARTERLY, DrillVerdict.PASSED, date(2027, 2, 28)),
        (DrillCadence.YEARLY, DrillVerdict.PASSED, date(2027, 11, 30)),
        (DrillCadence.ONCE, DrillVerdict.PASSED, None),
        (DrillCadence.ONCE, DrillVerdict.FAILED, date(2026, 12, 30)),
        (DrillCadence.YEARLY, DrillVerdict.FAILED, date(2026, 12, 30)),
        (DrillCadence.YEARLY, DrillVerdict.CALLED_OFF, date(2026, 11, 1)),
    ],
)
def test_a_drill_is_due_again_by_how_it_ended(every: str, verdict: str, due: date | None) -> None:
    assert next_due(every, verdict, date(2026, 11, 30), date(2026, 11, 1)) == due


def test_an_overdue_drill_stands_on_the_agenda_until_it_was_run(system: System, cast: Cast) -> None:
    plan = planned(system, cast, every=DrillCadence.YEARLY, due_on=date(2026, 1, 1))

    def reasons(name: str) -> list[str]:
        return [one.reason for one in IncidentAgenda().items(cast.actor(name))]

    assert "the drill is overdue" in reasons("ivo")
    assert "the drill is overdue" not in reasons("eve")
    assert "the drill is overdue" not in reasons("ada")
    rehearsed(plan, cast)
    assert "the drill is overdue" not in reasons("ivo")
    plan.refresh_from_db()
    assert plan.due_on is not None
    assert plan.due_on > database_now().date() + timedelta(days=360)


def test_a_retired_plan_is_neither_due_nor_run(system: System, cast: Cast) -> None:
    plan = planned(system, cast, due_on=date(2026, 1, 1))
    retire_plan(plan=plan, actor=cast.actor("ivo"))
    items = IncidentAgenda().items(cast.actor("ivo"))
    assert not [one for one in items if "drill" in one.reason]
    with pytest.raises(Conflict, match="retired"):
        start_drill(plan=plan, actor=cast.actor("ivo"))
    with pytest.raises(Conflict, match="retired already"):
        retire_plan(plan=plan, actor=cast.actor("ivo"))
