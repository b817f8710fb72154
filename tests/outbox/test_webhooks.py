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
    told = json.loads(got.body)
    assert told["data"]["target_key"] == "shop" and told["subject"] == "system/shop"
    assert WebhookMessage.objects.get(endpoint__name="all").urgent, "containment does not wait"
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


def test_the_page_says_what_waits_why_and_until_when_and_tries_it_now(
    private: None, client: Client, cast: Cast
) -> None:
    cast.sign_in(client, "pia")
    with receiving(503, 200) as receiver:
        endpoint, _ = register(receiver)
        page = f"/settings/webhooks/{endpoint.pk}/"
        assert "Nothing was sent yet" in client.get(page).content.decode()
        told: dict[str, Any] = {
            "event_type": "tactful.hold.placed",
            "subject": "system/shop",
            "data": {},
        }
        first = services.send_to(endpoint=endpoint, urgent=True, **told)
        second = services.send_to(endpoint=endpoint, urgent=True, **told)
        sending.deliver_due()
        shown = client.get(page).content.decode()
        assert "did not answer 1 time in a row" in shown and "2 messages wait," in shown
        assert "next try" in shown and "The server answered 503." in shown
        assert "behind an earlier one about the same" in shown and "urgent" in shown
        client.post(f"/settings/webhooks/messages/{first.pk}/retry/")
        sending.deliver_due()
        assert len(receiver.got) == 3, "the second followed at once"
        third = services.send_to(endpoint=endpoint, **told)
        client.post(f"/settings/webhooks/messages/{third.pk}/give-up/")
        assert "Given up by" in client.get(f"{page}?state=failed").content.decode()
        assert str(second.pk) not in client.get(f"{page}?state=failed").content.decode()
        assert "No message in this state" in client.get(f"{page}?state=pending").content.decode()
        fourth = services.send_to(endpoint=endpoint, **told)
        assert client.post(f"{page}retry/").status_code == 302
        sending.deliver_due()
    fourth.refresh_from_db()
    assert fourth.state == "delivered" and fourth.last_took_ms is not None
    again = client.post(f"/settings/webhooks/messages/{fourth.pk}/retry/", follow=True)
    assert "This message waits no longer." in again.content.decode()


def test_the_list_of_deliveries_looks_again_only_while_one_is_under_way(
    private: None, client: Client, cast: Cast
) -> None:
    cast.sign_in(client, "pia")
    with receiving() as receiver:
        endpoint, _ = register(receiver)
        page = f"/settings/webhooks/{endpoint.pk}/"
        services.send_test(endpoint=endpoint, actor=STAGE)
        assert b"hx-trigger" in client.get(page).content
        sending.deliver_due()
        assert b"hx-trigger" not in client.get(page).content


def test_an_auditor_sees_webhooks_and_changes_none(
    private: None, client: Client, cast: Cast
) -> None:
    with receiving() as receiver:
        endpoint, _ = register(receiver)
        cast.sign_in(client, "aud")
        assert client.get("/settings/webhooks/").status_code == 200
        message = services.send_test(endpoint=endpoint, actor=STAGE)
        assert client.get(f"/settings/webhooks/{endpoint.pk}/").status_code == 200
        for step in ("test", "retry", "state", "secret"):
            assert client.post(f"/settings/webhooks/{endpoint.pk}/{step}/").status_code == 403
        for step in ("replay", "retry", "give-up"):
            there = f"/settings/webhooks/messages/{message.pk}/{step}/"
            assert client.post(there).status_code == 403
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
        waiting = ask(f"/{pk}/test").json()["id"]
        assert ask(f"/messages/{waiting}/retry").status_code == 202
        assert ask(f"/{pk}/retry").json() == {"messages": 1}
        assert client.get(f"/api/v1/webhooks/{pk}").json()["waiting"] == 1
        assert ask(f"/messages/{waiting}/give-up").json()["state"] == "failed"
        assert ask(f"/messages/{waiting}/give-up").status_code == 409

    def listed(asked: str = "") -> list[str]:
        found = client.get(f"/api/v1/webhooks/messages{asked}").json()["results"]
        return [each["state"] for each in found]

    assert listed() == ["failed", "delivered"]
    assert listed(f"?endpoint={pk}&state=delivered") == ["delivered"]
    assert listed("?endpoint=01900000-0000-7000-8000-000000000000") == []
    assert client.get("/api/v1/webhooks/messages?state=odd").status_code == 422
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
