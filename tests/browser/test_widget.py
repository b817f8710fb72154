"""The widget in a shop of another origin, under a policy that allows nothing but Tactful."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from consent import services
from consent.models import ConsentEvent
from tests.browser.conftest import Open
from tests.browser.stage import STAGE, TEXTS, Shop, mint, open_shop
from tests.browser.test_preference_centre import looks
from tests.stream.conftest import Served, served

__all__ = ["served"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SUGGESTIONS = "/ofrep/v1/evaluate/flags/purpose.product_suggestions"
HEARD = "tactful-ready", "tactful-saved", "tactful-expired", "tactful-failed"
#: Chromium tells of every refused request, beside what the page makes of it.
REFUSED = ("Failed to load resource",)


@pytest.fixture
def shop(live_server: LiveServer) -> Iterator[Shop]:
    with open_shop(live_server.url) as opened:
        yield opened


def listen(page: Page) -> None:
    """Keep what the widget dispatches, from before it loads."""
    names = ", ".join(f"'{name}'" for name in HEARD)
    page.evaluate(
        f"""window.heard = []; for (const name of [{names}])
        document.addEventListener(name, (event) => window.heard.push([name, event.detail]))"""
    )


def heard(page: Page) -> list[Any]:
    told: list[Any] = page.evaluate("window.heard.map(([name]) => name)")
    return told


def focused(page: Page) -> str:
    told: str = page.evaluate(
        "document.querySelector('tactful-choices').shadowRoot.activeElement?.id ?? ''"
    )
    return told


def test_a_choice_in_a_strict_page_is_seen_by_the_next_check(
    served: Served, open_page: Open
) -> None:
    def allowed() -> bool:
        status, told = served.post(SUGGESTIONS, {"context": {"targetingKey": "anna"}})
        assert status == 200
        return bool(told["value"])

    with open_shop(f"http://127.0.0.1:{served.port}") as shop:
        address = shop.page(mint(origin=shop.origin))
        assert not allowed()
        with open_page(address) as page:
            switch = page.get_by_role("switch", name="Product suggestions")
            expect(switch).not_to_be_checked()
            switch.click()
            page.get_by_role("button", name="Save my choices").click()
            expect(page.get_by_role("status")).to_have_text("Saved. Your choices hold from now on.")
            assert allowed()
            page.get_by_role("button", name="Turn everything off").click()
            expect(page.get_by_role("status")).to_contain_text("Everything is off")
            assert not allowed()
            assert page.context.cookies() == []
            assert page.evaluate("localStorage.length + sessionStorage.length") == 0
            databases = page.evaluate("indexedDB.databases().then((found) => found.length)")
            assert databases == 0
    methods = ConsentEvent.objects.values_list("method", "clicks").distinct()
    assert set(methods) == {("widget", 2), ("widget", 1)}


def test_off_takes_no_more_steps_than_on_and_looks_the_same(shop: Shop, open_page: Open) -> None:
    address = shop.page(mint(origin=shop.origin))
    steps: dict[str, int] = {}
    with open_page(address, width=390) as page:

        def walk(name: str, *clicks: Callable[[], None]) -> None:
            page.goto(address)
            for click in clicks:
                click()
            expect(page.get_by_role("status")).to_contain_text("Saved.")
            steps[name] = len(clicks)

        def press(name: str) -> Callable[[], None]:
            return page.get_by_role("button", name=name, exact=True).click

        ads = page.get_by_role("switch", name="Ads", exact=True)
        expect(page.get_by_role("switch")).to_have_count(7)
        assert page.get_by_role("switch", checked=True).count() == 0
        on, off = (looks(page, f"Turn everything {each}") for each in ("on", "off"))
        walk("everything on", press("Turn everything on"))
        expect(page.get_by_role("switch", checked=True)).to_have_count(7)
        walk("everything off", press("Turn everything off"))
        expect(page.get_by_role("switch", checked=True)).to_have_count(0)
        walk("one on", ads.click, press("Save my choices"))
        walk("one off", ads.click, press("Save my choices"))
        expect(ads).not_to_be_checked()
    assert on == off
    assert steps["everything off"] <= steps["everything on"] == 1
    assert steps["one off"] <= steps["one on"] == 2


def test_focus_stays_where_it_was_and_the_save_is_announced(shop: Shop, open_page: Open) -> None:
    with open_page(shop.page(mint(origin=shop.origin))) as page:
        expect(page.get_by_role("switch")).to_have_count(7)
        page.evaluate(
            "window.live = document.querySelector('tactful-choices').shadowRoot"
            ".querySelector('[role=status]')"
        )
        for button, said in (("all-off", "Everything is off"), ("all-off", "Nothing changed")):
            page.get_by_role("button", name="Turn everything off").focus()
            page.keyboard.press("Enter")
            expect(page.get_by_role("status")).to_contain_text(said)
            assert focused(page) == button
        # The region that speaks is the same one all along, or nothing is read aloud.
        assert page.evaluate("window.live.isConnected")


def test_a_token_of_another_origin_is_refused_with_a_sentence(shop: Shop, open_page: Open) -> None:
    address = shop.page(mint(origin="https://elsewhere.example"))
    with open_page(address, expected=REFUSED) as page:
        expect(page.get_by_role("alert")).to_have_text(
            "Your choices cannot be shown on this page. Open them where you have your account."
        )
        assert page.get_by_role("switch").count() == 0
    assert not ConsentEvent.objects.exists()


def test_an_expired_token_is_told_to_the_page_and_a_new_one_keeps_what_was_switched(
    shop: Shop, open_page: Open
) -> None:
    address = shop.page(mint(origin=shop.origin, ttl=timedelta(seconds=4)))
    with open_page(address, expected=REFUSED) as page:
        listen(page)
        page.get_by_role("switch", name="Ads", exact=True).click()
        while time.time() <= _expiry(page):
            page.evaluate("new Promise(requestAnimationFrame)")
        page.get_by_role("button", name="Save my choices").click()
        expect(page.get_by_role("status")).to_contain_text("You have been here for a while")
        assert heard(page)[-1] == "tactful-expired"
        assert focused(page) == "save"
        page.evaluate(
            """token => new Promise((ready) => {
                document.addEventListener("tactful-ready", () => ready(), { once: true });
                document.querySelector("tactful-choices").setAttribute("token", token);
            })""",
            mint(origin=shop.origin),
        )
        expect(page.get_by_role("switch", name="Ads", exact=True)).to_be_checked()
        page.get_by_role("button", name="Save my choices").click()
        expect(page.get_by_role("status")).to_contain_text("Saved.")
        assert heard(page)[-1] == "tactful-saved"
        detail = page.evaluate("window.heard.at(-1)[1]")
    assert detail["on"] == ["ads"] and detail["changed"] is True


def _expiry(page: Page) -> int:
    """When the token on the page runs out, by its own claim."""
    told: int = page.evaluate(
        "JSON.parse(atob(document.querySelector('tactful-choices').getAttribute('token')"
        ".split('.')[1].replaceAll('-', '+').replaceAll('_', '/'))).exp"
    )
    return told


def test_without_the_server_the_widget_says_what_to_do_and_tries_again(
    shop: Shop, open_page: Open
) -> None:
    address = shop.page(mint(origin=shop.origin), "de")
    with open_page(address, expected=REFUSED) as page:
        expect(page.get_by_role("switch")).to_have_count(7)
        page.route("**/api/v1/consent/me*", lambda route: route.abort())
        page.get_by_role("switch", name="Werbung", exact=True).click()
        page.get_by_role("button", name="Meine Entscheidungen speichern").click()
        expect(page.get_by_role("status")).to_contain_text("nicht gespeichert")
        expect(page.get_by_role("switch", name="Werbung", exact=True)).to_be_checked()
        page.goto(address)
        expect(page.get_by_role("alert")).to_contain_text("konnten nicht geladen werden")
        page.unroute("**/api/v1/consent/me*")
        page.get_by_role("button", name="Noch einmal versuchen").click()
        expect(page.get_by_role("switch")).to_have_count(7)


@pytest.mark.node
@pytest.mark.parametrize("language", ["en", "de"])
def test_axe_finds_nothing_to_mend_in_the_shadow_root(
    shop: Shop, open_page: Open, axe: Callable[[Page], list[str]], language: str
) -> None:
    services.publish_notice(key="2026-11", texts=TEXTS, actor=STAGE)
    with open_page(shop.page(mint(origin=shop.origin), language), width=390) as page:
        expect(page.get_by_role("switch")).to_have_count(7)
        title = {"en": "Your choices", "de": "Ihre Entscheidungen"}[language]
        expect(page.get_by_role("heading", name=title)).to_be_visible()
        assert axe(page) == []
        page.get_by_role("button").first.click()
        expect(page.get_by_role("status")).not_to_be_empty()
        assert axe(page) == []
        assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
