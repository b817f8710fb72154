"""Promises of signatures: stock libraries verify them, through every change of a secret or key.

The example receiver of the documentation is run as it stands, traps of receivers included.
"""

from __future__ import annotations

import base64
import importlib.util
import json
import threading
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.core.management import call_command
from django.test import Client
from django.utils import timezone as django_timezone
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from config.keys import KeyRing
from governance.core.actors import SystemActor
from governance.outbox.webhooks import sending, services
from governance.outbox.webhooks.models import MessageState, WebhookEndpoint
from governance.outbox.webhooks.signing import signed_headers, spoken_secret
from tests.outbox.receiving import Received, receiving

STAGE = SystemActor("tests")
SECRET = b"s" * 32
BODY = b'{"specversion":"1.0","id":"msg_1","time":"2026-11-22T12:00:00+00:00","subject":"a"}'


@pytest.fixture
def example() -> ModuleType:
    path = Path(__file__).parents[2] / "docs" / "verify_webhook.py"
    spec = importlib.util.spec_from_file_location("verify_webhook", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def ring(settings: Any, tmp_path: Path) -> Path:
    """A key ring of this test's own."""
    settings.WEBHOOK_PRIVATE = True
    settings.KEYS = KeyRing(tmp_path)
    return tmp_path


def restart(settings: Any, ring: Path) -> None:
    settings.KEYS = KeyRing(ring)


def sent_by(endpoint: WebhookEndpoint, receiver: Any) -> Received:
    services.send_to(
        endpoint=endpoint, event_type="tactful.hold.placed", subject="system/shop", data={"é": 1}
    )
    sending.deliver_due()
    got: Received = receiver.got[-1]
    return got


def verifies(secret: str, got: Received) -> bool:
    try:
        Webhook(secret).verify(got.body, got.headers)
    except WebhookVerificationError:
        return False
    return True


# --- shared secrets ---


@pytest.mark.django_db
def test_the_stock_library_verifies_through_a_change_of_the_secret(ring: Path) -> None:
    with receiving() as receiver:
        endpoint, first = services.register_endpoint(name="p", url=receiver.url, actor=STAGE)
        before = sent_by(endpoint, receiver)
        second = services.rotate_secret(endpoint=endpoint, actor=STAGE)
        during = sent_by(endpoint, receiver)
        endpoint.refresh_from_db()
        assert endpoint.previous_until is not None
        over = endpoint.previous_until - django_timezone.now()
        assert timedelta(hours=23, minutes=50) < over <= timedelta(hours=24)
        WebhookEndpoint.objects.update(previous_until=django_timezone.now())
        after = sent_by(endpoint, receiver)
    assert [verifies(first, each) for each in (before, during, after)] == [True, True, False]
    assert [verifies(second, each) for each in (before, during, after)] == [False, True, True]


@pytest.mark.django_db
def test_a_message_that_waits_is_signed_with_the_secret_of_the_moment_it_leaves(ring: Path) -> None:
    with receiving(500, 200) as receiver:
        endpoint, first = services.register_endpoint(name="p", url=receiver.url, actor=STAGE)
        sent_by(endpoint, receiver)
        second = services.rotate_secret(endpoint=endpoint, actor=STAGE)
        WebhookEndpoint.objects.update(previous_until=django_timezone.now())
        services.retry_endpoint(endpoint=endpoint, actor=STAGE)
        assert sending.deliver_due() == 1
        old, new = receiver.got
    assert old.headers["webhook-id"] == new.headers["webhook-id"] and old.body == new.body
    assert verifies(first, old) and verifies(second, new) and not verifies(first, new)


def test_an_instant_is_signed_alike_in_every_time_zone() -> None:
    """The stock library's own signer is not so: it reads the clock's face and drops the zone."""
    instant = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
    elsewhere = instant.astimezone(timezone(timedelta(hours=9)))
    stock = Webhook(spoken_secret(SECRET))
    assert stock.sign("m", instant, "{}") != stock.sign("m", elsewhere, "{}")
    ours = {
        signed_headers(
            message_id="m", timestamp=int(each.timestamp()), body=b"{}", secrets=[SECRET]
        )["webhook-signature"]
        for each in (instant, elsewhere)
    }
    assert ours == {stock.sign("m", instant, "{}")}


def test_a_list_with_a_version_that_a_library_does_not_know_still_verifies() -> None:
    now = int(datetime.now(UTC).timestamp())
    headers = signed_headers(
        message_id="m",
        timestamp=now,
        body=BODY,
        secrets=[SECRET],
        keys=[Ed25519PrivateKey.generate()],
    )
    assert {each.partition(",")[0] for each in headers["webhook-signature"].split()} == {
        "v1",
        "v1a",
    }
    reordered = " ".join(reversed(headers["webhook-signature"].split()))
    for signature in (headers["webhook-signature"], reordered):
        told = {**headers, "webhook-signature": signature}
        assert Webhook(spoken_secret(SECRET)).verify(BODY, told)


# --- public keys ---


def published(client: Client) -> list[dict[str, str]]:
    answer = client.get("/.well-known/webhooks/jwks.json")
    assert answer.status_code == 200
    keys: list[dict[str, str]] = answer.json()["keys"]
    return keys


def verifying(keys: list[dict[str, str]], got: Received) -> list[str]:
    """Names of the published keys that verify a signature of the message, by `cryptography`."""
    signed = f"{got.headers['webhook-id']}.{got.headers['webhook-timestamp']}.".encode() + got.body
    found = []
    for key in keys:
        assert (key["kty"], key["crv"], key["alg"], key["use"]) == (
            "OKP",
            "Ed25519",
            "EdDSA",
            "sig",
        )
        raw = base64.urlsafe_b64decode(key["x"] + "=" * (-len(key["x"]) % 4))
        for part in got.headers["webhook-signature"].split():
            version, _, signature = part.partition(",")
            assert version == "v1a"
            try:
                Ed25519PublicKey.from_public_bytes(raw).verify(base64.b64decode(signature), signed)
            except InvalidSignature:
                continue
            found.append(key["kid"])
    return found


@pytest.mark.django_db
def test_published_keys_verify_through_a_change_of_the_key(
    ring: Path, settings: Any, client: Client
) -> None:
    with receiving() as receiver:
        endpoint, _ = services.register_endpoint(
            name="p", url=receiver.url, signing="v1a", actor=STAGE
        )
        first = published(client)
        before = sent_by(endpoint, receiver)
        call_command("rotate_webhook_key")
        restart(settings, ring)
        both = published(client)
        during = sent_by(endpoint, receiver)
        call_command("rotate_webhook_key", "--end")
        restart(settings, ring)
        last = published(client)
        after = sent_by(endpoint, receiver)
    assert (len(first), len(both), len(last)) == (1, 2, 1)
    old, new = first[0]["kid"], last[0]["kid"]
    assert [each["kid"] for each in both] == [new, old]
    assert verifying(first, before) == [old] and verifying(last, before) == []
    assert verifying(first, during) == [old] and verifying(last, during) == [new]
    assert verifying(first, after) == [] and verifying(last, after) == [new]
    assert (ring / "webhook_key").stat().st_mode & 0o077 == 0


# --- the body ---


@pytest.mark.django_db
def test_the_body_is_a_cloud_event(ring: Path) -> None:
    """CloudEvents 1.0, 3.1: required attributes, their names and their types."""
    with receiving() as receiver:
        endpoint, _ = services.register_endpoint(name="p", url=receiver.url, actor=STAGE)
        got = sent_by(endpoint, receiver)
    assert got.headers["content-type"] == "application/cloudevents+json; charset=utf-8"
    event = json.loads(got.body)
    data = event.pop("data")
    assert data == {"é": 1} and event["datacontenttype"] == "application/json"
    assert event["specversion"] == "1.0" and event["type"] == "tactful.hold.placed"
    assert event["id"] == got.headers["webhook-id"] and event["subject"] == "system/shop"
    assert event["source"] and datetime.fromisoformat(event["time"]).tzinfo is not None
    for name, value in event.items():
        assert name.isascii() and name.isalnum() and name == name.lower() and len(name) <= 20
        assert isinstance(value, str) and value


# --- the example receiver ---


def headers_of(body: bytes = BODY, **more: Any) -> dict[str, str]:
    told = {"message_id": "msg_1", "timestamp": 1_000, "secrets": [SECRET], **more}
    return signed_headers(body=body, **told)


def test_the_example_verifies_what_is_ours_and_nothing_else(example: ModuleType) -> None:
    trusted = {"secrets": [spoken_secret(b"old" * 10), spoken_secret(SECRET)], "now": 1_010.0}
    assert example.verify(BODY, headers_of(), **trusted)["id"] == "msg_1"
    capital = {name.title(): value for name, value in headers_of().items()}
    assert example.verify(BODY, capital, **trusted)["id"] == "msg_1"
    changed = BODY.replace(b'"a"', b'"b"')
    other_id = {**headers_of(), "webhook-id": "msg_2"}
    for body, headers, now in (
        (changed, headers_of(), 1_010.0),
        (BODY, other_id, 1_010.0),
        (BODY, headers_of(secrets=[b"x" * 32]), 1_010.0),
        (BODY, headers_of(), 1_301.0),
        (BODY, headers_of(), 699.0),
        (changed, headers_of(changed, message_id="msg_2"), 1_010.0),
    ):
        with pytest.raises(example.NotVerified):
            example.verify(body, headers, secrets=trusted["secrets"], now=now)


@pytest.mark.parametrize(
    "broken",
    [
        {"webhook-signature": "v1"},
        {"webhook-signature": "nonsense"},
        {"webhook-signature": ","},
        {"webhook-signature": "v1,***"},
        {"webhook-signature": "v1,é"},
        {"webhook-signature": ""},
        {"webhook-timestamp": "soon"},
        {"webhook-timestamp": "-1"},
        {"webhook-timestamp": "1" * 40},
        {"webhook-timestamp": "\u0661\u0660"},
        {"webhook-id": ""},
    ],
)
def test_a_malformed_header_is_refused_and_breaks_no_receiver(
    broken: dict[str, str], example: ModuleType
) -> None:
    with pytest.raises(example.NotVerified):
        example.verify(
            BODY, {**headers_of(), **broken}, secrets=[spoken_secret(SECRET)], now=1_000.0
        )


def test_the_stock_library_breaks_on_a_header_without_a_comma() -> None:
    """Why receivers catch ValueError beside its own error; the example needs not."""
    now = int(datetime.now(UTC).timestamp())
    told = {**headers_of(timestamp=now), "webhook-signature": "nonsense"}
    with pytest.raises(ValueError, match="unpack"):
        Webhook(spoken_secret(SECRET)).verify(BODY, told)


@pytest.mark.django_db
@pytest.mark.parametrize("signing", ["v1", "v1a"])
def test_the_example_receives_from_the_product_each_message_once(
    signing: str, ring: Path, example: ModuleType, client: Client
) -> None:
    taken: list[str] = []
    inbox = example.Inbox(lambda event: taken.append(event["data"]["n"]))
    trusted: dict[str, Any] = {"keys": published(client)}
    receiver = example.server(0, inbox, secrets=[], keys=trusted["keys"])
    url = f"http://127.0.0.1:{receiver.server_port}/"
    endpoint, secret = services.register_endpoint(name="p", url=url, signing=signing, actor=STAGE)
    if signing == "v1":
        receiver.server_close()
        receiver = example.server(receiver.server_port, inbox, secrets=[secret])
    thread = threading.Thread(target=receiver.serve_forever, daemon=True)
    thread.start()
    try:
        told: dict[str, Any] = {"event_type": "tactful.hold.placed", "subject": "system/shop"}
        first = services.send_to(endpoint=endpoint, data={"n": "placed"}, **told)
        services.send_to(endpoint=endpoint, data={"n": "released"}, **told)
        sending.deliver_due()
        first.refresh_from_db()
        assert (first.state, first.last_status) == (MessageState.DELIVERED, 204)
        services.replay_message(message=first, actor=STAGE)
        assert sending.deliver_due() == 1
    finally:
        receiver.shutdown()
        receiver.server_close()
        thread.join()
    assert taken == ["placed", "released"], "once, in order, also when one comes twice"
