"""Promises of OFREP 0.3 beyond one answer: shapes of every refusal, tags, addresses of streams.

Every answer of these tests is held against `schemas/ofrep.json` by the client that asks.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings

from consent import services
from consent.fastpath.fingerprint import lookup_key, lookup_of
from consent.slowpath.http import LARGEST_BODY
from consent.stream.capability import PATH, PERIOD_SECONDS, unseal
from governance.core.actors import SystemActor
from tests.consent.conftest import DoorClient, Told, make_key

if TYPE_CHECKING:
    from governance.registry.models import System

STAGE = SystemActor("tests")
BULK = "/ofrep/v1/evaluate/flags"
SINGLE = "/ofrep/v1/evaluate/flags/purpose.product_suggestions"
ORIGIN = "https://shop.example"
ANNA = {"context": {"targetingKey": "anna"}}


def say(status: str) -> None:
    services.record_choice(
        subject="anna", purpose="product_suggestions", status=status, actor=STAGE
    )


def browser(ask: DoorClient) -> DoorClient:
    text, _ = services.mint_subject_token(subject="anna", origin=ORIGIN, actor=STAGE)
    return replace(ask, secret=text)


MALFORMED = (
    (b"", "application/json"),
    (b"{", "application/json"),
    (b"[]", "application/json"),
    (b"null", "application/json"),
    (b'"text"', "application/json"),
    (b"[" * 100_000, "application/json"),
    (b'{"context": {"targetingKey": "\xff"}}', "application/json"),
    (b'{"context": {"region": 1e999}}', "application/json"),
    (b"{}", ""),
    (b"{}", "text/plain"),
    (b"{}", "application/ld+json"),
    (b'{"context": []}', "application/json"),
    (b'{"context": {"targetingKey": ["anna"]}}', "application/json"),
    (b'{"context": {"targetingKey": "anna", "surface": {}}}', "application/json"),
    (b'{"context": {"targetingKey": "anna", "gpc": []}}', "application/json"),
    (b'{"context": {"targetingKey": "anna", "asOf": "AAAA"}}', "application/json"),
)


@pytest.mark.parametrize(("raw", "kind"), MALFORMED)
@pytest.mark.parametrize("path", [BULK, SINGLE])
def test_a_malformed_question_is_a_400_that_echoes_its_request_id(
    ask: DoorClient, path: str, raw: bytes, kind: str
) -> None:
    told = ask(path, raw=raw, content_type=kind, x_request_id="a b/1")
    assert told.status == 400
    assert told.headers["X-Request-ID"] == "a b/1"


@pytest.mark.parametrize("path", [BULK, SINGLE, "/ofrep/v1/elsewhere", "/access/v1/evaluation"])
@pytest.mark.parametrize("case", ["method", "key", "large"])
def test_every_error_echoes_the_request_id(ask: DoorClient, path: str, case: str) -> None:
    if case == "method":
        told = ask(path, method="PUT", x_request_id="r-1")
        assert told.status in (404, 405)
    elif case == "key":
        told = replace(ask, secret="nothing")(path, ANNA, x_request_id="r-1")
        assert told.status in (400, 401, 404)
    else:
        told = ask(path, raw=b" " * (LARGEST_BODY + 1), x_request_id="r-1")
        assert told.status == 413
    assert told.headers["X-Request-ID"] == "r-1"


def test_a_request_id_is_echoed_as_it_came_and_none_is_made_up(ask: DoorClient) -> None:
    long = "é" * 300
    assert ask(BULK, ANNA, x_request_id=long).headers["X-Request-ID"] == long
    assert "X-Request-ID" not in ask(BULK, ANNA).headers


@pytest.mark.parametrize(
    "flag", ["purpose.\x00", "purpose.A", "system..version", "purpose.a/b", ""]
)
def test_a_key_that_no_flag_can_have_is_not_found(ask: DoorClient, flag: str) -> None:
    told = ask(f"/ofrep/v1/evaluate/flags/{flag}", ANNA)
    assert told.status == (404 if flag else 200)  # without a key it is the bulk evaluation


def bulk(ask: DoorClient, etag: str = "", query: str = "", context: Any = None) -> Told:
    headers: dict[str, Any] = {"if_none_match": etag} if etag else {}
    return ask(BULK, {"context": context or ANNA["context"]}, query=query, **headers)


def test_the_tag_is_of_the_answer_and_not_of_the_configuration(
    ask: DoorClient, carousel: System
) -> None:
    say("given")
    anna = bulk(ask).headers["ETag"]
    assert bulk(ask).headers["ETag"] == anna  # asOf moved on, the answer did not
    bob = bulk(ask, anna, context={"targetingKey": "bob"})
    assert bob.status == 200 and bob.headers["ETag"] != anna
    assert bulk(ask, anna).status == 304
    assert bulk(ask, f'"other", W/{anna}').status == 304
    say("withdrawn")
    assert bulk(ask, anna).status == 200
    say("given")
    back = bulk(ask, anna)
    assert back.status == 200, "the revision tells one grant from the next"


def test_the_tag_that_a_stream_hands_on_is_accepted_and_hides_nothing(
    ask: DoorClient, carousel: System
) -> None:
    say("given")
    tag = bulk(ask).headers["ETag"]
    handed = "flagConfigEtag=%22abc%22&flagConfigLastModified=1771622898"
    assert bulk(ask, tag, handed).status == 304
    say("withdrawn")
    assert bulk(ask, tag, handed).status == 200


def address_of(told: Told) -> str:
    (stream,) = told.body["eventStreams"]
    assert stream["type"] == "sse" and stream["url"].startswith(settings.STREAM_URL + PATH)
    return str(stream["url"].removeprefix(settings.STREAM_URL + PATH))


def test_the_address_of_the_stream_is_bound_to_the_person_and_names_nobody(
    ask: DoorClient,
) -> None:
    address = address_of(bulk(ask))
    assert "anna" not in address
    opened = unseal(settings.KEYS.stream_key, address, now=time.time())
    assert opened.lookup == lookup_of(lookup_key(settings.KEYS.subject_pepper), "anna")
    assert opened.origin == ""
    assert 0 < opened.expires_at - time.time() <= 2 * PERIOD_SECONDS
    assert address_of(bulk(ask)) != address, "no two answers share an address"


def test_a_browsers_address_ends_with_its_token_and_keeps_its_origin(ask: DoorClient) -> None:
    told = browser(ask)(BULK, {"context": {}}, origin=ORIGIN)
    opened = unseal(settings.KEYS.stream_key, address_of(told), now=time.time())
    assert opened.origin == ORIGIN
    assert opened.expires_at - time.time() <= 300


def test_an_anonymous_caller_hears_only_what_concerns_all(ask: DoorClient) -> None:
    told = ask(BULK, {"context": {}})
    assert unseal(settings.KEYS.stream_key, address_of(told), now=time.time()).lookup == 0


def test_a_new_period_is_a_new_answer_because_the_old_address_runs_out(
    ask: DoorClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    tag = bulk(ask).headers["ETag"]
    later = time.time() + 2 * PERIOD_SECONDS
    monkeypatch.setattr("consent.stream.capability.time.time", lambda: later)
    assert bulk(ask, tag).status == 200


def test_only_the_page_of_the_token_may_read_the_answer(ask: DoorClient) -> None:
    page = browser(ask)
    assert (
        page(BULK, {"context": {}}, origin=ORIGIN).headers["Access-Control-Allow-Origin"] == ORIGIN
    )
    foreign = page(BULK, {"context": {}}, origin="https://evil.example")
    assert foreign.status == 403 and "Access-Control-Allow-Origin" not in foreign.headers
    server = ask(BULK, ANNA, origin=ORIGIN)
    assert "Access-Control-Allow-Origin" not in server.headers


def test_both_ways_of_sending_a_credential_work_and_two_at_once_do_not(ask: DoorClient) -> None:
    named = replace(ask, secret="")
    assert named(BULK, ANNA, x_api_key=ask.secret).status == 200
    assert ask(BULK, ANNA, x_api_key=make_key("consent:check")).status == 401
    refused = named(BULK, ANNA)
    assert refused.status == 401 and refused.headers["WWW-Authenticate"].startswith("Bearer")
