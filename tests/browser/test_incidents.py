"""The board, an incident and the hold form in a real browser: every screen, keyboard, axe."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from consent.choices import AgeBand
from consent.models import ConsentState, DataSubject
from governance.core.actors import SystemActor
from governance.registry.choices import Sensitivity
from governance.registry.models import Feature, Purpose, Surface
from incidents.choices import Kind, Severity
from incidents.models import Incident, ServingTarget
from incidents.services.impact import count_impact
from incidents.services.moving import take_command
from incidents.services.opening import open_incident
from incidents.services.roles import assign_role
from incidents.services.steps import run_automatic_steps
from incidents.services.targets import renew_desired
from tests.audits.conftest import START, Stage, impressions, stage, storage
from tests.browser.conftest import Open

__all__ = ["stage", "storage"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHONE, DESK = 390, 1440
MACHINE = SystemActor("test")


@pytest.fixture
def burning(stage: Stage, cast: Any) -> Incident:
    """An incident that was contained by itself, with people, figures and a second one beside it."""
    cast.join("carousel")
    system = stage.system
    type(stage.fallback).objects.filter(pk=stage.fallback.pk).update(state="approved")
    type(stage.serving).objects.filter(pk=stage.serving.pk).update(state="serving")
    system.refresh_from_db()
    surface = Surface.objects.create(key="home", title="Home page", kind="recommendations")
    purpose = Purpose.objects.create(
        key="shelf-order",
        title="Order of the shelf",
        description="What comes first",
        dpv_iri="https://w3id.org/dpv#Personalisation",
        fideslang_use="personalize",
        lawful_basis="consent",
    )
    system.surfaces.add(surface)
    system.purposes.add(purpose)
    stage.serving.features.add(
        Feature.objects.create(
            key="illness",
            title="Bought medicine",
            sensitivity=Sensitivity.SPECIAL_CATEGORY,
            justification="Asked for.",
            justification_expires_at=timezone.now().date() + timedelta(days=20),
        )
    )
    for number in range(40):
        person = DataSubject.objects.create(
            pseudonym=f"{number:064}",
            lookup=number + 1,
            age_band=AgeBand.MINOR if number < 3 else AgeBand.ADULT,
        )
        ConsentState.objects.create(
            subject=person, purpose=purpose, revision=1, status="given", decided_at=timezone.now()
        )
    stage.push(stage.serving, impressions("learned"))
    ServingTarget.objects.create(
        system=system,
        key="shop",
        title="Web shop",
        served_version="learned",
        served_personalised=True,
        served_at=timezone.now(),
    )
    ServingTarget.objects.create(system=system, key="mail", title="Newsletter")
    renew_desired([system])
    incident, _created = open_incident(
        title="Carousel: share of the top tenth 0.52, limit 0.30",
        summary="Two items take half of all impressions since Monday.",
        kind=Kind.BIAS,
        severity=Severity.S2,
        cause_key="breach:a",
        system=system,
        version=stage.serving,
        started_at=START,
        unattended=True,
        actor=MACHINE,
    )
    run_automatic_steps(incident=incident, actor=MACHINE)
    take_command(incident=incident, user=cast.ivo, actor=cast.actor("ivo"))
    for role, name in (("privacy", "pia"), ("model_owner", "max")):
        assign_role(incident=incident, role=role, user=cast.person(name), actor=cast.actor("ivo"))
    open_incident(
        title="The carousel shows the same two items again and again",
        summary="",
        kind=Kind.OPACITY,
        severity=Severity.S3,
        cause_key="report:b",
        system=system,
        actor=MACHINE,
    )
    count_impact(incident=incident)
    incident.refresh_from_db()
    return incident


@pytest.fixture
def session(cast: Any, burning: Incident, live_server: LiveServer) -> dict[str, Any]:
    """Ivo's browser session."""
    client = cast.sign_in(Client(), "ivo")
    name = settings.SESSION_COOKIE_NAME
    cookie = {"name": name, "value": client.cookies[name].value, "url": live_server.url}
    return {"cookies": [cookie], "origins": []}


def addresses(incident: Incident) -> dict[str, str]:
    return {
        "board": reverse("incidents"),
        "incident": reverse("incident", args=[incident.reference]),
        "second": reverse("incident", args=["INC-0002"]),
        "hold": reverse("hold_place", args=["carousel"]),
    }


def keep(page: Page, name: str) -> None:
    """Leave a picture where somebody wants to look at the pages themselves."""
    if folder := os.environ.get("TACTFUL_PICTURES"):
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)


def test_the_pages_of_incidents_have_nothing_to_mend_on_any_screen(
    live_server: LiveServer,
    open_page: Open,
    session: dict[str, Any],
    axe: Callable[[Page], list[str]],
    burning: Incident,
) -> None:
    for name, path in addresses(burning).items():
        for width, dark in ((DESK, False), (DESK, True), (PHONE, False), (PHONE, True)):
            shown = f"{live_server.url}{path}"
            with open_page(shown, width=width, dark=dark, storage_state=session) as page:
                if name == "hold":
                    expect(page.get_by_text("What this hold does")).to_be_visible()
                keep(page, f"{name}-{width}-{'dark' if dark else 'light'}")
                assert page.evaluate("document.documentElement.scrollWidth") <= width, name
                if (width, dark) in ((DESK, False), (PHONE, True)):
                    assert axe(page) == [], name


def test_the_page_opens_with_whether_it_stopped_and_what_is_next(
    live_server: LiveServer, open_page: Open, session: dict[str, Any], burning: Incident
) -> None:
    shown = f"{live_server.url}{addresses(burning)['incident']}"
    with open_page(shown, storage_state=session) as page:
        head = page.locator("#now")
        expect(head).to_contain_text("It is being stopped")
        expect(head).to_contain_text("Next step")
        top = head.bounding_box()
        assert top is not None
        assert top["y"] + top["height"] < 800  # seen without scrolling


def test_a_step_is_reached_and_a_role_given_by_keyboard_alone(
    live_server: LiveServer, open_page: Open, session: dict[str, Any], burning: Incident, cast: Any
) -> None:
    cast.person("elif")
    shown = f"{live_server.url}{addresses(burning)['incident']}"
    with open_page(shown, storage_state=session) as page:
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
        page.locator("summary", has_text="Assign Ethics reviewer").focus()
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        page.keyboard.press("e")  # Elif
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.get_by_text("Ethics reviewer: Elif. They were told.")).to_be_visible()


def test_the_preview_follows_the_effect_that_is_chosen(
    live_server: LiveServer, open_page: Open, session: dict[str, Any], burning: Incident
) -> None:
    shown = f"{live_server.url}{addresses(burning)['hold']}"
    with open_page(shown, storage_state=session) as page:
        expect(page.get_by_text("What this hold does")).to_be_visible()
        page.get_by_label("Effect").select_option("deny")
        expect(page.get_by_text("instead of the variant for everybody")).to_be_visible()


def test_without_script_the_preview_is_a_button_away(
    live_server: LiveServer, open_page: Open, session: dict[str, Any], burning: Incident
) -> None:
    shown = f"{live_server.url}{addresses(burning)['hold']}"
    with open_page(shown, storage_state=session, script=False) as page:
        page.get_by_role("button", name="Show whom it touches").click()
        expect(page.get_by_text("What this hold does")).to_be_visible()


def test_filters_of_the_board_stand_in_its_address(
    live_server: LiveServer, open_page: Open, session: dict[str, Any], burning: Incident
) -> None:
    shown = f"{live_server.url}{addresses(burning)['board']}"
    with open_page(shown, storage_state=session) as page:
        page.locator("select[name='severity']").select_option("s3")
        page.get_by_role("button", name="Apply").click()
        assert "severity=s3" in page.url
        expect(page.get_by_role("link", name="INC-0002")).to_be_visible()
        expect(page.get_by_role("link", name="INC-0001")).to_have_count(0)
        page.get_by_role("link", name="Clear").click()
        expect(page.get_by_role("link", name="INC-0001")).to_be_visible()
