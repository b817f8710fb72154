"""The pages of webhooks in a real browser: every state and screen, axe, and the keyboard."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db.models.functions import Now
from django.test import Client
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from governance.core.actors import SystemActor
from governance.outbox.webhooks import sending, services
from governance.outbox.webhooks.models import WebhookEndpoint, WebhookMessage
from tests.browser.conftest import Open
from tests.cast import Cast
from tests.outbox.receiving import Receiver, receiving

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
STAGE = SystemActor("tests")
PHONE, DESK = 360, 1440


@pytest.fixture(autouse=True)
def private(settings: Any) -> None:
    settings.WEBHOOK_PRIVATE = True


@pytest.fixture
def session(cast: Cast, live_server: LiveServer) -> dict[str, Any]:
    """Pia's browser session."""
    client = cast.sign_in(Client(), "pia")
    name = django_settings.SESSION_COOKIE_NAME
    cookie = {"name": name, "value": client.cookies[name].value, "url": live_server.url}
    return {"cookies": [cookie], "origins": []}


def order(endpoint: WebhookEndpoint, subject: str, **more: Any) -> WebhookMessage:
    return services.send_to(
        endpoint=endpoint, event_type="tactful.hold.placed", subject=subject, data={}, **more
    )


def an_endpoint_of_every_trouble(receiver: Receiver) -> WebhookEndpoint:
    """One message that arrived, one that waits, one behind it, one given up; a secret changing."""
    endpoint, _ = services.register_endpoint(name="Partner", url=receiver.url, actor=STAGE)
    order(endpoint, "system/feed")
    sending.deliver_due()
    given_up = order(endpoint, "system/ads")
    services.give_up_message(message=given_up, actor=STAGE)
    receiver.answers = [503]
    for _ in range(2):
        order(endpoint, "system/shop", urgent=True)
    sending.deliver_due()
    services.rotate_secret(endpoint=endpoint, actor=STAGE)
    WebhookMessage.objects.filter(state="pending").update(
        next_attempt_at=Now() + timedelta(hours=1)
    )
    WebhookEndpoint.objects.update(retry_at=Now() + timedelta(minutes=1))
    return endpoint


def keep(page: Page, name: str) -> None:
    """Leave a picture where somebody wants to look at the pages themselves."""
    if folder := os.environ.get("TACTFUL_PICTURES"):
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)


def test_the_pages_of_webhooks_have_nothing_to_mend_on_any_screen(
    live_server: LiveServer,
    open_page: Open,
    session: dict[str, Any],
    axe: Callable[[Page], list[str]],
) -> None:
    pages = live_server.url + "/settings/webhooks/"
    with open_page(pages, storage_state=session) as page:
        expect(page.get_by_text("No endpoint yet")).to_be_visible()
        keep(page, "webhooks-empty")
        assert axe(page) == []
    with receiving() as receiver:
        endpoint = an_endpoint_of_every_trouble(receiver)
        keyed, _ = services.register_endpoint(
            name="Keyed", url=receiver.url, signing="v1a", actor=STAGE
        )
        for name, address in (
            ("list", pages),
            ("endpoint", f"{pages}{endpoint.pk}/"),
            ("given-up", f"{pages}{endpoint.pk}/?state=failed"),
            ("keyed", f"{pages}{keyed.pk}/"),
        ):
            for width, dark in ((PHONE, True), (DESK, False)):
                with open_page(address, width=width, dark=dark, storage_state=session) as page:
                    keep(page, f"webhooks-{name}-{width}")
                    assert axe(page) == [], f"{name} at {width}"
                    wide = page.evaluate("document.documentElement.scrollWidth")
                    assert wide <= width, f"{name} is {wide} wide at {width}"


def test_what_waits_is_sent_by_the_keyboard_and_shows_its_answer_by_itself(
    live_server: LiveServer, open_page: Open, session: dict[str, Any]
) -> None:
    with receiving() as receiver:
        endpoint = an_endpoint_of_every_trouble(receiver)
        receiver.answers = [200]
        with open_page(
            f"{live_server.url}/settings/webhooks/{endpoint.pk}/", storage_state=session
        ) as page:
            page.get_by_role("button", name="Try all waiting now").focus()
            page.keyboard.press("Enter")
            expect(page.get_by_text("2 messages are tried now, in their order.")).to_be_visible()
            sending.deliver_due()
            page.get_by_role("button", name="Send a test").focus()
            page.keyboard.press("Enter")
            deliveries = page.locator("#deliveries")
            row = deliveries.get_by_role("row").filter(has_text="tactful.webhook.test")
            expect(row).to_contain_text("Waiting")
            sending.deliver_due()
            expect(row).to_contain_text("Delivered")
            expect(row).to_contain_text("Answered 200")
    assert not WebhookMessage.objects.filter(state="pending").exists()
