"""Writing a post-mortem, reading a published one and filing a report, in a real browser."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page
from pytest_django.live_server_helper import LiveServer

from governance.core.actors import SystemActor
from governance.core.clock import database_now
from governance.registry import services as registry
from incidents.choices import AwareOf, Kind, Severity, State, Visibility
from incidents.clocks.regimes import BY_KEY
from incidents.models import Incident, PostMortem, RegulatorClock
from incidents.post_mortem.sections import SECTIONS
from incidents.services import post_mortems as services
from incidents.services.actions import add_action, finish_action, verify_action
from incidents.services.awareness import state_awareness
from incidents.services.clocks import start_clock
from incidents.services.corrections import decide_correction, propose_correction
from incidents.services.opening import open_incident
from incidents.services.steps import run_automatic_steps
from tests.browser.conftest import Open

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHONE, DESK = 390, 1440
MACHINE = SystemActor("test")


@pytest.fixture
def resolved(cast: Any) -> Incident:
    """A privacy incident that is resolved, with a clock that runs and a promise."""
    system = registry.register_system(
        key="carousel", title="Carousel", on_pause="non_profiled", actor=MACHINE
    )
    cast.join("carousel")
    cast.join("carousel", "pia")
    opened, _created = open_incident(
        title="Interests of forty people were shown to others",
        summary="A join on the wrong key put the interests of forty people into other feeds.",
        kind=Kind.PRIVACY,
        severity=Severity.S2,
        cause_key="report:leak",
        system=system,
        started_at=database_now() - timedelta(hours=30),
        unattended=True,
        actor=MACHINE,
    )
    run_automatic_steps(incident=opened, actor=MACHINE)
    pia = cast.actor("pia")
    state_awareness(
        incident=opened,
        fact=AwareOf.DATA_BREACH,
        so=True,
        who="The engineer on call",
        aware_at=database_now() - timedelta(hours=1),
        zone="Europe/Berlin",
        statement="The engineer saw the rows of forty people in the wrong feed.",
        actor=pia,
    )
    start_clock(
        incident=opened,
        regime_key="gdpr-33",
        confirmed=BY_KEY["gdpr-33"].conditions,
        statement="The interests of forty people were shown to others.",
        country="DE",
        actor=pia,
    )
    now = database_now()
    Incident.objects.filter(pk=opened.pk).update(
        state=State.RESOLVED, verified_at=now, resolved_at=now, cause="A join on the wrong key."
    )
    opened.refresh_from_db()
    draft = services.open_post_mortem(incident=opened)
    for title, past in (("Test every join for its key", False), ("Ask for keys in review", True)):
        made = add_action(
            post_mortem=draft,
            title=title,
            owner=cast.max,
            due_on=date(2026, 1, 31),
            verification="The test fails on the join of the incident.",
            actor=cast.actor("elif"),
        )
        if past:
            finish_action(action=made, actor=cast.actor("max"))
            verify_action(
                action=made,
                helped=True,
                evidence="The review of the next version asked for it.",
                actor=cast.actor("elif"),
            )
    return opened


def publish(incident: Incident, cast: Any) -> None:
    """Write what is missing, shorten the evidence, publish by two, and correct once."""
    elif_, ivo = cast.actor("elif"), cast.actor("ivo")
    draft = PostMortem.objects.get(incident=incident)
    for section in SECTIONS:
        if section.mandatory and not draft.sections.get(section.key):
            draft = services.write_section(
                post_mortem=draft,
                key=section.key,
                text=f"What there is to say about {section.title.lower()}, in two sentences. Here.",
                revision=draft.revision,
                actor=elif_,
            )
    draft = services.redact_section(
        post_mortem=draft, key="evidence", text="", revision=draft.revision, actor=elif_
    )
    draft = services.propose_freezing(
        post_mortem=draft, visibility=Visibility.PUBLIC, note="People were affected.", actor=elif_
    )
    frozen = services.freeze_post_mortem(post_mortem=draft, actor=ivo)
    made = propose_correction(
        post_mortem=frozen, section="impact", text="It were forty-two people.", actor=elif_
    )
    decide_correction(correction=made, publish=True, actor=ivo)


def session(cast: Any, live_server: LiveServer, who: str) -> dict[str, Any]:
    client = cast.sign_in(Client(), who)
    name = settings.SESSION_COOKIE_NAME
    cookie = {"name": name, "value": client.cookies[name].value, "url": live_server.url}
    return {"cookies": [cookie], "origins": []}


def keep(page: Page, name: str) -> None:
    """Leave a picture where somebody wants to look at the pages themselves."""
    if folder := os.environ.get("TACTFUL_PICTURES"):
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)


def test_the_pages_have_nothing_to_mend_on_any_screen(
    live_server: LiveServer,
    open_page: Open,
    axe: Callable[[Page], list[str]],
    resolved: Incident,
    cast: Any,
) -> None:
    clock = RegulatorClock.objects.get(incident=resolved)
    one = [resolved.reference]
    pages = {
        "writing": (reverse("incident_post_mortem", args=one), "elif"),
        "preview": (reverse("incident_post_mortem_preview", args=one), "elif"),
        "awareness": (reverse("incident_awareness", args=[*one, AwareOf.DATA_BREACH.value]), "pia"),
        "filing": (reverse("incident_clock_file", args=[*one, clock.pk]), "pia"),
        "duties": (reverse("incident", args=one) + "#duties", "pia"),
    }
    look(pages, live_server, open_page, axe, cast)
    publish(resolved, cast)
    pages = {
        "frozen": (reverse("incident_post_mortem", args=one), "ivo"),
        "published": (reverse("published_post_mortem", args=one), ""),
        "all": (reverse("published_post_mortems"), ""),
        "german": (reverse("published_post_mortem", args=one) + "?lang=de", ""),
    }
    look(pages, live_server, open_page, axe, cast)


def look(
    pages: dict[str, tuple[str, str]],
    live_server: LiveServer,
    open_page: Open,
    axe: Callable[[Page], list[str]],
    cast: Any,
) -> None:
    faults = []
    for name, (path, who) in pages.items():
        state = session(cast, live_server, who) if who else None
        for width, dark in ((DESK, False), (PHONE, True)):
            shown = f"{live_server.url}{path}"
            with open_page(shown, width=width, dark=dark, storage_state=state) as page:
                keep(page, f"{name}-{width}-{'dark' if dark else 'light'}")
                if page.evaluate("document.documentElement.scrollWidth") > width:
                    faults.append(f"{name}: wider than {width}")
                faults += [f"{name}, {width}: {fault}" for fault in axe(page)]
    assert faults == []


def test_the_published_page_works_without_a_script_and_by_keyboard(
    live_server: LiveServer, open_page: Open, resolved: Incident, cast: Any
) -> None:
    publish(resolved, cast)
    path = reverse("published_post_mortem", args=[resolved.reference])
    with open_page(f"{live_server.url}{path}", script=False) as page:
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        assert page.url.endswith("#content")
        page.get_by_role("link", name="Impact").click()
        assert page.url.endswith("#impact")
        assert page.get_by_text("It were forty-two people.").is_visible()
        assert "left out before publication" in page.locator("#evidence").inner_text()
