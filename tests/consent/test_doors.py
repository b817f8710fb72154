"""Promises of the doors: OFREP, AuthZEN, the well-known files; shapes, refusals, holds, consent."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from consent import services
from consent.slowpath.database import Database
from consent.slowpath.wsgi import DecisionDoors
from governance.core.actors import SystemActor
from governance.registry.models import Purpose
from governance.registry.services import place_hold, update_purpose
from tests.consent.conftest import DoorClient, make_key, not_ours

if TYPE_CHECKING:
    from governance.registry.models import System

STAGE = SystemActor("tests")
PURPOSE = "purpose.product_suggestions"
MEMBERS = {"key", "value", "reason", "variant", "metadata"}
ORIGIN = "https://shop.example"


def say(status: str, subject: str = "anna", purpose: str = "product_suggestions") -> str:
    return services.record_choice(
        subject=subject, purpose=purpose, status=status, actor=STAGE
    ).as_of


def test_a_withdrawal_is_seen_by_the_next_check(ask: DoorClient, carousel: System) -> None:
    say("given")
    assert ask.flag(PURPOSE, targetingKey="anna").body["value"] is True
    say("withdrawn")
    told = ask.flag(PURPOSE, targetingKey="anna").body
    assert set(told) == MEMBERS
    assert (told["value"], told["variant"], told["reason"]) == (False, "denied", "TARGETING_MATCH")
    assert told["metadata"]["reason"] == "withdrawn" and told["metadata"]["revision"] == 2


def test_a_system_serves_its_version_to_who_consented_and_its_fallback_to_who_did_not(
    ask: DoorClient, carousel: System
) -> None:
    say("given")
    yes = ask.flag("system.carousel", targetingKey="anna").body
    assert (yes["value"], yes["variant"]) == (True, "thompson")
    assert ask.flag("system.carousel.version", targetingKey="anna").body["value"] == "thompson"
    say("withdrawn")
    no = ask.flag("system.carousel", targetingKey="anna").body
    assert (no["value"], no["variant"]) == (False, "uniform")
    assert ask.flag("system.carousel.version", targetingKey="anna").body["value"] == "uniform"


def test_a_hold_turns_the_system_off_with_reason_disabled(
    ask: DoorClient, carousel: System
) -> None:
    say("given")
    place_hold(
        system=carousel,
        cause="incident:1",
        reason="Too concentrated.",
        incident_reference="INC-1",
        actor=STAGE,
    )
    told = ask.flag("system.carousel", targetingKey="anna").body
    assert (told["value"], told["reason"], told["variant"]) == (False, "DISABLED", "uniform")
    assert told["metadata"]["reason"] == "held" and told["metadata"]["incident"] == "INC-1"


def test_an_anonymous_person_gets_the_regional_default(ask: DoorClient, carousel: System) -> None:
    update_purpose(
        purpose=Purpose.objects.get(key="product_suggestions"),
        lawful_basis="legitimate_interests",
        mechanism={"*": "opt_in", "US": "opt_out"},
        actor=STAGE,
    )
    assert ask.flag("system.carousel", region="US-NY").body["value"] is True
    assert ask.flag("system.carousel", region="DE").body["metadata"]["reason"] == "default_off"
    assert ask.flag("system.carousel").body["value"] is False


def test_an_unknown_person_is_answered_by_the_default(ask: DoorClient, carousel: System) -> None:
    told = ask.flag(PURPOSE, targetingKey="nobody we know")
    assert told.status == 200 and told.body["metadata"]["reason"] == "default_off"
    assert told.body["reason"] == "STATIC"


@pytest.mark.parametrize("flag", ["purpose.nothing", "system.nothing", "colour", "system.a.b.c"])
def test_an_unknown_flag_is_not_found(ask: DoorClient, flag: str) -> None:
    told = ask.flag(flag, targetingKey="anna")
    assert told.status == 404 and told.body["errorCode"] == "FLAG_NOT_FOUND"
    assert told.body["key"] == flag


def test_a_purpose_needs_a_targeting_key(ask: DoorClient) -> None:
    told = ask.flag(PURPOSE)
    assert told.status == 400 and told.body["errorCode"] == "TARGETING_KEY_MISSING"


@pytest.mark.parametrize(
    ("raw", "kind", "code"),
    [
        (b"{", "application/json", "PARSE_ERROR"),
        (b"", "application/json", "PARSE_ERROR"),
        (b"[]", "application/json", "PARSE_ERROR"),
        (b"{}", "text/plain", "PARSE_ERROR"),
        (b'{"context": 3}', "application/json", "INVALID_CONTEXT"),
        (b'{"context": {"targetingKey": 3}}', "application/json", "INVALID_CONTEXT"),
        (
            b'{"context": {"targetingKey": "a", "gpc": "yes"}}',
            "application/json",
            "INVALID_CONTEXT",
        ),
        (b'{"context": {"targetingKey": "a", "asOf": "x"}}', "application/json", "INVALID_CONTEXT"),
    ],
)
def test_a_malformed_question_is_a_400(ask: DoorClient, raw: bytes, kind: str, code: str) -> None:
    told = ask(f"/ofrep/v1/evaluate/flags/{PURPOSE}", raw=raw, content_type=kind)
    assert (told.status, told.body["errorCode"]) == (400, code)


def test_nobody_asks_without_a_key_and_only_with_the_scope(ask: DoorClient) -> None:
    for secret, status in (
        ("", 401),
        ("tct_live_nonsense", 401),
        (make_key("consent:write"), 403),
    ):
        told = replace(ask, secret=secret).flag(PURPOSE, targetingKey="anna")
        assert told.status == status
        bulk = replace(ask, secret=secret)("/ofrep/v1/evaluate/flags", {"context": {}})
        assert bulk.status == status


def test_an_x_api_key_header_opens_the_door(ask: DoorClient) -> None:
    anonymous = replace(ask, secret="")
    told = anonymous(
        f"/ofrep/v1/evaluate/flags/{PURPOSE}",
        {"context": {"targetingKey": "anna"}},
        x_api_key=ask.secret,
        x_request_id="abc-1",
    )
    assert told.status == 200 and told.headers["X-Request-ID"] == "abc-1"


def test_a_key_bound_to_systems_sees_no_other(ask: DoorClient, carousel: System) -> None:
    elsewhere = replace(ask, secret=make_key("consent:check", systems=["other"]))
    assert elsewhere.flag("system.carousel").status == 404
    bulk = elsewhere("/ofrep/v1/evaluate/flags", {"context": {"targetingKey": "anna"}}).body
    assert not [flag for flag in bulk["flags"] if flag["key"].startswith("system.")]


def bulk_of(ask: DoorClient, **headers: Any) -> Any:
    return ask("/ofrep/v1/evaluate/flags", {"context": {"targetingKey": "anna"}}, **headers)


def test_the_bulk_answer_has_an_etag_that_every_change_of_the_answer_moves(
    ask: DoorClient, carousel: System
) -> None:
    say("given")
    first = bulk_of(ask)
    assert first.status == 200
    assert {"purpose.ads", PURPOSE, "system.carousel", "system.carousel.version"} <= {
        flag["key"] for flag in first.body["flags"]
    }
    assert all(set(flag) == MEMBERS for flag in first.body["flags"])
    seen = first.headers["ETag"]
    again = bulk_of(ask, if_none_match=seen)
    assert again.status == 304 and again.body is None and again.headers["ETag"] == seen
    say("withdrawn")
    after = bulk_of(ask, if_none_match=seen)
    assert after.status == 200
    place_hold(system=carousel, cause="incident:1", reason="Stop.", actor=STAGE)
    assert bulk_of(ask, if_none_match=after.headers["ETag"]).status == 200


def test_global_privacy_control_counts_only_as_exactly_one(
    ask: DoorClient, carousel: System
) -> None:
    update_purpose(
        purpose=Purpose.objects.get(key="product_suggestions"),
        gpc_covers=True,
        lawful_basis="legitimate_interests",
        mechanism={"*": "opt_out"},
        actor=STAGE,
    )
    path = f"/ofrep/v1/evaluate/flags/{PURPOSE}"
    body = {"context": {"targetingKey": "anna", "region": "US"}}
    for value, reason in (
        ("1", "gpc"),
        ("true", "default_on"),
        ("0, 1", "gpc"),
        ("11", "default_on"),
    ):
        assert ask(path, body, sec_gpc=value).body["metadata"]["reason"] == reason


def test_a_check_takes_the_token_of_a_write_and_refuses_one_from_the_future(
    ask: DoorClient, carousel: System
) -> None:
    from consent.slowpath.freshness import decode_as_of, encode_as_of

    token = say("given")
    assert ask.flag(PURPOSE, targetingKey="anna", asOf=token).body["value"] is True
    later = encode_as_of((decode_as_of(token) or 0) + 10**9)
    told = ask.flag(PURPOSE, targetingKey="anna", asOf=later)
    assert (told.body["value"], told.body["reason"]) == (False, "UNKNOWN")


def test_without_the_database_every_answer_is_deny(ask: DoorClient) -> None:
    down = Database(lambda: {"host": "/nonexistent", "dbname": "none"})
    blind = DoorClient(DecisionDoors(not_ours, database=down), ask.secret)
    told = blind.flag("system.carousel", targetingKey="anna")
    assert told.status == 200
    assert (told.body["value"], told.body["reason"]) == (False, "UNKNOWN")
    assert told.body["variant"] == "off"
    assert told.body["metadata"]["reason"] == "unavailable"
    assert blind.flag("system.carousel.version", targetingKey="a").body["value"] == ""
    assert (
        blind(
            "/access/v1/evaluation",
            {
                "subject": {"type": "user", "id": "a"},
                "action": {"name": "personalize"},
                "resource": {"type": "purpose", "id": "ads"},
            },
        ).body["decision"]
        is False
    )
    assert bulk_of(blind).status == 503


def browser(ask: DoorClient, **more: Any) -> DoorClient:
    text, _ = services.mint_subject_token(subject="anna", origin=ORIGIN, actor=STAGE, **more)
    return replace(ask, secret=text)


def test_a_subject_token_answers_for_its_own_subject_purposes_and_origin(
    ask: DoorClient, carousel: System
) -> None:
    say("given")
    page = browser(ask, purposes=["product_suggestions"])
    path = f"/ofrep/v1/evaluate/flags/{PURPOSE}"
    told = page(path, {"context": {}}, origin=ORIGIN)
    assert told.body["value"] is True
    assert told.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert page.flag(PURPOSE, targetingKey="bob").status == 403
    assert page.flag("purpose.ads", targetingKey="anna").status == 404
    assert page(path, {"context": {}}, origin="https://evil.example").status == 403
    changed = replace(page, secret=page.secret[:-4] + "AAAA")
    assert changed.flag(PURPOSE, targetingKey="anna").status == 401


def test_a_subject_token_runs_out(ask: DoorClient) -> None:
    from datetime import UTC, datetime

    from django.conf import settings

    from consent.tokens import SubjectToken, write_token
    from governance.core.ids import uuid7

    start = datetime.now(UTC) - timedelta(minutes=10)
    token = SubjectToken("anna", (), ORIGIN, start, start + timedelta(minutes=5), uuid7())
    late = replace(ask, secret=write_token(settings.KEYS.token_key, token))
    assert late.flag(PURPOSE).status == 401
    long = replace(token, expires_at=start + timedelta(hours=5))
    assert (
        replace(ask, secret=write_token(settings.KEYS.token_key, long)).flag(PURPOSE).status == 401
    )


def test_an_erased_person_is_denied_and_a_restricted_one_too(
    ask: DoorClient, carousel: System
) -> None:
    say("given")
    services.restrict_subject(subject="anna", actor=STAGE)
    assert ask.flag(PURPOSE, targetingKey="anna").body["metadata"]["reason"] == "restricted"
    from consent.models import DataSubject

    pseudonym = DataSubject.objects.get().pseudonym or ""
    services.erase_subject(pseudonym=pseudonym, actor=STAGE)
    told = ask.flag(PURPOSE, targetingKey="anna").body
    assert (told["value"], told["metadata"]["reason"]) == (False, "erased")


def test_a_materially_new_notice_outdates_consent(ask: DoorClient, carousel: System) -> None:
    texts = dict.fromkeys(("en", "de"), ("Title", "Short.", "Long."))
    services.publish_notice(key="2026-01", texts=texts, actor=STAGE)
    services.record_choice(
        subject="anna",
        purpose="product_suggestions",
        status="given",
        notice_version="2026-01",
        actor=STAGE,
    )
    services.publish_notice(key="2026-02", texts=texts, material=False, actor=STAGE)
    assert ask.flag(PURPOSE, targetingKey="anna").body["value"] is True
    services.publish_notice(key="2026-03", texts=texts, actor=STAGE)
    told = ask.flag(PURPOSE, targetingKey="anna").body
    assert told["metadata"]["reason"] == "notice_outdated"
    assert told["metadata"]["obligations"] == "show_notice"


def question(**changes: Any) -> dict[str, Any]:
    return {
        "subject": {"type": "user", "id": "anna"},
        "action": {"name": "personalize"},
        "resource": {"type": "purpose", "id": "product_suggestions"},
        **changes,
    }


def test_authzen_decides_as_ofrep_does(ask: DoorClient, carousel: System) -> None:
    say("given")
    told = ask("/access/v1/evaluation", question(), x_request_id="r1")
    assert told.status == 200 and told.headers["X-Request-ID"] == "r1"
    assert told.body["decision"] is True and told.body["context"]["reason"] == "given"
    system = question(resource={"type": "system", "id": "carousel"})
    assert ask("/access/v1/evaluation", system).body["decision"] is True
    for no in (
        question(action={"name": "delete"}),
        question(resource={"type": "purpose", "id": "nothing"}),
        question(subject={"type": "group", "id": "anna"}),
    ):
        told = ask("/access/v1/evaluation", no)
        assert told.status == 200 and told.body["decision"] is False


@pytest.mark.parametrize(
    "body",
    [
        question(subject="anna"),
        question(subject={"type": "user"}),
        question(action={"name": 123}),
        question(resource=None),
        question(context=[]),
        [],
        {},
    ],
)
def test_authzen_refuses_malformed_shapes(ask: DoorClient, body: Any) -> None:
    assert ask("/access/v1/evaluation", body).status == 400
    if isinstance(body, dict) and body:  # in a batch only this one is denied
        (told,) = ask("/access/v1/evaluations", {"evaluations": [body]}).body["evaluations"]
        assert told["decision"] is False and told["context"]["error"]["status"] == 400


def test_authzen_batches_with_defaults_and_semantics(ask: DoorClient, carousel: System) -> None:
    say("given")
    defaults = question()
    listed = [{}, {"resource": {"type": "purpose", "id": "ads"}}, {}]
    told = ask("/access/v1/evaluations", {**defaults, "evaluations": listed}).body
    assert [each["decision"] for each in told["evaluations"]] == [True, False, True]
    first = {"evaluations_semantic": "deny_on_first_deny"}
    cut = ask("/access/v1/evaluations", {**defaults, "evaluations": listed, "options": first}).body
    assert [each["decision"] for each in cut["evaluations"]] == [True, False]
    assert ask("/access/v1/evaluations", defaults).body["decision"] is True
    assert ask("/access/v1/evaluation", raw=b"{}", content_type="text/plain").status == 400


def test_the_well_known_files_are_open_and_the_rest_is_djangos(ask: DoorClient) -> None:
    anyone = replace(ask, secret="")
    gpc = anyone("/.well-known/gpc.json", method="GET").body
    assert gpc["gpc"] is True and len(gpc["lastUpdate"]) == 10
    about = anyone("/.well-known/authzen-configuration", method="GET").body
    assert about["access_evaluation_endpoint"].endswith("/access/v1/evaluation")
    assert anyone("/overview/", method="GET").body == "django"
    assert anyone("/ofrep/v1/evaluate/flags/x", method="GET").status == 405
    assert anyone("/ofrep/v1/other").status == 404
