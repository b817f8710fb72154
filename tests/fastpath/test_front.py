"""Promises of the front: the slow path's answers byte for byte, and whom it hands on to it."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from consent.fastpath.clock import SteadyClock
from tests.fastpath.front_stage import (
    PURPOSES,
    Stage,
    make_key,
    people_with_histories,
    registry,
)

FLAGS = (
    *(f"purpose.{key}" for key in PURPOSES),
    "purpose.notifications",
    "system.carousel",
    "system.carousel.version",
)
ONE = "/ofrep/v1/evaluate/flags/"
ALL = "/ofrep/v1/evaluate/flags"
EVALUATION, EVALUATIONS = "/access/v1/evaluation", "/access/v1/evaluations"
CONTEXTS: tuple[dict[str, Any], ...] = (
    {},
    {"region": "DE"},
    {"region": "US", "gpc": True},
    {"region": "de-by", "surface": "home"},
    {"surface": "unheard-of", "unknown": {"ignored": [1, 2, {}]}},
)


@pytest.fixture
def stage(transactional_db: None, settings: Any, tmp_path: Path) -> Iterator[Stage]:
    settings.DATA_DIR = tmp_path
    registry()
    stage = Stage(tmp_path)
    stage.secret = make_key("consent:check")
    yield stage
    stage.close()


def _evaluation(person: str, kind: str, key: str, **context: Any) -> dict[str, Any]:
    return {
        "subject": {"type": "user", "id": person},
        "action": {"name": "personalize"},
        "resource": {"type": kind, "id": key},
        "context": context,
    }


def test_every_usual_question_gets_the_slow_paths_answer_from_the_table(stage: Stage) -> None:
    people = people_with_histories(40, seed=3)
    stage.settle()
    chance = random.Random(5)
    answered = asked = 0
    reasons = set()
    for person in people:
        for _ in range(6):
            context = chance.choice(CONTEXTS)
            headers = chance.choice(
                ({}, {"sec_gpc": "1"}, {"sec_gpc": "0, 1"}, {"x_request_id": "call-7"})
            )
            flag = chance.choice(FLAGS)
            questions: tuple[tuple[str, Any], ...] = (
                (ONE + flag, {"context": {"targetingKey": person, **context}}),
                (ALL, {"context": {"targetingKey": person, **context}}),
                (EVALUATION, _evaluation(person, "purpose", chance.choice(PURPOSES), **context)),
                (
                    EVALUATIONS,
                    {
                        **_evaluation(person, "system", "carousel", **context),
                        "evaluations": [
                            {"resource": {"type": "purpose", "id": key}} for key in PURPOSES
                        ]
                        + [{}],
                        "options": {
                            "evaluations_semantic": chance.choice(
                                ("execute_all", "deny_on_first_deny", "permit_on_first_permit")
                            )
                        },
                    },
                ),
            )
            for path, body in questions:
                fast, slow, by_table = stage.both(path, body, **headers)
                assert fast == slow, (path, body)
                asked, answered = asked + 1, answered + by_table
            reasons.add(slow.told["evaluations"][0]["context"]["reason"])
    assert answered == asked
    assert {"given", "withdrawn", "erased", "restricted", "default_off"} <= reasons


def test_anonymous_people_are_answered_for_systems_alone(stage: Stage) -> None:
    stage.settle()
    bodies: list[dict[str, Any]] = [
        {},
        {"context": {}},
        {"context": {"region": "US", "targetingKey": ""}},
    ]
    for body in bodies:
        for path in (ONE + "system.carousel", ALL):
            fast, slow, by_table = stage.both(path, body)
            assert fast == slow and by_table
    fast, slow, by_table = stage.both(ONE + "purpose.ads", {})
    assert fast == slow and fast.status.startswith("400") and not by_table


def test_an_answer_held_already_is_not_sent_again_until_it_changes(stage: Stage) -> None:
    from consent import services
    from tests.consent.conftest import STAGE

    stage.settle()
    body = {"context": {"targetingKey": "anna", "region": "DE"}}
    first, _, _ = stage.both(ALL, body)
    held = dict(first.headers)["ETag"]
    fast, slow, by_table = stage.both(ALL, body, if_none_match=held)
    assert fast == slow and by_table
    assert fast.status == "304 Not Modified" and not fast.body
    services.record_choice(subject="anna", purpose="ads", status="given", actor=STAGE)
    stage.settle()
    fast, slow, by_table = stage.both(ALL, body, if_none_match=held)
    assert fast == slow and by_table and fast.status == "200 OK"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b'{"context": null}',
        b'{"context": {"targetingKey": 7}}',
        b'{"context": {"targetingKey": "a", "gpc": "1"}}',
        b'{"context": {"targetingKey": "a", "asOf": "never"}}',
        b'{"context": {"targetingKey": "a", "surface": "%s"}}' % (b"x" * 64),
        b'{"context": {"targetingKey": "a"}, "more": "\xff"}',
        b'{"context": {"targetingKey": "\\ud800"}}',
        b'{"context": ' + b"[" * 5_000 + b"}",
    ],
)
def test_an_odd_body_is_the_slow_paths_to_answer(stage: Stage, body: bytes) -> None:
    stage.settle()
    for path in (ONE + "purpose.ads", ALL, EVALUATION, EVALUATIONS):
        fast, slow, by_table = stage.both(path, body)
        assert fast == slow and not by_table


def test_who_may_not_ask_is_refused_as_by_the_slow_path(stage: Stage) -> None:
    other = make_key("consent:read")
    narrow = make_key("consent:check", systems=["elsewhere"])
    stage.settle()
    body = {"context": {"targetingKey": "anna"}}
    for secret, status in (("nonsense", "401"), ("", "401"), (other, "403")):
        fast, slow, by_table = stage.both(ONE + "purpose.ads", body, secret=secret)
        assert fast == slow and fast.status.startswith(status) and not by_table
    fast, slow, by_table = stage.both(ONE + "system.carousel", body, secret=narrow)
    assert fast == slow and fast.status.startswith("404") and not by_table
    fast, slow, by_table = stage.both(ALL, body, secret=narrow)
    assert fast == slow and by_table
    assert not [flag for flag in fast.told["flags"] if flag["key"].startswith("system.")]


def test_a_revoked_key_is_refused_from_the_next_cycle_on(stage: Stage) -> None:
    from governance.people import services
    from governance.people.models import ApiKey
    from tests.consent.conftest import STAGE

    stage.settle()
    body = {"context": {"targetingKey": "anna"}}
    fast, _, by_table = stage.both(ONE + "purpose.ads", body)
    assert by_table and fast.status == "200 OK"
    services.revoke_api_key(key=ApiKey.objects.get(), actor=STAGE)
    fast, slow, _ = stage.both(ONE + "purpose.ads", body)
    assert fast == slow and fast.status.startswith("401")


def test_a_key_is_refused_at_the_moment_it_expires(stage: Stage) -> None:
    stage.settle()
    caller = stage.front.serving.current()
    assert caller is not None
    body = {"context": {"targetingKey": "anna"}}
    assert stage.both(ONE + "purpose.ads", body)[2]
    until = next(iter(caller.view.callers.values())).expires_at
    clock = SteadyClock(wall=lambda: until, steady=lambda: 0.0)
    stage.front.serving.clock = caller.people.clock = clock
    stage.applier.cycle()
    before = stage.slow_answers()
    stage.send(stage.front, ONE + "purpose.ads", body)
    assert stage.slow_answers() == before + 1


def test_a_withdrawal_is_seen_by_the_next_check_though_the_applier_stands_still(
    stage: Stage,
) -> None:
    from consent import services
    from tests.consent.conftest import STAGE

    services.record_choice(subject="anna", purpose="ads", status="given", actor=STAGE)
    stage.settle()
    body = {"context": {"targetingKey": "anna", "region": "DE"}}
    fast, _, by_table = stage.both(ONE + "purpose.ads", body)
    assert by_table and fast.told["value"] is True
    services.record_choice(subject="anna", purpose="ads", status="withdrawn", actor=STAGE)
    told = stage.send(stage.front, ONE + "purpose.ads", body)
    assert told.told["value"] is False


def test_without_a_fresh_table_postgresql_answers(stage: Stage) -> None:
    body = {"context": {"targetingKey": "anna", "region": "DE"}}
    stage.settle()
    stage.applier.control.stop_serving()
    before = stage.slow_answers()
    told = stage.send(stage.front, ONE + "purpose.ads", body)
    assert stage.slow_answers() == before + 1 and told.status == "200 OK"


def test_a_newer_token_than_the_table_holds_is_postgresqls_to_answer(stage: Stage) -> None:
    from consent import services
    from consent.slowpath.freshness import encode_as_of
    from tests.consent.conftest import STAGE

    stage.settle()
    recorded = services.record_choice(subject="anna", purpose="ads", status="given", actor=STAGE)
    body = {"context": {"targetingKey": "bert", "asOf": recorded.as_of}}
    before = stage.slow_answers()
    stage.send(stage.front, ONE + "purpose.ads", body)
    assert stage.slow_answers() == before + 1
    stage.settle()
    assert stage.both(ONE + "purpose.ads", body)[2]
    body["context"]["asOf"] = encode_as_of(2**60)
    fast, slow, by_table = stage.both(ONE + "purpose.ads", body)
    assert fast == slow and not by_table and fast.told["value"] is False


def test_a_consent_is_postgresqls_to_tell_on_the_day_it_ends(stage: Stage) -> None:
    from datetime import UTC, datetime, timedelta

    from consent import services
    from governance.people.services import create_api_key
    from tests.consent.conftest import STAGE

    _, stage.secret = create_api_key(
        name="long",
        scopes=["consent:check"],
        expires_at=datetime.now(UTC) + timedelta(days=30),
        actor=STAGE,
    )
    end = datetime.now(UTC) + timedelta(days=3)
    services.record_choice(
        subject="anna", purpose="ads", status="given", expires_at=end, actor=STAGE
    )
    stage.settle()
    body = {"context": {"targetingKey": "anna", "region": "DE"}}
    fast, slow, by_table = stage.both(ONE + "purpose.ads", body)
    assert fast == slow and by_table
    assert fast.told["metadata"]["expiresAt"] == end.date().isoformat()
    days = (end.replace(hour=0, minute=0), end.replace(hour=0, minute=0) + timedelta(days=1))
    for day, by_the_table, value in ((days[0], False, None), (days[1], True, False)):
        clock = SteadyClock(wall=day.timestamp, steady=lambda: 0.0)
        stage.front.serving.clock = clock
        stage.settle()
        stage.applier.cycle()
        before = stage.slow_answers()
        told = stage.send(stage.front, ONE + "purpose.ads", body)
        assert (stage.slow_answers() == before) is by_the_table
        if value is not None:
            assert told.told["value"] is value and told.told["metadata"]["reason"] == "expired"


def test_a_clock_set_back_brings_no_consent_to_life() -> None:
    wall, steady = [1_000.0], [50.0]
    clock = SteadyClock(wall=lambda: wall[0], steady=lambda: steady[0])
    wall[0], steady[0] = 10.0, 60.0
    clock.follow()
    assert clock.now() == 1_010.0
    wall[0] = 5_000.0
    clock.follow()
    assert clock.now() == 5_000.0


def test_a_browser_is_the_slow_paths(stage: Stage) -> None:
    stage.settle()
    body = {"context": {"targetingKey": "anna"}}
    fast, slow, by_table = stage.both(ALL, body, origin="https://shop.example")
    assert fast == slow and not by_table


def test_a_batch_decides_as_the_slow_implementation(stage: Stage) -> None:
    from django.test import Client

    people = people_with_histories(60, seed=11)
    people += ['quote " and \\', 'a","b', "ends in \\", people[0]]
    stage.settle()
    for question in (
        {"purpose": "ads", "region": "DE"},
        {"purpose": "product_suggestions", "gpc": True},
        {"system": "carousel", "region": "US"},
    ):
        body = {"subjects": people, **question}
        fast, by_table = stage.fast("/api/v1/consent/check", body)
        assert by_table
        slow = Client().post(
            "/api/v1/consent/check",
            json.dumps(body),
            content_type="application/json",
            headers={"Authorization": f"Bearer {stage.secret}"},
        )
        assert slow.status_code == 200
        assert fast.told["results"] == slow.json()["results"]


def test_the_doubtful_of_a_batch_are_asked_of_postgresql(stage: Stage) -> None:
    from consent import services
    from tests.consent.conftest import STAGE

    for name in ("anna", "bert"):
        services.record_choice(subject=name, purpose="ads", status="given", actor=STAGE)
    stage.settle()
    services.record_choice(subject="anna", purpose="ads", status="withdrawn", actor=STAGE)
    body = {"subjects": ["bert", "anna"], "purpose": "ads", "region": "DE"}
    told = stage.send(stage.front, "/api/v1/consent/check", body)
    assert [each["reason"] for each in told.told["results"]] == ["given", "withdrawn"]


@pytest.mark.parametrize(
    "body",
    [
        {"subjects": ["a"]},
        {"subjects": ["a"], "purpose": "ads", "system": "carousel"},
        {"subjects": ["a"], "purpose": "unheard-of"},
        {"subjects": [""], "purpose": "ads"},
        {"subjects": ["a\0"], "purpose": "ads"},
        {"subjects": ["a"] * 10_001, "purpose": "ads"},
        {"subjects": ["a"], "purpose": "ads", "as_of": "never"},
    ],
)
def test_a_batch_that_is_not_usual_is_handed_on(stage: Stage, body: Any) -> None:
    stage.settle()
    before = stage.slow_answers()
    stage.send(stage.front, "/api/v1/consent/check", body)
    assert stage.slow_answers() == before + 1
