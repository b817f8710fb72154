"""The watchdog: no open incident is lost sight of, and its heartbeat is true."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.test import Client

from governance.core.clock import database_now
from governance.outbox.models import Notice
from governance.registry.models import System
from incidents.choices import State
from incidents.models import Escalation, Incident, IncidentStep, LostWakeUp, WatchdogBeat
from incidents.services.escalating import escalate_due
from incidents.services.moving import take_command
from incidents.services.steps import run_automatic_steps
from incidents.services.watchdog import LATE, watch, why_lost
from incidents.tasks import tick
from tests.cast import Cast
from tests.incidents.stepping import MACHINE, a_step, begin, carousel, step_of

pytestmark = pytest.mark.django_db
HOURS = timedelta(hours=1)
MANUAL = a_step("by_hand", "look")


@pytest.fixture
def system(cast: Cast) -> System:
    return carousel(cast)


def beat() -> WatchdogBeat:
    return WatchdogBeat.objects.get()


def climb(incident: Incident) -> None:
    """Have every rung of the ladder told already."""
    Escalation.objects.filter(incident=incident).update(told_at=database_now())


def test_an_incident_with_a_rung_ahead_or_a_commander_is_not_lost(
    system: System, cast: Cast
) -> None:
    incident = begin(cast, system, MANUAL)
    now = database_now()
    assert watch(actor=MACHINE, now=now) == 0
    assert (beat().well_at, beat().incidents_open) == (now, 1)
    climb(incident)
    take_command(incident=incident, user=cast.ivo, actor=cast.actor("ivo"))
    assert watch(actor=MACHINE) == 0
    assert not LostWakeUp.objects.exists()


def test_nobody_and_nothing_left_is_repaired_once_and_then_told(system: System, cast: Cast) -> None:
    incident = begin(cast, system, MANUAL)
    climb(incident)
    assert watch(actor=MACHINE) == 0
    lost = LostWakeUp.objects.get()
    assert lost.repaired_at is not None and lost.escalated_at is None
    assert escalate_due(actor=MACHINE) == 1  # the rung that the repair added
    well = beat().well_at
    for _ in range(2):
        assert watch(actor=MACHINE) == 1
    assert LostWakeUp.objects.exclude(escalated_at=None).count() == 1
    assert Notice.objects.filter(subject__contains="lost sight of").count() == 1
    assert (beat().well_at, beat().incidents_unowned) == (well, 1)
    take_command(incident=incident, user=cast.ivo, actor=cast.actor("ivo"))
    now = database_now()
    assert watch(actor=MACHINE, now=now) == 0
    assert beat().well_at == now


def test_a_commander_who_cannot_sign_in_any_more_owns_nothing(system: System, cast: Cast) -> None:
    incident = begin(cast, system, MANUAL)
    take_command(incident=incident, user=cast.ivo, actor=cast.actor("ivo"))
    type(cast.ivo).objects.filter(pk=cast.ivo.pk).update(is_active=False)
    fresh = Incident.objects.select_related("commander").get(pk=incident.pk)
    assert "can no longer sign in" in why_lost(fresh, database_now())


def test_a_step_whose_wake_up_was_lost_runs_after_the_watchdog_looked(
    system: System, cast: Cast
) -> None:
    incident = begin(cast, system, a_step("notify"))
    take_command(incident=incident, user=cast.ivo, actor=cast.actor("ivo"))
    long_ago = database_now() - LATE - timedelta(seconds=1)
    IncidentStep.objects.filter(incident=incident).update(updated_at=long_ago)
    incident = Incident.objects.select_related("commander").get(pk=incident.pk)
    assert "nothing wakes it" in why_lost(incident, database_now())
    assert watch(actor=MACHINE) == 0
    assert step_of(incident, "notify").next_attempt_at is not None
    tick()
    assert step_of(incident, "notify").state == "done"


def test_what_a_timer_keeps_back_is_not_lost(system: System, cast: Cast) -> None:
    incident = begin(cast, system, a_step("wait_until", params={"minutes": 300}), a_step("notify"))
    run_automatic_steps(incident=incident, actor=MACHINE)
    take_command(incident=incident, user=cast.ivo, actor=cast.actor("ivo"))
    IncidentStep.objects.filter(incident=incident).update(updated_at=database_now() - HOURS)
    fresh = Incident.objects.select_related("commander").get(pk=incident.pk)
    assert why_lost(fresh, database_now()) == ""


def test_an_overdue_timer_is_lost(system: System, cast: Cast) -> None:
    incident = begin(cast, system, a_step("wait_until", params={"minutes": 300}))
    run_automatic_steps(incident=incident, actor=MACHINE)
    take_command(incident=incident, user=cast.ivo, actor=cast.actor("ivo"))
    IncidentStep.objects.filter(incident=incident).update(next_attempt_at=database_now() - HOURS)
    fresh = Incident.objects.select_related("commander").get(pk=incident.pk)
    assert "nothing wakes it" in why_lost(fresh, database_now())


def test_what_is_over_needs_nobody(system: System, cast: Cast) -> None:
    incident = begin(cast, system, MANUAL)
    climb(incident)
    Incident.objects.filter(pk=incident.pk).update(state=State.FALSE_POSITIVE)
    assert watch(actor=MACHINE) == 0
    assert not LostWakeUp.objects.exists()


def age_told(client: Client) -> float:
    return float(client.get("/readyz").json()["incident_watchdog_age_seconds"])


def test_readiness_and_metrics_tell_when_the_heartbeat_is_missing(
    system: System, cast: Cast, client: Client
) -> None:
    assert age_told(client) == 0.0
    incident = begin(cast, system, MANUAL)
    early: datetime = database_now() - HOURS
    Incident.objects.filter(pk=incident.pk).update(reported_at=early)
    assert age_told(client) >= HOURS.total_seconds()  # it was never looked at
    watch(actor=MACHINE)
    assert age_told(client) < 60
    WatchdogBeat.objects.update(well_at=early)
    answer = client.get("/readyz").json()
    assert answer["lagging"] == ["incident_watchdog_age_seconds"]
    assert "tactful_incident_watchdog_age_seconds 3" in client.get("/metrics").content.decode()
