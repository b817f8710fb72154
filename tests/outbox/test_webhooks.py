"""Promises of webhooks: signed so that the stock library verifies, tried again, never misled."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from governance.core.actors import SystemActor
from governance.core.errors import NotPermitted
from governance.core.events import HoldPlaced
from governance.outbox.relay import deliver_events
from governance.outbox.services import emit
from governance.outbox.webhooks import sending, services
from governance.outbox.webhooks.models import (
    EndpointState,
    MessageState,
    WebhookEndpoint,
    WebhookMessage,
)
from tests.cast import Cast
from tests.outbox.receiving import Receiver, receiving

pytestmark = pytest.mark.django_db
STAGE = SystemActor("tests")


@pytest.fixture
def private(settings: Any) -> None:
    settings.WEBHOOK_PRIVATE = True


def register(receiver: Receiver, **more: Any) -> tuple[WebhookEndpoint, str]:
    return services.register_endpoint(
        **{"name": "partner", "url": receiver.url, "actor": STAGE, **more}
    )


def due_now() -> None:
    WebhookMessage.objects.update(next_attempt_at=timezone.now() - timedelta(seconds=1))


def test_the_stock_library_verifies_a_message_and_refuses_a_changed_one(private: None) -> None:
    with receiving() as receiver:
        endpoint, secret = register(receiver)
        message = services.send_test(endpoint=endpoint, actor=STAGE)
        assert sending.deliver_due() == 1
    (got,) = receiver.got
    told = Webhook(secret).verify(got.body, got.headers)
    assert told["specversion"] == "1.0" and told["type"] == "tactful.webhook.test"
    assert told["id"] == got.headers["webhook-id"] == str(message.pk)
    assert got.headers["content-type"].startswith("application/cloudevents+json")
    assert got.path == "/hook?a=1"
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(got.body.replace(b"works", b"falls"), got.headers)
    message.refresh_from_db()
    assert (message.state, message.last_status) == (MessageState.DELIVERED, 200)


def test_a_public_key_verifies_where_no_secret_is_shared(private: None) -> None:
    import base64

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    with receiving() as receiver:
        endpoint, public = register(receiver, signing="v1a")
        services.send_test(endpoint=endpoint, actor=STAGE)
        sending.deliver_due()
    (got,) = receiver.got
    version, _, signature = got.headers["webhook-signature"].partition(",")
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public.removeprefix("whpk_")))
    signed = f"{got.headers['webhook-id']}.{got.headers['webhook-timestamp']}.".encode() + got.body
    assert version == "v1a"
    key.verify(base64.b64decode(signature), signed)


def test_both_secrets_verify_while_one_replaces_the_other(private: None) -> None:
    with receiving() as receiver:
        endpoint, old = register(receiver)
        new = services.rotate_secret(endpoint=endpoint, actor=STAGE)
        services.send_test(endpoint=endpoint, actor=STAGE)
        sending.deliver_due()
        for secret in (old, new):
            assert Webhook(secret).verify(receiver.got[0].body, receiver.got[0].headers)
        WebhookEndpoint.objects.update(previous_until=timezone.now() - timedelta(seconds=1))
        services.send_test(endpoint=endpoint, actor=STAGE)
        sending.deliver_due()
    assert Webhook(new).verify(receiver.got[1].body, receiver.got[1].headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(old).verify(receiver.got[1].body, receiver.got[1].headers)


def test_a_server_that_says_gone_is_told_no_more(private: None) -> None:
    with receiving(410) as receiver:
        endpoint, _ = register(receiver)
        services.send_test(endpoint=endpoint, actor=STAGE)
        sending.deliver_due()
        endpoint.refresh_from_db()
        assert endpoint.state == EndpointState.GONE
        assert services.queue_for_all(event_type="tactful.hold.placed", data={}) == 0


def test_news_reach_the_endpoints_that_want_them(private: None) -> None:
    with receiving() as all_news, receiving() as versions_only:
        register(all_news, name="all")
        register(versions_only, name="versions", event_types=["tactful.serving_version.changed"])
        emit(
            HoldPlaced(
                hold_id="1", target_kind="system", target_key="shop", effect="deny", cause="test"
            )
        )
        deliver_events()
        sending.deliver_due()
    (got,) = all_news.got
    assert json.loads(got.body)["data"]["target_key"] == "shop"
    assert not versions_only.got


# --- pages, API, people ---


def test_a_privacy_lead_registers_tests_and_replays_on_the_page(
    private: None, client: Client, cast: Cast
) -> None:
    cast.sign_in(client, "pia")
    with receiving() as receiver:
        form = {"name": "partner", "url": receiver.url, "signing": "v1"}
        told = client.post("/settings/webhooks/", form)
        assert told.status_code == 200 and b"whsec_" in told.content
        endpoint = WebhookEndpoint.objects.get()
        page = f"/settings/webhooks/{endpoint.pk}/"
        assert client.post(f"{page}test/").status_code == 302
        sending.deliver_due()
        shown = client.get(page).content
        assert b"delivered" in shown.lower() and b"whsec_" not in shown
        message = WebhookMessage.objects.get()
        client.post(f"/settings/webhooks/messages/{message.pk}/replay/")
        sending.deliver_due()
        assert len(receiver.got) == 2
    assert b"whsec_" in client.post(f"{page}secret/").content
    client.post(f"{page}state/")
    endpoint.refresh_from_db()
    assert endpoint.state == EndpointState.PAUSED
    assert b"partner" in client.get("/settings/webhooks/").content


def test_an_auditor_sees_webhooks_and_changes_none(
    private: None, client: Client, cast: Cast
) -> None:
    with receiving() as receiver:
        endpoint, _ = register(receiver)
        cast.sign_in(client, "aud")
        assert client.get("/settings/webhooks/").status_code == 200
        assert client.post(f"/settings/webhooks/{endpoint.pk}/test/").status_code == 403
        form = {"name": "mine", "url": receiver.url, "signing": "v1"}
        assert client.post("/settings/webhooks/", form).status_code == 403
    assert WebhookEndpoint.objects.count() == 1
    cast.sign_in(client, "eve")
    assert client.get("/settings/webhooks/").status_code == 403


def test_the_api_registers_sends_and_replays(private: None, client: Client, cast: Cast) -> None:
    cast.sign_in(client, "root")

    def ask(path: str, body: dict[str, Any] | None = None) -> Any:
        return client.post(f"/api/v1/webhooks{path}", body or {}, content_type="application/json")

    with receiving() as receiver:
        made = ask("", {"name": "partner", "url": receiver.url})
        assert made.status_code == 201
        pk, secret = made.json()["endpoint"]["id"], made.json()["secret"]
        assert ask("", {"name": "partner", "url": receiver.url}).status_code == 409
        assert ask("", {"name": "ftp", "url": "ftp://x"}).status_code == 422
        sent = ask(f"/{pk}/test")
        assert sent.status_code == 202
        assert ask(f"/messages/{sent.json()['id']}/replay").status_code == 409, "on its way"
        sending.deliver_due()
        Webhook(secret).verify(receiver.got[0].body, receiver.got[0].headers)
    listed = client.get("/api/v1/webhooks/messages").json()["results"]
    assert [each["state"] for each in listed] == ["delivered"]
    assert "secret" not in client.get("/api/v1/webhooks").json()["results"][0]
    assert ask(f"/{pk}/secret").json()["secret"].startswith("whsec_")
    assert ask(f"/{pk}/state", {"state": "paused"}).json()["state"] == "paused"


def test_who_may_not_change_webhooks_is_refused_by_the_service_too(cast: Cast) -> None:
    for name in ("aud", "ada", "dan"):
        with pytest.raises(NotPermitted):
            services.register_endpoint(name="x", url="https://shop.example", actor=cast.actor(name))


def test_no_secret_stands_in_the_database_or_the_ledger(private: None) -> None:
    from governance.ledger.models import LedgerEntry

    with receiving() as receiver:
        endpoint, secret = register(receiver)
    assert secret.removeprefix("whsec_").encode() not in bytes(endpoint.secret)
    assert secret not in str([entry.facts for entry in LedgerEntry.objects.all()])
