"""The AuthZEN certification scenario on our own fixture; comments name the section of the scenario.

The scenario's `record` is a purpose here and its actions are the one there is, `personalize`:
Alice agreed to product suggestions and not to ads, Bob withdrew. The sub-levels `Properties` do
not fit: what a caller claims about a person never decides, and a test below says so.
Every answer is held against `schemas/authzen.json` by the client that asks.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings

from consent import services
from consent.slowpath.database import Database
from consent.slowpath.wsgi import DecisionDoors
from governance.core.actors import SystemActor
from tests.consent.conftest import DoorClient, not_ours

if TYPE_CHECKING:
    from governance.registry.models import System

STAGE = SystemActor("tests")
ONE, MANY = "/access/v1/evaluation", "/access/v1/evaluations"
SUBJECT, RESOURCE, ACTION = (
    f"/access/v1/search/{kind}" for kind in ("subject", "resource", "action")
)
ALICE = {"type": "user", "id": "alice"}
BOB = {"type": "user", "id": "bob"}
PERSONALIZE = {"name": "personalize"}
SUGGESTIONS = {"type": "purpose", "id": "product_suggestions"}
ADS = {"type": "purpose", "id": "ads"}
QUESTION = {"subject": ALICE, "action": PERSONALIZE, "resource": SUGGESTIONS}


@pytest.fixture(autouse=True)
def fixture(ask: DoorClient, carousel: System) -> None:
    for subject, status in (("alice", "given"), ("bob", "given"), ("bob", "withdrawn")):
        services.record_choice(
            subject=subject, purpose="product_suggestions", status=status, actor=STAGE
        )


def without(name: str, part: str = "") -> dict[str, Any]:
    """The question without a member, or without a part of one."""
    if not part:
        return {key: value for key, value in QUESTION.items() if key != name}
    return {**QUESTION, name: {k: v for k, v in QUESTION[name].items() if k != part}}


# --- Basic (2) ---


@pytest.mark.parametrize(
    ("change", "decision"),
    [
        ({}, True),  # 2.2.1
        ({"subject": BOB}, False),  # 2.2.2
        ({"resource": ADS}, False),
        ({"context": {"time": "2025-06-27T18:03-07:00", "ip": "192.168.1.1"}}, True),  # 2.2.3
        ({"foo": "bar", "futureField": {"nested": True}}, True),  # 2.2.9
    ],
)
def test_basic_core_decides(ask: DoorClient, change: dict[str, Any], decision: bool) -> None:
    told = ask(ONE, {**QUESTION, **change})
    assert told.status == 200 and told.body["decision"] is decision
    assert told.headers["Content-Type"] == "application/json"


def test_what_a_caller_claims_about_the_entities_never_decides(ask: DoorClient) -> None:  # 2.2.8
    claims = {"role": "admin", "consent": "given", "status": "active"}
    for subject, decision in ((ALICE, True), (BOB, False)):
        told = ask(
            ONE,
            {
                "subject": {**subject, "properties": claims},
                "action": {**PERSONALIZE, "properties": {"soft": True}},
                "resource": {**SUGGESTIONS, "properties": claims},
            },
        )
        assert told.body["decision"] is decision


BAD = [
    *(without(name) for name in QUESTION),  # 2.4.1
    *(without(name, part) for name in QUESTION for part in QUESTION[name]),  # 2.4.2
    {**QUESTION, "subject": "alice"},  # 2.4.6
    {**QUESTION, "action": {"name": 123}},
    {**QUESTION, "action": {"name": ""}},
    {**QUESTION, "resource": []},
    {**QUESTION, "subject": {**ALICE, "properties": "admin"}},
    {**QUESTION, "context": "now"},
    {**QUESTION, "context": {"gpc": "perhaps"}},
]


@pytest.mark.parametrize("body", BAD)
def test_a_malformed_evaluation_is_a_400(ask: DoorClient, body: dict[str, Any]) -> None:
    assert ask(ONE, body, x_request_id="r").status == 400
    assert ask(MANY, body).status == 400  # without evaluations it is the single one


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (b"", "application/json"),  # 2.4.5
        (b"{", "application/json"),  # 2.4.4
        (b"[]", "application/json"),
        (b"{}", "text/plain"),  # 2.4.3
        (b"{}", "application/x-www-form-urlencoded"),
        (b"{}", "application/authzen+json"),
        (b"{}", ""),
    ],
)
@pytest.mark.parametrize("path", [ONE, MANY, SUBJECT, RESOURCE, ACTION])
def test_another_kind_of_body_is_a_400_and_not_a_415(
    ask: DoorClient, path: str, raw: bytes, kind: str
) -> None:
    assert ask(path, raw=raw, content_type=kind, x_request_id="r").status == 400


def test_the_same_question_has_the_same_answer(ask: DoorClient) -> None:  # 2.6
    assert {ask(ONE, QUESTION).body["decision"] for _ in range(5)} == {True}


# --- Batch (3) ---


@pytest.mark.parametrize(
    ("body", "decisions"),
    [
        (
            {  # 3.2.1
                "subject": ALICE,
                "action": PERSONALIZE,
                "evaluations": [{"resource": SUGGESTIONS}, {"resource": ADS}],
            },
            [True, False],
        ),
        (
            {  # 3.2.2, order
                "action": PERSONALIZE,
                "resource": SUGGESTIONS,
                "evaluations": [{"subject": BOB}, {"subject": ALICE}, {"subject": BOB}],
            },
            [False, True, False],
        ),
        ({"evaluations": [QUESTION, {**QUESTION, "subject": BOB}]}, [True, False]),  # 3.2.5
        (
            {  # 3.2.6: an evaluation's own context replaces the default
                "subject": ALICE,
                "action": PERSONALIZE,
                "context": {"time": "2025-06-27T18:03-07:00"},
                "evaluations": [
                    {"resource": SUGGESTIONS},
                    {"resource": SUGGESTIONS, "context": {"source": "batch-override"}},
                ],
            },
            [True, True],
        ),
        (
            {  # 3.2.7: required members an entity lacks come from the default
                "subject": ALICE,
                "action": PERSONALIZE,
                "resource": {"type": "purpose"},
                "evaluations": [{"resource": {"id": "product_suggestions"}}, {"resource": ADS}],
            },
            [True, False],
        ),
        ({**QUESTION, "evaluations": [{}, {"resource": None}]}, [True, False]),  # 3.4.1
    ],
)
def test_a_batch_answers_each_in_order(
    ask: DoorClient, body: dict[str, Any], decisions: list[bool]
) -> None:
    told = ask(MANY, body)
    assert told.status == 200
    assert [each["decision"] for each in told.body["evaluations"]] == decisions


def test_one_faulty_evaluation_is_denied_alone(ask: DoorClient) -> None:  # 3.4.1
    body = {"subject": ALICE, "action": PERSONALIZE, "evaluations": [{"resource": SUGGESTIONS}, {}]}
    first, second = ask(MANY, body).body["evaluations"]
    assert first["decision"] is True and second["decision"] is False
    assert second["context"]["error"]["status"] == 400


def test_without_evaluations_the_batch_is_the_single_one(ask: DoorClient) -> None:  # 3.4.2-3
    nothing: tuple[dict[str, Any], ...] = ({}, {"evaluations": []})
    for more in nothing:
        assert ask(MANY, {**QUESTION, **more}).body["decision"] is True


@pytest.mark.parametrize(
    ("semantic", "decisions"),
    [
        ("execute_all", [True, False, True]),
        ("deny_on_first_deny", [True, False]),
        ("permit_on_first_permit", [True]),
    ],
)
def test_a_batch_stops_where_its_semantics_say(
    ask: DoorClient, semantic: str, decisions: list[bool]
) -> None:
    listed = [{}, {"resource": ADS}, {}]
    options = {"evaluations_semantic": semantic}
    told = ask(MANY, {**QUESTION, "evaluations": listed, "options": options})
    assert [each["decision"] for each in told.body["evaluations"]] == decisions


@pytest.mark.parametrize(
    "body",
    [
        {"evaluations": {}},
        {"evaluations": [1]},
        {"evaluations": [{}] * 1001},
        {**QUESTION, "subject": "alice", "evaluations": [{}]},
        {**QUESTION, "evaluations": [{}], "options": []},
        {**QUESTION, "evaluations": [{}], "options": {"evaluations_semantic": "any"}},
        {**QUESTION, "evaluations": [{}], "options": {"evaluations_semantic": []}},
    ],
)
def test_a_batch_whose_frame_is_wrong_is_a_400(ask: DoorClient, body: dict[str, Any]) -> None:
    assert ask(MANY, body).status == 400


# --- Search (4) ---


def test_a_resource_search_lists_what_the_person_is_open_to(ask: DoorClient) -> None:  # 4.3
    body = {"subject": ALICE, "action": PERSONALIZE, "resource": {"type": "purpose"}}
    assert ask(RESOURCE, body).body == {"results": [SUGGESTIONS]}
    told = ask(RESOURCE, {**body, "resource": {"type": "system", "id": "ignored"}})
    assert told.body == {"results": [{"type": "system", "id": "carousel"}]}
    assert ask(RESOURCE, {**body, "subject": BOB}).body == {"results": []}


def test_an_action_search_names_the_one_action(ask: DoorClient) -> None:  # 4.4
    body = {"subject": ALICE, "resource": SUGGESTIONS, "context": {"region": "DE"}}
    assert ask(ACTION, body).body == {"results": [PERSONALIZE]}
    assert ask(ACTION, {**body, "subject": BOB}).body == {"results": []}
    assert ask(ACTION, {**body, "resource": {**SUGGESTIONS, "id": "\x00"}}).body == {"results": []}


@pytest.mark.parametrize("page", [{"limit": 1}, {"token": "next"}, {}])
def test_a_search_takes_a_page_and_answers_whole(  # 4.5
    ask: DoorClient, page: dict[str, Any]
) -> None:
    body = {"subject": ALICE, "action": PERSONALIZE, "resource": {"type": "purpose"}, "page": page}
    assert ask(RESOURCE, body).body == {"results": [SUGGESTIONS]}


def test_what_is_unknown_has_no_results(ask: DoorClient) -> None:  # 4.6
    nobody = {"type": "user", "id": "nonexistent-user"}
    assert ask(ACTION, {"subject": nobody, "resource": SUGGESTIONS}).body == {"results": []}
    ship = {"type": "spaceship"}
    body = {"subject": ship, "action": PERSONALIZE, "resource": SUGGESTIONS}
    assert ask(SUBJECT, body).body == {"results": []}
    body = {"subject": ALICE, "action": PERSONALIZE, "resource": ship}
    assert ask(RESOURCE, body).body == {"results": []}


def test_nobody_can_list_the_people_who_agreed(ask: DoorClient) -> None:
    body = {"subject": {"type": "user"}, "action": PERSONALIZE, "resource": SUGGESTIONS}
    told = ask(SUBJECT, body)
    assert told.status == 403 and "pseudonyms" in told.body


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (SUBJECT, {"subject": {"type": "user"}, "resource": SUGGESTIONS}),  # 4.7.1
        (RESOURCE, {"action": PERSONALIZE, "resource": {"type": "purpose"}}),
        (ACTION, {"subject": ALICE}),
        (SUBJECT, {"subject": {"type": "user"}, "action": PERSONALIZE, "resource": {"type": "x"}}),
        (RESOURCE, {"subject": {"type": "user"}, "action": PERSONALIZE, "resource": ADS}),  # 4.7.2
        (RESOURCE, {"subject": ALICE, "action": PERSONALIZE, "resource": {"id": "ads"}}),
        (ACTION, {"subject": ALICE, "resource": SUGGESTIONS, "page": []}),
    ],
)
def test_a_search_without_what_it_needs_is_a_400(
    ask: DoorClient, path: str, body: dict[str, Any]
) -> None:
    assert ask(path, body).status == 400


# --- Discovery (6), callers and absence ---


def test_the_configuration_offers_what_is_there_and_no_more(ask: DoorClient) -> None:
    anyone = replace(ask, secret="")
    told = anyone("/.well-known/authzen-configuration", method="GET", x_request_id="d")
    assert told.status == 200
    assert told.body["policy_decision_point"] == settings.PUBLIC_URL
    assert "search_subject_endpoint" not in told.body
    for name, address in told.body.items():
        if name.endswith("_endpoint"):
            assert ask(address.removeprefix(settings.PUBLIC_URL), raw=b"").status == 400


def test_a_browser_asks_about_its_own_person_only(ask: DoorClient) -> None:
    text, _ = services.mint_subject_token(
        subject="alice", origin="https://shop.example", actor=STAGE
    )
    page = replace(ask, secret=text)
    assert page(ONE, QUESTION).body["decision"] is True
    assert page(ONE, {**QUESTION, "subject": BOB}).status == 403
    assert page(MANY, {**QUESTION, "evaluations": [{}, {"subject": BOB}]}).status == 403
    assert page(ACTION, {"subject": BOB, "resource": SUGGESTIONS}).status == 403


def test_without_a_credential_nothing_is_answered(ask: DoorClient) -> None:
    stranger = replace(ask, secret="")
    for path in (ONE, MANY, SUBJECT):
        told = stranger(path, QUESTION)
        assert told.status == 401 and told.headers["WWW-Authenticate"]


def test_without_the_database_every_answer_is_no(ask: DoorClient) -> None:
    down = Database(lambda: {"host": "/nonexistent", "dbname": "none"})
    blind = DoorClient(DecisionDoors(not_ours, database=down), ask.secret)
    assert blind(ONE, QUESTION).body["decision"] is False
    told = blind(MANY, {**QUESTION, "evaluations": [{}, {"resource": ADS}]}).body
    assert [each["decision"] for each in told["evaluations"]] == [False, False]
    body = {"subject": ALICE, "action": PERSONALIZE, "resource": {"type": "purpose"}}
    assert blind(RESOURCE, body).body == {"results": []}
