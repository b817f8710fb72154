"""The preference centre in a real browser: both languages, light and dark, phone and desk,
without a script, by keyboard alone; and no step to off is longer than the one to on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from consent import services
from consent.models import ConsentState
from consent.services.interests import Guess, note_interests
from governance.ledger.sequencer import sequence_all
from tests.browser.conftest import Open
from tests.browser.stage import STAGE, TEXTS, hosted, mint
from tests.consent.conftest import make_carousel

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHONE, DESK = 390, 1280
#: What decides whether two answers look alike.
LOOKS = (
    "height",
    "width",
    "fontSize",
    "fontWeight",
    "color",
    "backgroundColor",
    "borderTopColor",
    "borderTopWidth",
    "borderRadius",
    "padding",
    "opacity",
    "textDecorationLine",
    "boxShadow",
)


def a_life_so_far() -> str:
    """Anna has said yes and no, something is guessed about her, she complained: her token."""
    make_carousel()
    services.publish_notice(key="2026-11", texts=TEXTS, actor=STAGE)
    for kind, status in (("product_suggestions", "given"), ("inferred_interests", "given")):
        services.record_choice(subject="anna", type=kind, status=status, actor=STAGE)
    services.record_choice(subject="anna", type="ads", status="refused", actor=STAGE)
    guesses = [Guess("Jazz", because="Coltrane"), Guess("Tennis")]
    note_interests(subject="anna", system="carousel", guesses=guesses, actor=STAGE)
    sequence_all()
    return mint()


def looks(page: Page, name: str) -> dict[str, str]:
    """The computed style of a button, found by its name."""
    found = page.get_by_role("button", name=name, exact=True)
    wanted = ", ".join(f"{each}: style.{each}" for each in LOOKS)
    told: dict[str, str] = found.evaluate(
        f"element => {{ const style = getComputedStyle(element); return {{ {wanted} }} }}"
    )
    return told


@pytest.mark.node
@pytest.mark.parametrize("language", ["en", "de"])
def test_axe_finds_nothing_to_mend_on_any_page_of_the_person(
    live_server: LiveServer, open_page: Open, axe: Callable[[Page], list[str]], language: str
) -> None:
    token = a_life_so_far()
    pages = {
        "consent:preferences": {},
        "consent:held": {},
        "consent:withdraw": {},
        "consent:why": {"system": "carousel"},
        "consent:check-receipt": {},
    }
    found: dict[str, list[str]] = {}
    for width, dark in ((PHONE, False), (PHONE, True), (DESK, False), (DESK, True)):
        first = hosted(live_server.url, token=token, lang=language)
        with open_page(first, width=width, dark=dark) as page:
            for name, more in pages.items():
                page.goto(hosted(live_server.url, name, token=token, lang=language, **more))
                found[f"{name} {width} {dark}"] = axe(page)
                wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
                assert not wide, f"{name} at {width}"
                assert page.locator("html").get_attribute("lang") == language
    assert {name: told for name, told in found.items() if told} == {}


def test_no_cookie_is_set_and_nothing_is_stored(live_server: LiveServer, open_page: Open) -> None:
    with open_page(hosted(live_server.url, token=mint())) as page:
        page.get_by_role("button", name="Turn everything off").click()
        expect(page.get_by_role("status")).to_be_visible()
        assert page.context.cookies() == []
        assert page.evaluate("localStorage.length + sessionStorage.length") == 0


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
@pytest.mark.parametrize("width", [PHONE, DESK])
def test_off_takes_no_more_steps_than_on_and_looks_the_same(
    live_server: LiveServer, open_page: Open, script: bool, width: int
) -> None:
    """Steps are clicks from opening the page to the sentence that it is saved."""
    token = mint()
    steps: dict[str, int] = {}
    with open_page(hosted(live_server.url, token=token), width=width, script=script) as page:

        def walk(name: str, *clicks: Callable[[], None]) -> None:
            page.goto(hosted(live_server.url, token=token))
            for click in clicks:
                click()
            expect(page.get_by_role("status")).to_contain_text("Saved.")
            steps[name] = len(clicks)

        def press(name: str) -> Callable[[], None]:
            return page.get_by_role("button", name=name, exact=True).click

        ads = page.get_by_role("switch", name="Ads", exact=True)
        assert page.get_by_role("switch", checked=True).count() == 0
        walk("everything on", press("Turn everything on"))
        assert page.get_by_role("switch", checked=True).count() == 7
        walk("everything off", press("Turn everything off"))
        assert page.get_by_role("switch", checked=True).count() == 0
        walk("one on", ads.click, press("Save my choices"))
        expect(ads).to_be_checked()
        walk("one off", ads.click, press("Save my choices"))
        expect(ads).not_to_be_checked()
        if script:
            assert looks(page, "Turn everything on") == looks(page, "Turn everything off")
        boxes = [
            page.get_by_role("button", name=f"Turn everything {each}").bounding_box()
            for each in ("on", "off")
        ]
    assert steps["everything off"] <= steps["everything on"] == 1
    assert steps["one off"] <= steps["one on"] == 2
    assert None not in boxes
    on, off = (each for each in boxes if each)
    assert (on["width"], on["height"]) == (off["width"], off["height"])
    assert off["y"] <= on["y"] and off["height"] >= 44


def test_the_keyboard_alone_suffices_and_off_is_reached_first(
    live_server: LiveServer, open_page: Open
) -> None:
    token = mint()
    keys: dict[str, int] = {}
    for name in ("Turn everything on", "Turn everything off"):
        with open_page(hosted(live_server.url, token=token), width=PHONE) as page:
            button = page.get_by_role("button", name=name)
            pressed = 0
            while not button.evaluate("element => element === document.activeElement"):
                assert pressed < 20, f"{name} is not reached by Tab"
                page.keyboard.press("Tab")
                pressed += 1
            page.keyboard.press("Enter")
            expect(page.get_by_role("status")).to_contain_text("Saved.")
            keys[name] = pressed + 1
    assert keys["Turn everything off"] <= keys["Turn everything on"]
    with open_page(hosted(live_server.url, token=token), width=PHONE) as page:
        ads = page.get_by_role("switch", name="Ads", exact=True)
        ads.focus()
        page.keyboard.press("Space")
        page.keyboard.press("Enter")  # a form is sent from any of its fields
        expect(page.get_by_role("status")).to_contain_text("Saved.")
        expect(ads).to_be_checked()
        outline: Any = ads.evaluate("one => (one.focus(), getComputedStyle(one).outlineStyle)")
    given = ConsentState.objects.filter(status="given").values_list("purpose__key", flat=True)
    assert set(given) == {"ads", "ads_third_party"}
    assert outline != "none"
