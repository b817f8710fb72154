"""The pages of messages in a real browser: every screen, axe, and sending by the keyboard alone."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from incidents.choices import Audience, CommunicationState, DeliveryState
from incidents.models import Communication, Incident
from incidents.services.communications import correct_communication, propose_communication
from incidents.services.sending import send_due_communications
from tests.browser.conftest import Open
from tests.cast import Cast
from tests.consent.conftest import make_carousel
from tests.consent.test_preference_centre import token_for
from tests.incidents.message_stage import open_one, partner, sent, written

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHONE, DESK = 390, 1440
MEANS = "What it may mean for you: for three days you saw fewer offers than others."


@pytest.fixture
def incident(cast: Cast) -> Incident:
    system = make_carousel()
    cast.join("carousel")
    return open_one(system)


@pytest.fixture
def session(cast: Cast, live_server: LiveServer) -> Callable[[str], dict[str, Any]]:
    """The browser session of one of the cast."""

    def signed_in(name: str) -> dict[str, Any]:
        client = cast.sign_in(Client(), name)
        cookie = settings.SESSION_COOKIE_NAME
        given = {"name": cookie, "value": client.cookies[cookie].value, "url": live_server.url}
        return {"cookies": [given], "origins": []}

    return signed_in


def keep(page: Page, name: str) -> None:
    """Leave a picture where somebody wants to look at the pages themselves."""
    if folder := os.environ.get("TACTFUL_PICTURES"):
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)


@pytest.mark.trust
def test_the_pages_of_messages_have_nothing_to_mend_on_any_screen(
    live_server: LiveServer,
    open_page: Open,
    session: Callable[[str], dict[str, Any]],
    axe: Callable[[Page], list[str]],
    incident: Incident,
    cast: Cast,
) -> None:
    token = token_for()
    empty = reverse("communications", args=[open_one(None).reference])
    partner(cast, "Lamp makers")
    told = sent(cast, incident, Audience.PARTNERS)
    told.deliveries.update(state=DeliveryState.GIVEN_UP, problem="The server answered 500.")
    sent(cast, incident, Audience.PEOPLE, MEANS)
    sent(cast, incident, Audience.PUBLIC, MEANS)
    sent(cast, incident, Audience.INTERNAL)
    send_due_communications()
    wrong = sent(cast, incident, Audience.PUBLIC, "Nobody was concerned.")
    draft = correct_communication(communication=wrong, actor=cast.actor("ivo"))
    waits = written(cast, incident, Audience.PEOPLE, f"{MEANS} It was stopped.")
    propose_communication(communication=waits, actor=cast.actor("ivo"))

    def at(message: Communication) -> str:
        return reverse("communication", args=[incident.reference, message.number])

    pages = {
        "overview": reverse("communications", args=[incident.reference]),
        "empty": empty,
        "failed": at(told),
        "draft": at(draft),
        "proposed": at(waits),
        "contacts": reverse("incident_contacts"),
        "public": reverse("public_messages"),
        "preferences": f"{reverse('consent:preferences')}?token={token}",
        "why": f"{reverse('consent:why')}?token={token}&system=carousel",
    }
    pia = session("pia")
    for name, path in pages.items():
        for width in (PHONE, DESK):
            for dark in (False, True):
                with open_page(
                    live_server.url + path, width=width, dark=dark, storage_state=pia
                ) as page:
                    keep(page, f"messages-{name}-{width}-{'dark' if dark else 'light'}")
                    assert axe(page) == [], (name, width, dark)
                    wide = page.evaluate("document.documentElement.scrollWidth")
                    assert wide <= width, f"{name} is wider than {width}: {wide}"
                    if name in ("preferences", "why"):
                        expect(page.get_by_text(MEANS)).to_be_visible()


def test_a_message_is_sent_by_the_second_person_with_the_keyboard_alone(
    live_server: LiveServer,
    open_page: Open,
    session: Callable[[str], dict[str, Any]],
    incident: Incident,
    cast: Cast,
) -> None:
    draft = written(cast, incident, Audience.PUBLIC, MEANS)
    address = live_server.url + reverse("communication", args=[incident.reference, draft.number])
    with open_page(address, storage_state=session("ivo")) as page:
        page.get_by_role("button", name="Propose to send it").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_text("You proposed it; another person")).to_be_visible()
    with open_page(address, storage_state=session("pia")) as page:
        page.get_by_role("button", name="Send it").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Whom it has reached")).to_be_visible()
    draft.refresh_from_db()
    assert draft.state == CommunicationState.SENT
