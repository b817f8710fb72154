"""Stopping a system by hand in a real browser: counted, placed and approved by the keyboard."""

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

from governance.core.actors import SystemActor
from governance.registry import services as registry
from governance.registry.models import Hold, System
from tests.browser.conftest import Open
from tests.cast import Cast

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHONE, DESK = 390, 1440
WHY = "The list is the same for everybody since noon."


@pytest.fixture
def system(cast: Cast) -> System:
    made = registry.register_system(
        key="carousel", title="Carousel", on_pause="non_profiled", actor=SystemActor("test")
    )
    cast.join("carousel")
    return made


def session_of(cast: Cast, who: str, live_server: LiveServer) -> dict[str, Any]:
    name = settings.SESSION_COOKIE_NAME
    value = cast.sign_in(Client(), who).cookies[name].value
    return {"cookies": [{"name": name, "value": value, "url": live_server.url}], "origins": []}


def look_at(page: Page, width: int, name: str, axe: Callable[[Page], list[str]]) -> None:
    """Nothing to mend, nothing wider than the screen; a picture where somebody wants one."""
    if folder := os.environ.get("TACTFUL_PICTURES"):
        page.screenshot(path=str(Path(folder) / f"{name}-{width}.png"), full_page=True)
    assert axe(page) == [], f"{name} at {width}"
    assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{name} at {width}"


def test_a_hold_is_placed_by_one_and_approved_by_another_with_the_keyboard_alone(
    live_server: LiveServer,
    open_page: Open,
    axe: Callable[[Page], list[str]],
    system: System,
    cast: Cast,
) -> None:
    ivo, elif_ = (session_of(cast, who, live_server) for who in ("ivo", "elif"))
    address = live_server.url + reverse("hold_place", args=["carousel"])
    with open_page(address, width=PHONE, dark=True, storage_state=ivo) as page:
        expect(page.get_by_role("heading", name="What this hold does")).to_be_visible()
        look_at(page, PHONE, "hold-place", axe)
    with open_page(address, width=DESK, storage_state=ivo) as page:
        expect(page.get_by_role("heading", name="What this hold does")).to_be_visible()
        look_at(page, DESK, "hold-place", axe)
        page.get_by_label("Reason").focus()
        page.keyboard.type(WHY)
        page.get_by_role("button", name="Hold carousel now").focus()
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url: not url.endswith("/hold/"))
    hold = Hold.objects.active().get()
    assert (hold.reason, hold.approved_by) == (WHY, "")
    address = live_server.url + reverse("hold", args=[hold.pk])
    with open_page(address, width=PHONE, storage_state=elif_) as page:
        expect(page.get_by_text(WHY).first).to_be_visible()
        look_at(page, PHONE, "hold", axe)
    with open_page(address, width=DESK, dark=True, storage_state=elif_) as page:
        page.locator("summary", has_text="Approve this hold").focus()
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.get_by_text("not yet: another person")).to_be_hidden()
        look_at(page, DESK, "hold-approved", axe)
    hold.refresh_from_db()
    assert hold.approved_by == cast.actor("elif").reference
