"""Promises of subject tokens: what is forged, changed, foreign, late or used again is refused."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.test import Client

from config.keys import KeyRing
from consent import services
from consent.models import ConsentEvent
from consent.tokens import (
    SubjectToken,
    TokenRefused,
    key_id,
    read_token,
    sign_compact,
    write_token,
)
from governance.core.actors import SystemActor
from governance.core.ids import uuid7
from tests.consent.conftest import DoorClient

if TYPE_CHECKING:
    from governance.registry.models import System

STAGE = SystemActor("tests")
ORIGIN = "https://shop.example"
NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
STRANGER = Ed25519PrivateKey.from_private_bytes(b"s" * 32)
TOKEN = SubjectToken("anna", ("ads",), ORIGIN, NOW, NOW + timedelta(minutes=5), uuid7())
CLAIMS = {
    "sub": "anna",
    "purposes": [],
    "origin": ORIGIN,
    "iat": int(NOW.timestamp()),
    "exp": int(NOW.timestamp()) + 60,
    "jti": str(uuid7()),
}


def part(value: Any) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def refused(text: str, *, now: datetime = NOW, keys: Any = None) -> str:
    with pytest.raises(TokenRefused) as caught:
        read_token(keys or KEY.public_key(), text, now=now)
    return str(caught.value)


def test_a_token_is_read_as_it_was_written() -> None:
    assert read_token(KEY.public_key(), write_token(KEY, TOKEN), now=NOW) == TOKEN


def test_every_sign_altered_is_refused() -> None:
    text = write_token(KEY, TOKEN)
    for place, sign in enumerate(text):
        for other in {"A", "B", "."} - {sign}:
            refused(text[:place] + other + text[place + 1 :])


def test_the_unused_bits_of_the_last_sign_are_no_second_signature() -> None:
    text = write_token(KEY, TOKEN)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    for other in set(alphabet) - {text[-1]}:
        refused(text[:-1] + other)


def test_a_stranger_cannot_sign() -> None:
    refused(write_token(STRANGER, TOKEN))
    own_name = {"alg": "EdDSA", "kid": key_id(KEY.public_key())}
    refused(sign_compact(STRANGER, own_name, CLAIMS))


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "", "HS256", None, "ES256"])
def test_another_algorithm_is_refused_whatever_its_signature(algorithm: Any) -> None:
    head, claims = part({"alg": algorithm}), part(CLAIMS)
    public = KEY.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    as_secret = hmac.new(public, f"{head}.{claims}".encode(), hashlib.sha256).digest()
    for signature in ("", part(as_secret), part(KEY.sign(f"{head}.{claims}".encode()))):
        refused(f"{head}.{claims}.{signature}")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "..",
        "a.b",
        "a.b.c.d",
        f"{part([])}.{part({})}.",
        f"{part(b'[' * 9999)}.e30.e30",
        "é.é.é",
    ],
)
def test_what_is_no_token_is_refused(text: str) -> None:
    refused(text)


def test_a_critical_header_that_nobody_understands_is_refused() -> None:
    refused(sign_compact(KEY, {"alg": "EdDSA", "crit": ["b64"], "b64": False}, CLAIMS))


def test_a_token_ends_and_never_lives_longer_than_a_quarter_of_an_hour() -> None:
    text = write_token(KEY, TOKEN)
    assert "run out" in refused(text, now=TOKEN.expires_at)
    long = replace(TOKEN, expires_at=NOW + timedelta(minutes=15, seconds=1))
    assert "15 minutes" in refused(write_token(KEY, long))


@pytest.mark.parametrize("missing", sorted(CLAIMS))
def test_a_token_without_a_claim_is_refused(missing: str) -> None:
    claims = {name: value for name, value in CLAIMS.items() if name != missing}
    assert "claim" in refused(sign_compact(KEY, {"alg": "EdDSA"}, claims))


def test_the_key_before_still_verifies_and_the_one_before_that_does_not(tmp_path: Path) -> None:
    ring = KeyRing(tmp_path)
    first = write_token(ring.token_key, TOKEN)
    ring.rotate_token_key()
    again = KeyRing(tmp_path)  # another process, or this one after a restart
    assert read_token(again.token_public_keys, first, now=NOW) == TOKEN
    second = write_token(again.token_key, TOKEN)
    assert second.partition(".")[0] != first.partition(".")[0], "the header names the key"
    again.rotate_token_key()
    last = KeyRing(tmp_path)
    assert read_token(last.token_public_keys, second, now=NOW) == TOKEN
    refused(first, keys=last.token_public_keys)
    assert (tmp_path / "token_key").stat().st_mode & 0o077 == 0


# --- at the doors ---


def mint(**more: Any) -> str:
    return services.mint_subject_token(
        **{"subject": "anna", "origin": ORIGIN, "actor": STAGE, **more}
    )[0]


def test_a_token_answers_for_its_purposes_and_its_origin_at_the_check(
    ask: DoorClient, carousel: System
) -> None:
    page = replace(ask, secret=mint(purposes=["product_suggestions"]))
    bulk = page("/ofrep/v1/evaluate/flags", {"context": {}}, origin=ORIGIN).body["flags"]
    assert [flag["key"] for flag in bulk if flag["key"].startswith("purpose.")] == [
        "purpose.product_suggestions"
    ]
    assert page.flag("purpose.ads").status == 404
    for origin in ("https://evil.example", "null", f"{ORIGIN}.evil.example", ORIGIN + "/"):
        told = page("/ofrep/v1/evaluate/flags", {"context": {}}, origin=origin)
        assert told.status == 403


@pytest.fixture
def browser(db: None) -> Client:
    return Client()


def save(browser: Client, token: str, nonce: str, *, on: list[str], origin: str = ORIGIN) -> Any:
    return browser.post(
        "/api/v1/consent/me",
        {"on": on, "nonce": nonce},
        content_type="application/json",
        headers={"Authorization": f"Bearer {token}", "Origin": origin},
    )


def test_a_replayed_save_changes_nothing_even_after_the_person_withdrew(browser: Client) -> None:
    token = mint()
    assert save(browser, token, "nonce-one", on=["product_suggestions"]).json()["changed"]
    assert save(browser, token, "nonce-two", on=[]).json()["changed"]
    before = ConsentEvent.objects.count()
    replayed = save(browser, token, "nonce-one", on=["product_suggestions"])
    assert replayed.status_code == 200 and not replayed.json()["changed"]
    assert not [each for each in replayed.json()["types"] if each["on"]]
    assert ConsentEvent.objects.count() == before


def test_a_save_from_another_page_or_with_a_changed_token_is_refused(browser: Client) -> None:
    token = mint()
    on = ["product_suggestions"]
    assert (
        save(browser, token, "nonce-one", on=on, origin="https://evil.example").status_code == 403
    )
    assert save(browser, token[:-1] + "AB", "nonce-one", on=on).status_code == 401
    assert not ConsentEvent.objects.exists()


def test_a_token_for_one_purpose_saves_no_other(browser: Client) -> None:
    token = mint(purposes=["product_suggestions"])
    told = save(browser, token, "nonce-one", on=["ads", "product_suggestions"]).json()
    assert [each["key"] for each in told["types"]] == ["product_suggestions"]
    assert set(ConsentEvent.objects.values_list("purpose__key", flat=True)) == {
        "product_suggestions"
    }
