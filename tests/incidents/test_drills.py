"""A drill stops a rehearsal system for real, is measured by its facts, and counts in nothing."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.db.models import F

from audits.models import Plan
from governance.core.clock import database_now
from governance.core.errors import Conflict, Invalid, NotFound, NotPermitted
from governance.core.events import IncidentOpened
from governance.ledger.models import LedgerEntry
from governance.outbox.models import EventRow, Notice
from governance.outbox.relay import drain
from governance.registry import services as registry
from governance.registry.models import Hold, System
from governance.registry.selectors import system_state
from governance.signals.models import CurrentSignal
from governance.signals.selectors import current_signal
from incidents.choices import DrillCadence, DrillVerdict, Kind, Severity, State, StepState, StepType
from incidents.models import Drill, Incident, PostMortem, RegulatorClock, ServingTarget
from incidents.selectors import (
    episodes_for,
    open_drills_for,
    open_incidents_for,
    present_steps,
    undecided_duties,
)
from incidents.services.drill_endings import digest_of, end_drill
from incidents.services.drills import (
    obstacles,
    plan_drill,
    remind_of_drills,
    retire_plan,
    start_drill,
)
from incidents.services.moving import move_incident, take_command
from incidents.services.opening import open_incident
from incidents.services.steps import run_automatic_steps
from incidents.services.targets import register_target, report_served
from tests.cast import Cast
from tests.incidents.drilling import (
    LIMITS,
    MACHINE,
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


def test_a_drill_really_stops_its_system(system: System, cast: Cast) -> None:
    target_says_what_it_should(system)
    drill = start_drill(plan=planned(system, cast), actor=cast.actor("ivo"))
    assert system_state(System.objects.get(pk=system.pk)).state == "held"
    assert drill.incident.drill
    assert Hold.objects.active().get().incident_reference == drill.incident.reference
