"""The pages of drills in a real browser: every screen, axe, and a drill by the keyboard alone."""

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

from governance.registry.models import System
from incidents.choices import DrillCadence
from incidents.models import Drill, DrillPlan
from incidents.services.drills import start_drill
from tests.browser.conftest import Open
from tests.cast import Cast
from tests.incidents.drilling import (
    lifted_by_two,
    planned,
    rehearsal_system,
    rehearsed,
    target_says_what_it_should,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHONE, DESK = 390, 1440


@pytest.fixture
def system(cast: Cast) -> System:
    return rehearsal_system(cast)


@pytest.fixture
def plan(system: System, cast: Cast) -> DrillPlan:
    return planned(system, cast, every=DrillCadence.QUARTERLY)


@pytest.fixture
def session(cast: Cast, live_server: LiveServer) -> dict[str, Any]:
    """Ivo's browser session."""
    client = cast.sign_in(Client(), "ivo")
    name = settings.SESSION_COOKIE_NAME
    cookie = {"name": name, "value": client.cookies[name].value, "url": live_server.url}
    return {"cookies": [cookie], "origins": []}


def keep(page: Page, name: str) -> None:
    """Leave a picture where somebody wants to look at the pages themselves."""
    if folder := os.environ.get("TACTFUL_PICTURES"):
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)


@pytest.mark.parametrize(("width", "dark"), [(PHONE, True), (DESK, False)])
def test_the_pages_of_drills_have_nothing_to_mend_on_any_screen(
    live_server: LiveServer,
    open_page: Open,
    session: dict[str, Any],
    axe: Callable[[Page], list[str]],
    plan: DrillPlan,
    cast: Cast,
    width: int,
    dark: bool,
) -> None:
    report = rehearsed(plan, cast)
    running = start_drill(plan=plan, actor=cast.actor("ivo"))
    pages = {
        "drills": reverse("drills"),
        "plan": reverse("drill_plan", args=[plan.pk]),
        "new": reverse("drill_plan_new"),
        "report": reverse("drill", args=[report.reference]),
        "running": reverse("drill", args=[running.reference]),
        "incident": reverse("incident", args=[running.incident.reference]),
    }
    for name, path in pages.items():
        shown = live_server.url + path
        with open_page(shown, width=width, dark=dark, storage_state=session) as page:
            keep(page, f"drills-{name}-{width}")
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, f"{name} is wider than {width}: {wide}"
            assert axe(page) == [], name


def test_a_drill_is_started_and_ended_by_the_keyboard_alone(
    live_server: LiveServer,
    open_page: Open,
    session: dict[str, Any],
    plan: DrillPlan,
    cast: Cast,
) -> None:
    target_says_what_it_should(plan.system)
    address = live_server.url + reverse("drill_plan", args=[plan.pk])
    with open_page(address, storage_state=session) as page:
        panel = page.locator("details.confirm", has_text="Start the drill")
        panel.locator("summary").focus()
        page.keyboard.press("Enter")
        expect(panel).to_contain_text("really stopped until two people lift its hold")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.get_by_text("has begun")).to_be_visible()
        drill = Drill.objects.get()
        target_says_what_it_should(plan.system)
        # The page asks again by itself: nobody reloads it.
        row = page.get_by_role("row", name="Every target confirmed the stop")
        expect(row.get_by_text("Met")).to_be_visible()
        lifted_by_two(drill.incident, cast)
        ending = page.locator("details.confirm", has_text="End the drill")
        expect(ending).to_be_visible()
        ending.locator("summary").focus()
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="How it went")).to_be_visible()
        expect(page.get_by_text("Nobody took command.").first).to_be_visible()
