"""As long as nobody takes command, the next people are told: on time, once, after any restart."""

from __future__ import annotations

import itertools
import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import close_old_connections

from governance.core.actors import SystemActor
from governance.core.clock import database_now
from governance.outbox.models import Notice
from incidents.choices import Kind, Severity, State
from incidents.escalation import LADDERS
from incidents.models import Incident
from incidents.services.escalating import escalate_due
from incidents.services.moving import move_incident, take_command
from incidents.services.opening import open_incident
from tests.cast import Cast

MACHINE = SystemActor("test")


def open_one(severity: str = Severity.S1) -> Incident:
    incident, _created = open_incident(
        title="Strangers see each other's interests",
        summary="",
        kind=Kind.PRIVACY,
        severity=severity,
        cause_key=f"report:{severity}",
        actor=MACHINE,
    )
    return incident


def told() -> list[list[str]]:
    subject = "nobody has taken command"
    notices = Notice.objects.filter(subject__contains=subject).order_by("created_at")
    return [notice.recipients for notice in notices]


@pytest.mark.django_db
def test_a_serious_incident_climbs_the_ladder_until_somebody_commands(cast: Cast) -> None:
    incident = open_one()
    begin = incident.reported_at
    for minute in (0, 1, 4, 6, 9, 11):
        escalate_due(actor=MACHINE, now=begin + timedelta(minutes=minute))
    assert told() == [
        ["role:incident_commander"],
        ["role:incident_commander"],
        ["role:admin", "role:product_owner"],
    ]
    take_command(incident=incident, user=cast.ivo, actor=cast.actor("ivo"))
    assert escalate_due(actor=MACHINE, now=begin + timedelta(hours=1)) == 0
    assert len(told()) == 3


@pytest.mark.django_db
def test_every_rung_missed_while_all_was_down_is_told_at_the_next_look(cast: Cast) -> None:
    incident = open_one()
    assert escalate_due(actor=MACHINE, now=incident.reported_at + timedelta(minutes=20)) == 4
    assert escalate_due(actor=MACHINE, now=incident.reported_at + timedelta(minutes=20)) == 0


@pytest.mark.django_db
def test_a_dismissed_incident_wakes_nobody(cast: Cast) -> None:
    incident = open_one()
    move_incident(incident=incident, to=State.FALSE_POSITIVE, actor=MACHINE)
    assert escalate_due(actor=MACHINE, now=incident.reported_at + timedelta(days=1)) == 0
    assert told() == []


@pytest.mark.django_db
def test_whoever_commands_is_not_told_that_nobody_does(cast: Cast) -> None:
    incident = open_one()
    Incident.objects.filter(pk=incident.pk).update(commander=cast.ivo)
    assert escalate_due(actor=MACHINE, now=database_now() + timedelta(days=1)) == 0


@pytest.mark.django_db(transaction=True)
def test_two_schedulers_tell_a_rung_once(cast: Cast) -> None:
    incident = open_one()
    now = incident.reported_at + timedelta(hours=1)
    counts: list[int] = []
    gate = threading.Barrier(4)

    def look() -> None:
        gate.wait()
        counts.append(escalate_due(actor=MACHINE, now=now))
        close_old_connections()

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(counts) == len(told()) == len(LADDERS[Severity.S1])


def test_a_near_miss_waits_for_the_next_working_day() -> None:
    last = LADDERS[Severity.S4][-1]
    friday = datetime(2026, 6, 5, 16, tzinfo=UTC)
    assert last.due(friday) == datetime(2026, 6, 8, 16, tzinfo=UTC)
    assert last.due(friday - timedelta(days=1)) == friday


def test_graver_harms_are_never_told_of_later() -> None:
    ladders = [LADDERS[severity] for severity in (Severity.S1, Severity.S2, Severity.S3)]
    for graver, milder in itertools.pairwise(ladders):
        assert len(graver) >= len(milder)
        for first, second in zip(graver, milder, strict=False):
            assert first.after <= second.after
