"""The REST doors of audits: outputs in, runs asked for, reports out, each behind its scope."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from audits.models import OutputBatch, Run
from audits.runner import perform_run
from governance.people.services import create_api_key
from tests.audits.conftest import DAY, STAGE, START, Stage, impressions, json_lines

JSON_LINES = "application/x-ndjson"


@pytest.fixture
def door() -> Callable[..., Client]:
    """A client with a fresh key of the given scopes."""

    def with_scopes(*scopes: str) -> Client:
        _, secret = create_api_key(name="program", scopes=list(scopes), actor=STAGE)
        return Client(headers={"Authorization": f"Bearer {secret}"})

    return with_scopes


def test_outputs_are_created_once(stage: Stage, door: Callable[..., Client]) -> None:
    client = door("outputs:write")
    url = "/api/v1/outputs?system=carousel&version=learned"
    body = json_lines(impressions("learned", rows=30))
    first = client.post(url, body, content_type=JSON_LINES)
    again = client.post(url, body, content_type=JSON_LINES)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"]
    assert first.json()["rows"] == 30
    assert OutputBatch.objects.count() == 1


@pytest.mark.parametrize(
    ("query", "content_type", "body", "said"),
    [
        ("", JSON_LINES, b"{}", "whose data"),
        ("?system=nothing", JSON_LINES, b"{}", "no system 'nothing'"),
        ("?system=carousel&version=v9", JSON_LINES, b"{}", "no version 'v9'"),
        ("?system=carousel", "application/pdf", b"%PDF", "not read here"),
        ("?system=carousel", JSON_LINES, b"{not json", "not readable"),
        ("?system=carousel", JSON_LINES, b"", "not read here"),
    ],
)
def test_bad_outputs_are_a_problem_in_one_sentence(
    stage: Stage,
    door: Callable[..., Client],
    query: str,
    content_type: str,
    body: bytes,
    said: str,
) -> None:
    answer = door("outputs:write").post(f"/api/v1/outputs{query}", body, content_type=content_type)
    assert answer.status_code == 422
    assert answer["Content-Type"] == "application/problem+json"
    assert re.search(said, answer.json()["detail"])


def test_every_door_asks_for_its_scope(stage: Stage, door: Callable[..., Client]) -> None:
    stage.plan()
    wrong = door("gate:read")
    for path in ("sources", "outputs", "outcomes", "plans", "runs", "findings"):
        assert wrong.get(f"/api/v1/{path}").status_code == 403
        assert door("audits:read").get(f"/api/v1/{path}").status_code == 200
        assert Client().get(f"/api/v1/{path}").status_code == 401
    body = json_lines(impressions("learned"))
    refused = door("audits:read", "audits:run").post(
        "/api/v1/outputs?system=carousel", body, content_type=JSON_LINES
    )
    assert refused.status_code == 403
    asked = door("audits:read").post(
        "/api/v1/runs", {"plan": "exposure"}, content_type="application/json"
    )
    assert asked.status_code == 403


def test_a_run_is_asked_for_and_its_report_read(stage: Stage, door: Callable[..., Client]) -> None:
    stage.plan()
    stage.push(stage.serving, impressions("learned", favourites=0.7))
    client = door("audits:read", "audits:run", "registry:read")
    asked = client.post(
        "/api/v1/runs",
        {
            "plan": "exposure",
            "window_start": START.isoformat(),
            "window_end": (START + DAY).isoformat(),
        },
        content_type="application/json",
    )
    assert asked.status_code == 201
    run_id = asked.json()["id"]
    assert asked.json()["state"] == "queued"
    assert perform_run(run_id)
    answer = client.get(f"/api/v1/runs/{run_id}").json()
    assert (answer["state"], answer["verdict"]) == ("succeeded", "fail")
    assert answer["report"]["measurements"][0]["metric"] == "top_share"
    assert "report" not in client.get("/api/v1/runs").json()["results"][0]
    (finding,) = client.get("/api/v1/findings?state=open").json()["results"]
    assert finding["run"] == run_id
    assert client.get("/api/v1/plans/exposure").json()["state"] == "active"


def test_outcomes_arrive_by_themselves(stage: Stage, door: Callable[..., Client]) -> None:
    rows = [
        {
            "output_id": f"o{number}",
            "y_true": number % 2,
            "observed_at": (START + timedelta(hours=number)).isoformat(),
        }
        for number in range(5)
    ]
    client = door("outputs:write")
    url = "/api/v1/outcomes?system=carousel"
    assert client.post(url, json_lines(rows), content_type=JSON_LINES).status_code == 201
    assert client.post(url, json_lines(rows), content_type=JSON_LINES).status_code == 200


def test_another_team_sees_no_run(stage: Stage, cast: Any) -> None:
    from audits.services import schedule_due_runs

    stage.plan()
    schedule_due_runs()
    cast.join("carousel")
    run = Run.objects.all()[0]
    ada, eve = cast.sign_in(Client(), "ada"), cast.sign_in(Client(), "eve")
    assert ada.get(f"/api/v1/runs/{run.pk}").status_code == 200
    assert eve.get(f"/api/v1/runs/{run.pk}").status_code == 404
    assert eve.get("/api/v1/runs").json()["results"] == []
