"""The pages and the REST doors of incidents: who sees what, and what each door does."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from governance.core.actors import SystemActor
from governance.registry import services as registry
from governance.registry.models import Hold, System
from incidents.choices import Kind, ReportState, Severity, State
from incidents.models import HarmReport, Incident
from incidents.services.opening import open_incident
from incidents.services.steps import run_automatic_steps
from tests.cast import Cast

pytestmark = pytest.mark.django_db
MACHINE = SystemActor("test")


@pytest.fixture
def system(cast: Cast) -> System:
    made = registry.register_system(
        key="carousel", title="Carousel", on_pause="non_profiled", actor=MACHINE
    )
    cast.join("carousel")
    return made


@pytest.fixture
def incident(system: System) -> Incident:
    opened, _created = open_incident(
        title="Too concentrated",
        summary="Eight items take half of all impressions.",
        kind=Kind.BIAS,
        severity=Severity.S2,
        cause_key="breach:a",
        system=system,
        unattended=True,
        actor=MACHINE,
    )
    run_automatic_steps(incident=opened, actor=MACHINE)
    opened.refresh_from_db()
    return opened


def test_the_page_says_whether_it_has_stopped_and_what_is_next(
    incident: Incident, cast: Cast
) -> None:
    client = cast.sign_in(Client(), "ivo")
    page = client.get(reverse("incident", args=[incident.reference])).content.decode()
    assert "Carousel is held" in page
    assert "Take command" in page
    assert "Propose to lift the hold" in page


def test_another_team_is_told_that_there_is_no_such_incident(
    incident: Incident, cast: Cast
) -> None:
    client = cast.sign_in(Client(), "eve")
    assert client.get(reverse("incident", args=[incident.reference])).status_code == 404
    assert "Too concentrated" not in client.get(reverse("incidents")).content.decode()


def test_the_commander_takes_command_and_writes_the_cause(incident: Incident, cast: Cast) -> None:
    client = cast.sign_in(Client(), "ivo")
    client.post(reverse("incident_command", args=[incident.reference]))
    cause = {"cause": "The reward counted clicks only, so early winners took all."}
    client.post(reverse("incident_cause", args=[incident.reference]), cause)
    incident.refresh_from_db()
    assert incident.commander == cast.ivo
    assert incident.steps.get(type="investigate").state == "done"


def test_a_product_owner_reports_a_harm_but_does_not_command(system: System, cast: Cast) -> None:
    client = cast.sign_in(Client(), "ada")
    form = {
        "title": "Prices differ by district",
        "text": "Two neighbours saw two prices.",
        "system": str(system.pk),
        "kind": Kind.BIAS,
    }
    client.post(reverse("incident_report"), form)
    report = HarmReport.objects.get()
    assert (report.state, report.system) == (ReportState.NEW, system)
    assert not Hold.objects.exists()
    assert client.post(reverse("harm_report_decide", args=[report.pk])).status_code == 403


def test_the_same_person_cannot_propose_and_confirm(incident: Incident, cast: Cast) -> None:
    client = cast.sign_in(Client(), "ivo")
    lift = {"hold": str(Hold.objects.get().pk), "reason": "It is safe again."}
    for _ in range(2):
        client.post(reverse("incident_lift", args=[incident.reference]), lift)
    assert Hold.objects.get().released_at is None


def test_the_frozen_evidence_can_be_taken_away_with_its_digest(
    incident: Incident, cast: Cast
) -> None:
    client = cast.sign_in(Client(), "aud")
    answer = client.get(reverse("incident_evidence", args=[incident.reference]))
    (piece,) = answer.json()["evidence"]
    assert piece["content"]["system"]["key"] == "carousel"
    assert len(piece["sha256"]) == 64


def test_the_rest_door_lists_reports_and_refuses_a_move_that_lacks_something(
    incident: Incident, cast: Cast
) -> None:
    client = cast.sign_in(Client(enforce_csrf_checks=False), "ivo")
    (listed,) = client.get("/api/v1/incidents").json()["results"]
    assert (listed["reference"], listed["state"]) == (incident.reference, State.MITIGATED)
    move = f"/api/v1/incidents/{incident.reference}/move"
    refused = client.post(move, {"state": "resolved"}, content_type="application/json")
    assert refused.status_code == 409
    assert "has not passed yet" in refused.json()["detail"]
    report = {"title": "A rude notification", "kind": "manipulation"}
    made = client.post("/api/v1/incidents", report, content_type="application/json")
    assert made.status_code == 201
    assert made.json()["state"] == State.REPORTED


def test_a_zero_byte_in_a_filter_gets_a_sentence_and_no_crash(system: System, cast: Cast) -> None:
    client = cast.sign_in(Client(), "ivo")
    answer = client.get(reverse("incidents"), {"q": "a\0b"})
    assert answer.status_code == 422
    assert "zero byte" in answer.content.decode()
