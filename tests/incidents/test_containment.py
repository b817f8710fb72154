"""From a breach to a lifted hold, on a real database: what the incident room promises."""

from __future__ import annotations

import threading

import pytest
from django.db import close_old_connections

from governance.core.actors import SystemActor
from governance.core.errors import Conflict, NotPermitted
from governance.registry import services as registry
from governance.registry.models import Hold, System
from governance.registry.selectors import system_state
from incidents.choices import Kind, Severity, State
from incidents.models import Incident
from incidents.selectors import incidents_for
from incidents.services.moving import move_incident
from incidents.services.opening import open_incident
from incidents.services.steps import perform_step, run_automatic_steps
from tests.cast import Cast

MACHINE = SystemActor("test")


@pytest.fixture
def system(cast: Cast) -> System:
    return registry.register_system(
        key="carousel", title="Carousel", on_pause="non_profiled", actor=MACHINE
    )


def open_one(system: System, cause: str, *, unattended: bool = True) -> Incident:
    incident, _created = open_incident(
        title="Too concentrated",
        summary="Eight items take half of all impressions.",
        kind=Kind.BIAS,
        severity=Severity.S2,
        cause_key=cause,
        system=system,
        unattended=unattended,
        actor=MACHINE,
    )
    return incident


@pytest.mark.django_db
def test_an_unattended_incident_holds_the_system_and_freezes_evidence_at_once(
    system: System,
) -> None:
    incident = open_one(system, "breach:a")
    run_automatic_steps(incident=incident, actor=MACHINE)
    incident.refresh_from_db()
    assert incident.state == State.MITIGATED
    assert system_state(System.objects.get(pk=system.pk)).state == "held"
    assert incident.evidence.get().content["system"]["key"] == "carousel"


@pytest.mark.django_db
def test_a_report_by_a_person_holds_nothing_until_somebody_decides(system: System) -> None:
    incident = open_one(system, "report:a", unattended=False)
    run_automatic_steps(incident=incident, actor=MACHINE)
    assert not Hold.objects.exists()
    hold = incident.steps.get(type="place_hold")
    perform_step(step=hold, actor=MACHINE)
    assert Hold.objects.count() == 1


@pytest.mark.django_db
def test_one_cause_opens_one_incident_while_it_is_open(system: System) -> None:
    first = open_one(system, "breach:a")
    again, created = open_incident(
        title="Again",
        summary="",
        kind=Kind.BIAS,
        severity=Severity.S2,
        cause_key="breach:a",
        system=system,
        actor=MACHINE,
    )
    assert (again, created) == (first, False)


@pytest.mark.django_db(transaction=True)
def test_two_breaches_that_arrive_together_open_one_incident(system: System) -> None:
    barrier, found = threading.Barrier(2), []

    def breach() -> None:
        barrier.wait()
        found.append(open_one(system, "breach:race").pk)
        close_old_connections()

    threads = [threading.Thread(target=breach) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 2
    assert len(set(found)) == 1
    assert Incident.objects.count() == 1


@pytest.mark.django_db
def test_a_failed_rollback_never_keeps_the_people_from_being_told(system: System) -> None:
    incident = open_one(system, "breach:a")
    run_automatic_steps(incident=incident, actor=MACHINE)
    states = dict(incident.steps.values_list("type", "state"))
    assert states["rollback_model"] == "failed"
    assert states["notify"] == "done"


@pytest.mark.django_db
def test_a_held_incident_cannot_be_called_resolved(system: System) -> None:
    incident = open_one(system, "breach:a")
    run_automatic_steps(incident=incident, actor=MACHINE)
    with pytest.raises(Conflict, match="hold of this incident is still in place"):
        move_incident(incident=incident, to=State.RESOLVED, actor=MACHINE)


@pytest.mark.django_db
def test_another_team_sees_nothing_and_a_product_owner_does_not_command(
    system: System, cast: Cast
) -> None:
    incident = open_one(system, "breach:a")
    assert not incidents_for(cast.actor("eve")).exists()
    with pytest.raises(NotPermitted):
        move_incident(incident=incident, to=State.MITIGATED, actor=cast.actor("ada"))
