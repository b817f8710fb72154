"""Promises of the REST doors: register, hold, lift by two, ask a gate; Eve sees nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from governance.people.services import create_api_key
from governance.registry.models import Hold, System
from tests.reviews.stage import STAGE, approve_version, make_system, version_of

if TYPE_CHECKING:
    from tests.cast import Cast

pytestmark = pytest.mark.django_db
API = "/api/v1"


@pytest.fixture
def carousel(cast: Cast) -> System:
    return make_system(cast)


def client_of(cast: Cast, name: str) -> APIClient:
    client = APIClient()
    client.force_login(cast.person(name), backend="django.contrib.auth.backends.ModelBackend")
    return client


def key_client(*scopes: str) -> APIClient:
    _, secret = create_api_key(
        name="ci", scopes=list(scopes), expires_at=timezone.now() + timedelta(days=1), actor=STAGE
    )
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    return client


def post(client: APIClient, path: str, body: dict[str, Any]) -> Any:
    return client.post(f"{API}/{path}", body, format="json")


NOUNS = ("systems", "versions", "surfaces", "features", "data-flows", "holds", "reviews", "signals")


def test_eve_sees_nothing_of_another_teams_system(carousel: System, cast: Cast) -> None:
    approve_version(cast, version_of(carousel))
    post(client_of(cast, "ivo"), "holds", {"system": "carousel", "reason": "A test."})
    eve, aud = client_of(cast, "eve"), client_of(cast, "aud")
    for noun in NOUNS:
        assert eve.get(f"{API}/{noun}").json()["results"] == [], noun
        if noun != "signals":
            assert aud.get(f"{API}/{noun}").json()["results"], noun
    for path in ("systems/carousel", "versions/carousel:v1", "features/carousel-clicks"):
        assert eve.get(f"{API}/{path}").status_code == 404
    assert eve.get(f"{API}/gates/release?system=carousel&version=v1").status_code == 404
    refused = post(eve, "holds", {"system": "carousel", "reason": "Spite."})
    assert refused.status_code == 404
    assert refused["Content-Type"] == "application/problem+json"


def test_a_program_registers_a_system_with_its_version_and_feature() -> None:
    client = key_client("registry:read", "registry:write")
    made = post(client, "systems", {"key": "feed", "title": "Feed", "on_pause": "off"})
    assert made.status_code == 201, made.json()
    assert made.json()["state"] == "not_approved"
    feature = {"key": "age", "title": "Age", "systems": ["feed"], "retention": "P30D"}
    assert post(client, "features", feature).status_code == 201
    version = {"system": "feed", "key": "v1", "features": ["age"]}
    assert post(client, "versions", version).json()["state"] == "registered"
    assert client.get(f"{API}/versions/feed:v1").json()["features"] == ["age"]
    changed = client.patch(f"{API}/features/age", {"retention": "P1Y"}, format="json")
    assert changed.json()["retention"] == "P1Y"


def test_wrong_input_is_a_problem_in_words() -> None:
    client = key_client("registry:read", "registry:write")
    bad = post(client, "systems", {"key": "No.Key", "title": "x", "on_pause": "off"})
    assert (bad.status_code, bad["Content-Type"]) == (422, "application/problem+json")
    sensitive = {"key": "faith", "title": "Faith", "sensitivity": "special_category"}
    answer = post(client, "features", sensitive)
    assert answer.status_code == 422
    assert "justif" in answer.json()["detail"].lower()


def test_a_change_against_an_older_state_is_refused(carousel: System) -> None:
    client = key_client("registry:read", "registry:write")
    path = f"{API}/systems/carousel"
    tag = client.get(path)["ETag"]
    first = client.patch(path, {"title": "One"}, format="json", HTTP_IF_MATCH=tag)
    assert first.status_code == 200
    second = client.patch(path, {"title": "Two"}, format="json", HTTP_IF_MATCH=tag)
    assert second.status_code == 412


def test_two_people_lift_a_hold(carousel: System, cast: Cast) -> None:
    ada, ivo = client_of(cast, "ada"), client_of(cast, "ivo")
    placed = post(ada, "holds", {"system": "carousel", "reason": "A complaint."})
    assert placed.status_code == 201
    assert ada.get(f"{API}/systems/carousel").json()["state"] == "held"
    again = post(ada, "holds", {"system": "carousel", "reason": "A complaint."})
    assert (again.status_code, again.json()["id"]) == (200, placed.json()["id"])
    lift = f"holds/{placed.json()['id']}/lift"
    first = post(ada, lift, {"reason": "Answered."})
    assert (first.status_code, first.json()["state"]) == (202, "awaiting_second_person")
    assert post(ada, lift, {"reason": "Answered."}).status_code == 409
    second = post(ivo, lift, {"reason": "Checked."})
    assert (second.status_code, second.json()["state"]) == (200, "lifted")
    assert not Hold.objects.active().exists()
    assert post(ivo, lift, {"reason": "Again."}).status_code == 409


def test_a_key_places_a_hold_and_never_lifts_one(carousel: System) -> None:
    client = key_client("incidents:write", "registry:read")
    placed = post(client, "holds", {"version": "carousel:v1", "reason": "Alarm."})
    assert placed.status_code == 201
    assert placed.json()["target_key"] == "carousel:v1"
    assert post(client, f"holds/{placed.json()['id']}/lift", {"reason": "x"}).status_code == 403


def test_the_gate_answers_over_http(carousel: System, cast: Cast) -> None:
    client = key_client("gate:read", "registry:read")
    path = f"{API}/gates/release?system=carousel&version=v1"
    denied = client.get(path).json()
    assert (denied["decision"], denied["missing"][0]["code"]) == ("deny", "approval")
    approve_version(cast, version_of(carousel))
    assert client.get(path).json()["decision"] == "allow"
    assert client.get(f"{API}/gates/nonsense?system=carousel&version=v1").status_code == 404


def test_a_review_runs_over_http(carousel: System, cast: Cast) -> None:
    client = client_of(cast, "ada")
    review = post(client, "reviews", {"system": "carousel", "version": "v1"})
    assert review.status_code == 201
    path = f"reviews/{review.json()['id']}"
    items = client.get(f"{API}/{path}/items").json()["items"]
    assert len(items) == 16
    answer = {"item": "G-02", "outcome": "pass", "evidence": [{"title": "Use case record"}]}
    assert post(client, f"{path}/answers", answer).status_code == 200
    refused = post(client, f"{path}/approve", {})
    assert refused.status_code == 409
    assert "G-02" not in refused.json()["detail"]


def test_a_list_of_systems_costs_the_same_for_one_and_for_many(
    carousel: System, cast: Cast
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client = client_of(cast, "aud")
    client.get(f"{API}/systems")  # what is read once a process is read now
    counts = []
    for extra in ("second", "third"):
        with CaptureQueriesContext(connection) as queries:
            assert client.get(f"{API}/systems").status_code == 200
        counts.append(len(queries))
        make_system(cast, extra)
    assert counts[0] == counts[1]
