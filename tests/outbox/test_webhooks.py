"""Promises of webhooks: signed so that the stock library verifies, tried again, never misled."""

from __future__ import annotations

import json
import socket
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from governance.core.actors import SystemActor
from governance.core.errors import Invalid, NotPermitted
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
from governance.outbox.webhooks.posting import Undeliverable, check_url, is_public, post, resolve
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


def test_a_failure_is_tried_again_later_under_the_same_id(private: None) -> None:
    with receiving(500, 503, 204) as receiver:
        endpoint, _ = register(receiver)
        message = services.send_test(endpoint=endpoint, actor=STAGE)
        for attempt in (1, 2):
            before = timezone.now()
            assert sending.deliver_due() == 1
            message.refresh_from_db()
            assert message.state == MessageState.PENDING and message.attempts == attempt
            wait = message.next_attempt_at - before
            assert timedelta() <= wait - sending.WAITS[attempt - 1] < timedelta(seconds=30)
            assert sending.deliver_due() == 0, "not before its time"
            due_now()
        assert sending.deliver_due() == 1
    message.refresh_from_db()
    assert message.state == MessageState.DELIVERED and message.last_status == 204
    assert len({got.headers["webhook-id"] for got in receiver.got}) == 1


def test_a_message_is_given_up_at_last_and_can_be_sent_again(private: None) -> None:
    with receiving(500) as receiver:
        endpoint, _ = register(receiver)
        message = services.send_test(endpoint=endpoint, actor=STAGE)
        for _ in range(len(sending.WAITS) + 1):
            due_now()
            assert sending.deliver_due() == 1
        message.refresh_from_db()
        assert message.state == MessageState.FAILED and "500" in message.last_error
        receiver.answers = [200]
        services.replay_message(message=message, actor=STAGE)
        assert sending.deliver_due() == 1
    message.refresh_from_db()
    assert message.state == MessageState.DELIVERED
    assert len({got.headers["webhook-id"] for got in receiver.got}) == 1


def test_a_server_that_says_gone_is_told_no_more(private: None) -> None:
    with receiving(410) as receiver:
        endpoint, _ = register(receiver)
        services.send_test(endpoint=endpoint, actor=STAGE)
        sending.deliver_due()
        endpoint.refresh_from_db()
        assert endpoint.state == EndpointState.GONE
        assert services.queue_for_all(event_type="tactful.hold.placed", data={}) == 0


def test_an_endpoint_that_fails_holds_up_no_other(private: None) -> None:
    with receiving(500) as bad, receiving() as good:
        first, _ = register(bad, name="bad")
        second, _ = register(good, name="good")
        for endpoint in (first, first, second):
            services.send_test(endpoint=endpoint, actor=STAGE)
        assert sending.deliver_due() == 2
    assert len(bad.got) == 1 and len(good.got) == 1


def test_a_message_taken_by_a_sender_that_died_is_sent_by_the_next(private: None) -> None:
    with receiving() as receiver:
        endpoint, _ = register(receiver)
        services.send_test(endpoint=endpoint, actor=STAGE)
        taken = sending._take(set())
        assert taken is not None and sending.deliver_due() == 0, "leased"
        due_now()
        assert sending.deliver_due() == 1
        sending._note(taken, Undeliverable("late"), None)  # the dead one comes back
    message = WebhookMessage.objects.get()
    assert message.state == MessageState.DELIVERED and message.attempts == 2


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


# --- where a message never goes ---


@pytest.mark.parametrize(
    "url",
    [
        "http://shop.example/",
        "ftp://shop.example/",
        "https://",
        "https://user:pw@shop.example/",
        "https://shop.example/#part",
        "https://shop.example:0/",
        "https://shop.example:99999/",
        "https://shop.example/a b",
        "https://[::1",
        "file:///etc/passwd",
    ],
)
def test_an_address_that_is_no_public_https_is_refused(url: str) -> None:
    with pytest.raises(Undeliverable):
        check_url(url, allow_private=False)
    with pytest.raises(Invalid):
        services.register_endpoint(name="x", url=url, actor=STAGE)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "127.1", "0x7f000001", "2130706433", "0", "localhost",
        "10.0.0.1", "172.16.5.4", "192.168.1.1", "169.254.169.254", "100.64.0.1", "224.0.0.1",
        "255.255.255.255", "::1", "::", "fe80::1", "fd00::1", "ff02::1", "::ffff:127.0.0.1",
        "::ffff:169.254.169.254", "64:ff9b::7f00:1", "2002:7f00:1::", "2001:0:0:0:0:0:80ff:fffe",
    ],
)  # fmt: skip
def test_no_disguise_of_a_private_address_is_called(host: str) -> None:
    with pytest.raises(Undeliverable):
        resolve(host, 443, allow_private=False)


def test_a_name_with_one_private_address_among_public_ones_is_not_called(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def answers(*addresses: str) -> Any:
        return lambda *_, **__: [(0, 0, 0, "", (each, 443)) for each in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", answers("93.184.216.34", "10.0.0.1"))
    with pytest.raises(Undeliverable, match="private"):
        resolve("mixed.example", 443, allow_private=False)
    monkeypatch.setattr(socket, "getaddrinfo", answers("93.184.216.34"))
    assert resolve("mixed.example", 443, allow_private=False) == "93.184.216.34"
    assert is_public("93.184.216.34") and is_public("2606:2800:220:1:248:1893:25c8:1946")


def test_a_name_that_changes_its_answer_leads_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """The name is resolved once, and the connection goes to that very address."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def once(host: str, *rest: Any, **more: Any) -> Any:
        asked.append(host)
        return real("127.0.0.1", *rest, **more)

    with receiving() as receiver:
        monkeypatch.setattr(socket, "getaddrinfo", once)
        url = f"http://shop.example:{receiver.port}/"
        assert post(url, b"{}", {}, allow_private=True) == 200
    assert asked.count("shop.example") == 1
    assert receiver.got[0].headers["host"] == f"shop.example:{receiver.port}"


def test_a_redirect_is_not_followed() -> None:
    refused = pytest.raises(Undeliverable, match="redirects")
    with receiving() as inside, receiving(inside.url) as outside, refused:
        post(outside.url, b"{}", {}, allow_private=True)
    assert outside.got and not inside.got


def test_a_server_that_drips_for_ever_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    import threading

    monkeypatch.setattr("governance.outbox.webhooks.posting.WHOLE_SECONDS", 0.5)
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip() -> None:
            connection, _ = server.accept()
            with connection:
                try:
                    while not stop.wait(0.05):
                        connection.sendall(b"H")
                except OSError:
                    pass

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        with pytest.raises(Undeliverable):
            post(f"http://127.0.0.1:{server.getsockname()[1]}/", b"{}", {}, allow_private=True)
        stop.set()
        thread.join(5)
        assert not thread.is_alive()


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
