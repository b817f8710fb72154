"""Promises of the REST doors: record, check many, read one with a purpose, mint tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client

from consent.models import ConsentEvent, SubjectAccess
from tests.consent.conftest import DoorClient, make_key

if TYPE_CHECKING:
    from governance.registry.models import System

EVENTS, CHECK = "/api/v1/consent/events", "/api/v1/consent/check"


class Api:
    def __init__(self, secret: str) -> None:
        self.client, self.secret = Client(), secret

    def post(self, path: str, body: Any, **headers: str) -> Any:
        return self.client.post(
            path,
            body,
            content_type="application/json",
            headers={"Authorization": f"Bearer {self.secret}", **headers},
        )

    def get(self, path: str) -> Any:
        return self.client.get(path, headers={"Authorization": f"Bearer {self.secret}"})


@pytest.fixture
def api(server_key: str) -> Api:
    return Api(server_key)


GIVEN = {"subject": "anna", "purpose": "ads", "status": "given", "method": "toggle"}


def test_a_recorded_choice_answers_with_id_revision_freshness_and_receipt(api: Api) -> None:
    told = api.post(EVENTS, GIVEN)
    assert told.status_code == 201
    assert set(told.json()) == {"id", "revision", "as_of", "receipt"}
    assert told.json()["revision"] == 1
    assert ConsentEvent.objects.get().method == "toggle"


def test_the_same_idempotency_key_records_once(api: Api) -> None:
    first = api.post(EVENTS, GIVEN, **{"Idempotency-Key": "one"})
    again = api.post(EVENTS, GIVEN, **{"Idempotency-Key": "one"})
    assert again.status_code == 201 and again.json() == first.json()
    assert ConsentEvent.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"status": "expired"}, 422),
        ({"purpose": "nothing"}, 404),
        ({"type": "ads"}, 422),
        ({"subject": ""}, 422),
        ({"occurred_at": "2999-01-01T00:00:00Z"}, 422),
    ],
)
def test_a_wrong_body_is_a_problem(api: Api, change: dict[str, str], status: int) -> None:
    told = api.post(EVENTS, {**GIVEN, **change})
    assert told.status_code == status
    assert told.json()["status"] == status


def test_a_batch_is_answered_in_order_and_sees_the_write_it_names(
    api: Api, carousel: System
) -> None:
    given = {**GIVEN, "purpose": "product_suggestions"}
    as_of = api.post(EVENTS, given).json()["as_of"]
    subjects = ["bob", "anna", "bob"]
    for target in ({"purpose": "product_suggestions"}, {"system": "carousel"}):
        told = api.post(CHECK, {"subjects": subjects, "as_of": as_of, **target}).json()
        assert [row["subject"] for row in told["results"]] == subjects
        assert [row["outcome"] for row in told["results"]] == [
            "non_profiled",
            "personalise",
            "non_profiled",
        ]
        assert told["results"][1]["revision"] == 1 and told["as_of"]


def test_ten_thousand_subjects_are_the_limit(api: Api, django_assert_max_num_queries: Any) -> None:
    many = [f"person {number}" for number in range(10_000)]
    with django_assert_max_num_queries(20):
        assert (
            len(api.post(CHECK, {"subjects": many, "purpose": "ads"}).json()["results"]) == 10_000
        )
    assert api.post(CHECK, {"subjects": [*many, "one more"], "purpose": "ads"}).status_code == 422


def test_a_persons_choices_are_read_only_for_a_recorded_purpose(api: Api) -> None:
    api.post(EVENTS, GIVEN)
    assert api.get("/api/v1/consent/subjects/anna").status_code == 422
    told = api.get("/api/v1/consent/subjects/anna?for=request%2017")
    assert told.status_code == 200 and told.json()["choices"][0]["purpose"] == "ads"
    assert SubjectAccess.objects.get().purpose_of_access == "request 17"
    assert api.get("/api/v1/consent/subjects/nobody?for=x").status_code == 404


def test_a_minted_token_opens_the_browsers_door(
    api: Api, ask: DoorClient, carousel: System
) -> None:
    told = api.post(
        "/api/v1/subject-tokens",
        {"subject": "anna", "origin": "https://shop.example", "purposes": ["ads"], "ttl": 60},
    )
    assert told.status_code == 201
    page = DoorClient(ask.doors, told.json()["token"])
    assert page.flag("purpose.ads").body["value"] is False
    for wrong in ({"ttl": 901}, {"origin": "shop"}, {"purposes": ["nothing"]}):
        body = {"subject": "anna", "origin": "https://shop.example", **wrong}
        assert api.post("/api/v1/subject-tokens", body).status_code in (404, 422)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "body"),
    [
        (EVENTS, GIVEN),
        (CHECK, {"subjects": ["anna"], "purpose": "ads"}),
        ("/api/v1/subject-tokens", {"subject": "anna", "origin": "https://shop.example"}),
    ],
)
def test_a_key_without_the_scope_is_refused(path: str, body: dict[str, Any]) -> None:
    assert Api(make_key("audits:read")).post(path, body).status_code == 403
