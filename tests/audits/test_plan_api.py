"""Plans, changes, runs and backfills over REST, each behind its permission and with its tags."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import yaml
from django.test import Client

from audits.models import Plan, PlanChange, Run
from audits.runner import perform_run
from audits.services import schedule_due_runs
from governance.people.services import create_api_key
from tests.audits.conftest import DAY, STAGE, START, Stage
from tests.audits.test_plan_files import TEXT
from tests.cast import Cast

JSON = "application/json"
WITHOUT = {"columns": {"item": ["other"]}, "reason": "The column is gone."}


@pytest.fixture
def key() -> Callable[..., Client]:
    """A client with a fresh key of the given scopes."""

    def with_scopes(*scopes: str) -> Client:
        _, secret = create_api_key(name="pipeline", scopes=list(scopes), actor=STAGE)
        return Client(headers={"Authorization": f"Bearer {secret}"})

    return with_scopes


@pytest.fixture
def people(stage: Stage, cast: Cast) -> Callable[[str], Client]:
    cast.join("carousel")
    return lambda name: cast.sign_in(Client(), name)


def test_a_pipeline_puts_a_plan_and_gets_it_back_as_a_file(
    stage: Stage, key: Callable[..., Client]
) -> None:
    client = key("audits:plan", "audits:read")
    url = "/api/v1/plans/exposure"
    made = client.put(url, TEXT, content_type="application/yaml")
    assert (made.status_code, made.json()["outcome"]) == (201, "created")
    again = client.put(url, yaml.safe_load(TEXT) | {"starts_at": "2026-01-05T00:00"}, JSON)
    assert (again.status_code, again.json()["outcome"]) == (200, "unchanged")
    exported = client.get(f"{url}/file")
    assert exported["Content-Type"].startswith("application/yaml")
    assert client.put(url, exported.content, "application/yaml").json()["outcome"] == "unchanged"
    looser = TEXT.replace("<=0.30", "<=0.40")
    refused = client.put(url, looser, "application/yaml")
    assert (refused.status_code, refused["Content-Type"]) == (422, "application/problem+json")
    waits = client.put(f"{url}?reason=Agreed.", looser, "application/yaml")
    assert (waits.status_code, waits.json()["outcome"]) == (202, "proposed")
    assert waits.json()["change"]["reasons"] == [
        "The limit top_share <= 0.3 would be loosened to 0.4."
    ]


def test_a_body_that_is_no_plan_is_a_problem_in_one_sentence(
    stage: Stage, key: Callable[..., Client]
) -> None:
    client = key("audits:plan")
    url = "/api/v1/plans/exposure"
    for body, kind, said in (
        ("a: [", "application/yaml", "not well-formed YAML"),
        ("[]", "application/yaml", "does not hold a plan"),
        (TEXT.replace("key: exposure", "key: other"), "application/yaml", "the address"),
        ({"key": "exposure"}, JSON, "method is missing"),
    ):
        answer = client.put(url, body, kind)
        assert answer.status_code == 422
        assert said in answer.json()["detail"]


def test_no_plan_takes_the_address_of_another_page(
    stage: Stage, key: Callable[..., Client]
) -> None:
    body = TEXT.replace("key: exposure", "key: choose")
    answer = key("audits:plan").put("/api/v1/plans/choose", body, "application/yaml")
    assert answer.status_code == 422
    assert "address of another page" in answer.json()["detail"]


def test_what_weakens_a_plan_is_approved_by_another_person(
    people: Callable[[str], Client], stage: Stage
) -> None:
    stage.plan(on_breach="finding")
    ada, elif_ = people("ada"), people("elif")
    asked = ada.patch("/api/v1/plans/exposure", WITHOUT, JSON)
    assert asked.status_code == 202
    change = asked.json()
    assert change["reasons"] == ["The role item would no longer be read from item."]
    url = f"/api/v1/plan-changes/{change['id']}"
    assert ada.post(f"{url}/approve", {}, JSON).status_code == 403
    assert people("max").post(f"{url}/approve", {}, JSON).status_code == 403
    assert people("eve").get(url).status_code == 404
    stale = elif_.post(f"{url}/approve", {}, JSON, headers={"If-Match": '"old"'})
    assert stale.status_code == 412
    tag = elif_.get(url)["ETag"]
    done = elif_.post(f"{url}/approve", {}, JSON, headers={"If-Match": tag})
    assert (done.status_code, done.json()["state"], done.json()["revision"]) == (200, "applied", 2)
    assert elif_.post(f"{url}/approve", {}, JSON).status_code == 409
    listed = ada.get("/api/v1/plan-changes?plan=exposure&state=applied").json()["results"]
    assert [one["id"] for one in listed] == [change["id"]]


def test_a_change_may_be_refused_with_a_reason_or_withdrawn(
    people: Callable[[str], Client], stage: Stage
) -> None:
    stage.plan(on_breach="finding")
    ada, elif_ = people("ada"), people("elif")
    for verb, who, body, state in (
        ("refuse", elif_, {"reason": "It stays."}, "refused"),
        ("withdraw", ada, {}, "withdrawn"),
    ):
        change = ada.patch("/api/v1/plans/exposure", WITHOUT, JSON).json()
        done = who.post(f"/api/v1/plan-changes/{change['id']}/{verb}", body, JSON)
        assert (done.status_code, done.json()["state"]) == (200, state)
    assert Plan.objects.get().revision == 1


def test_a_plan_is_changed_only_in_the_state_that_was_seen(
    people: Callable[[str], Client], stage: Stage
) -> None:
    stage.plan(on_breach="finding")
    ada = people("ada")
    url = "/api/v1/plans/exposure"
    tag = ada.get(url)["ETag"]
    first = ada.patch(url, {"title": "Another?"}, JSON, headers={"If-Match": tag})
    assert first.status_code == 200
    late = ada.patch(url, {"title": "A third?"}, JSON, headers={"If-Match": tag})
    assert late.status_code == 412
    assert ada.post(f"{url}/pause", {}, JSON, headers={"If-Match": tag}).status_code == 412
    assert (
        ada.patch(url, {"title": "A third?"}, JSON, headers={"If-Match": first["ETag"]}).status_code
        == 200
    )
    wrong = ada.patch(url, {"seed": 4, "title": "Four?"}, JSON)
    assert "seed" in wrong.json()["detail"]


def test_a_request_sent_twice_proposes_once(people: Callable[[str], Client], stage: Stage) -> None:
    stage.plan(on_breach="finding")
    ada = people("ada")
    answers = [
        ada.patch("/api/v1/plans/exposure", WITHOUT, JSON, headers={"Idempotency-Key": "change-1"})
        for _ in range(2)
    ]
    assert [one.status_code for one in answers] == [202, 202]
    assert answers[0].json() == answers[1].json()
    assert PlanChange.objects.count() == 1


def test_next_windows_are_told_with_the_schedule_in_words(
    people: Callable[[str], Client], stage: Stage
) -> None:
    stage.plan(
        on_breach="finding",
        cron="0 6 * * 1",
        zone="Europe/Berlin",
        ends_at=START + 9 * DAY,
        planned_looks=None,
    )
    schedule_due_runs()
    stage.plan(key="open", on_breach="finding", ends_at=None, planned_looks=None)
    ada = people("ada")
    ended = ada.get("/api/v1/plans/exposure/windows").json()
    assert ended["schedule"] == "every Monday at 06:00, Europe/Berlin"
    assert ended["windows"] == []
    assert ended["reason"] == "The last window of the plan has been scheduled."
    told = ada.get("/api/v1/plans/open/windows").json()
    assert len(told["windows"]) == 5
    assert ada.get("/api/v1/plans?state=active&method=exposure.popularity").json()["results"]
    assert ada.get("/api/v1/plans?state=paused").json()["results"] == []


def test_runs_are_asked_for_watched_cancelled_and_tried_again(
    people: Callable[[str], Client], stage: Stage
) -> None:
    stage.plan(on_breach="finding")
    ada = people("ada")
    run = ada.post("/api/v1/runs", {"plan": "exposure"}, JSON).json()
    url = f"/api/v1/runs/{run['id']}"
    assert ada.get(f"{url}/progress").json()["words"] == "Waiting for a worker"
    tag = ada.get(url)["ETag"]
    assert perform_run(run["id"])
    assert ada.post(f"{url}/cancel", {}, JSON, headers={"If-Match": tag}).status_code == 412
    assert ada.post(f"{url}/cancel", {}, JSON).status_code == 409
    retried = ada.post(f"{url}/retry")
    assert (retried.status_code, retried.json()["state"]) == (200, "queued")
    cancelled = ada.post(f"{url}/cancel", {"reason": "Not now."}, JSON)
    assert cancelled.json()["error"] == "Not now."
    listed = ada.get("/api/v1/runs?plan=exposure&state=cancelled&purpose=on_demand").json()
    assert [one["id"] for one in listed["results"]] == [run["id"]]
    assert people("aud").post(f"{url}/retry").status_code == 403


def test_a_backfill_is_ordered_and_cancelled(people: Callable[[str], Client], stage: Stage) -> None:
    stage.plan(on_breach="finding", backfill=False)
    ada = people("ada")
    body = {
        "plan": "exposure",
        "first": START.isoformat(),
        "until": (START + 3 * DAY).isoformat(),
        "reason": "A gap.",
    }
    made = ada.post("/api/v1/backfills", body, JSON)
    assert (made.status_code, made.json()["windows"]) == (201, 3)
    assert ada.post("/api/v1/backfills", body, JSON).status_code == 409
    url = f"/api/v1/backfills/{made.json()['id']}"
    assert ada.get(url).json()["progress"]["words"] == "0 of 3 windows audited"
    done = ada.post(f"{url}/cancel", {}, JSON).json()
    assert done["progress"]["cancelled"] == 3
    assert Run.objects.filter(state="cancelled").count() == 3
    assert people("eve").get(url).status_code == 404


def test_the_schema_of_plan_files_is_served(stage: Stage, key: Callable[..., Client]) -> None:
    answer = key("audits:read").get("/api/v1/plan-file-schema")
    assert answer.json()["title"] == "Tactful audit plan"


def test_each_door_asks_for_its_permission(stage: Stage, key: Callable[..., Client]) -> None:
    stage.plan(on_breach="finding")
    reader: Any = key("audits:read", "audits:run")
    assert reader.patch("/api/v1/plans/exposure", {"title": "x"}, JSON).status_code == 403
    assert reader.put("/api/v1/plans/exposure", TEXT, "application/yaml").status_code == 403
    planner: Any = key("audits:plan")
    assert planner.get("/api/v1/plans/exposure").status_code == 403
    assert planner.post("/api/v1/runs", {"plan": "exposure"}, JSON).status_code == 403
