"""The pages of serving targets in a real browser: every kind and screen, axe, and the keyboard."""

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
from governance.outbox.webhooks.services import register_endpoint
from governance.registry import services as registry
from governance.registry.models import System
from incidents.choices import Kind, Severity
from incidents.models import ServingTarget, TargetOrder
from incidents.services.opening import open_incident
from incidents.services.orders import give_up_order
from incidents.services.steps import run_automatic_steps
from incidents.services.targets import TargetSettings, register_target, report_served
from tests.browser.conftest import Open
from tests.cast import Cast

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
MACHINE = SystemActor("test")
PHONE, DESK = 390, 1440


@pytest.fixture
def system(cast: Cast) -> System:
    made = registry.register_system(
        key="carousel", title="Carousel", on_pause="non_profiled", actor=MACHINE
    )
    cast.join("carousel")
    return made


@pytest.fixture
def session(cast: Cast, live_server: LiveServer) -> dict[str, Any]:
    """Ivo's browser session."""
    client = cast.sign_in(Client(), "ivo")
    name = settings.SESSION_COOKIE_NAME
    cookie = {"name": name, "value": client.cookies[name].value, "url": live_server.url}
    return {"cookies": [cookie], "origins": []}


def a_target_of_each_standing(system: System, cast: Cast) -> None:
    """One that confirmed, one that says something else, one given up, one without traffic."""
    endpoint, _secret = register_endpoint(
        name="shop", url="https://shop.example/hook", actor=MACHINE
    )
    ivo, max_ = cast.actor("ivo"), cast.actor("max")
    made = {
        key: register_target(system=system, key=key, title=title, settings=given, actor=ivo)
        for key, title, given in (
            ("app", "App", TargetSettings(kind="stream")),
            ("shop", "Shop", TargetSettings(kind="webhook", endpoint=endpoint)),
            ("kiosk", "Kiosk", TargetSettings(for_drills=True)),
            ("web", "Web shop", TargetSettings()),
        )
    }
    for key in ("app", "web"):
        report_served(target=made[key], version="old", personalises=True, actor=max_)
    incident, _created = open_incident(
        title="Too concentrated",
        summary="",
        kind=Kind.BIAS,
        severity=Severity.S2,
        cause_key="breach:a",
        system=system,
        unattended=True,
        actor=MACHINE,
    )
    run_automatic_steps(incident=incident, actor=MACHINE)
    report_served(target=made["app"], version="", personalises=False, actor=max_)
    order = TargetOrder.objects.get(state="pending")
    give_up_order(order=order, sentence="The server answered 500.")


def keep(page: Page, name: str) -> None:
    """Leave a picture where somebody wants to look at the pages themselves."""
    if folder := os.environ.get("TACTFUL_PICTURES"):
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)


def test_the_pages_of_targets_have_nothing_to_mend_on_any_screen(
    live_server: LiveServer,
    open_page: Open,
    session: dict[str, Any],
    axe: Callable[[Page], list[str]],
    system: System,
    cast: Cast,
) -> None:
    address = reverse("serving_targets")
    with open_page(f"{live_server.url}{address}?kind=mlflow", storage_state=session) as page:
        expect(page.get_by_text("Nobody confirms yet")).to_be_visible()
        keep(page, "targets-empty")
    a_target_of_each_standing(system, cast)
    for kind in ("ofrep", "webhook", "mlflow"):
        for width, dark in ((PHONE, True), (DESK, False)):
            shown = f"{live_server.url}{address}?kind={kind}"
            with open_page(shown, width=width, dark=dark, storage_state=session) as page:
                keep(page, f"targets-{kind}-{width}")
                assert axe(page) == [], f"{kind} at {width}"
                wide = page.evaluate("document.documentElement.scrollWidth")
                assert wide <= width, f"{kind} is {wide} wide at {width}"


def test_a_target_is_registered_and_told_again_by_the_keyboard_alone(
    live_server: LiveServer,
    open_page: Open,
    session: dict[str, Any],
    system: System,
    cast: Cast,
) -> None:
    a_target_of_each_standing(system, cast)
    address = live_server.url + reverse("serving_targets")
    with open_page(f"{address}?kind=stream", storage_state=session) as page:
        page.get_by_label("System", exact=True).focus()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Tab")
        page.keyboard.type("tablet")
        page.keyboard.press("Tab")
        page.keyboard.type("Tablet")
        page.keyboard.press("Enter")
        expect(page.get_by_text("Tablet is registered.")).to_be_visible()
        page.get_by_role("button", name="Tell it again: Shop").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_text("Shop is told again.")).to_be_visible()
    assert ServingTarget.objects.get(key="tablet").kind == "stream"


def test_an_incident_shows_live_who_has_confirmed(
    live_server: LiveServer,
    open_page: Open,
    session: dict[str, Any],
    system: System,
    cast: Cast,
) -> None:
    a_target_of_each_standing(system, cast)
    address = live_server.url + reverse("incident", args=["INC-0001"])
    with open_page(address, storage_state=session) as page:
        card = page.locator("#containment")
        expect(card).to_contain_text("1 of 3 targets confirmed")
        expect(card).to_contain_text("The server answered 500.")
        keep(page, "incident-containment")
        web = ServingTarget.objects.get(key="web")
        report_served(target=web, version="", personalises=False, actor=cast.actor("max"))
        expect(card).to_contain_text("2 of 3 targets confirmed")
