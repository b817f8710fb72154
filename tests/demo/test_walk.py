"""A person's walk through the fashion system in a real browser, from sign-in to a lifted hold."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.demo.conftest import House

pytestmark = pytest.mark.browser
WHY_SAFE = "What makes it safe to personalise again?"


@contextmanager
def signed_in(browser: Browser, house: House, name: str) -> Iterator[Page]:
    """A page of a person who came in by one click; any error in the console fails the walk."""
    context = browser.new_context(viewport={"width": 1360, "height": 900})
    page = context.new_page()
    problems: list[str] = []
    page.on("console", lambda line: problems.append(line.text) if line.type == "error" else None)
    page.goto(f"{house.url}/accounts/login/")
    page.get_by_role("button", name=name).click()
    page.wait_for_url(f"{house.url}/")
    yield page
    context.close()
    assert problems == []


def wait_until_verified(page: Page, house: House) -> None:
    for _ in range(60):
        page.goto(f"{house.url}/incidents/INC-0001/")
        if page.get_by_text("The audit of uniform ended: pass.").count():
            return
        page.wait_for_timeout(1_000)
    raise AssertionError("the fallback was not verified in a minute")


def test_the_overview_leads_to_the_failed_window_with_interval_n_and_limit(
    browser: Browser, house: House
) -> None:
    with signed_in(browser, house, "Max Weber") as page:
        expect(page.get_by_text(re.compile(r"1 of 2 systems may personalise"))).to_have_count(2)
        rows = page.locator("#verdicts tr", has_text="version thompson")
        rows.get_by_role("link", name="How concentrated").click()
        sentence = page.locator("#verdict-sentence")
        expect(sentence).to_contain_text("interval")
        expect(sentence).to_contain_text("the limit is 0.30: fail")
        expect(page.get_by_text("n = ", exact=False).first).to_be_visible()
        expect(page.get_by_text("What this does not show")).to_be_visible()


def test_the_storefront_serves_the_fallback_while_the_system_is_held(
    browser: Browser, house: House
) -> None:
    with signed_in(browser, house, "Ivo Horvat") as page:
        page.get_by_role("link", name=re.compile("INC-0001")).first.click()
        expect(page.get_by_text("Held", exact=True).first).to_be_visible()
        page.goto(house.storefront)
        expect(page.locator("#version")).to_have_text("uniform")
        expect(page.locator("#answer")).to_have_text("may not personalise")


def test_two_people_lift_the_hold_and_one_cannot(browser: Browser, house: House) -> None:
    with signed_in(browser, house, "Ivo Horvat") as page:
        wait_until_verified(page, house)
        page.get_by_label(WHY_SAFE).fill("The fallback is audited and passes.")
        page.get_by_role("button", name="Propose to lift the hold").click()
        expect(
            page.get_by_text("You proposed to lift it; another person confirms.")
        ).to_be_visible()
        expect(page.get_by_role("button", name="Confirm and lift the hold")).to_have_count(0)
        expect(page.get_by_text("Held", exact=True).first).to_be_visible()
    with signed_in(browser, house, "Elif Kaya") as page:
        page.goto(f"{house.url}/incidents/INC-0001/")
        page.get_by_label(WHY_SAFE).fill("I read the audit of the fallback.")
        page.get_by_role("button", name="Confirm and lift the hold").click()
        expect(page.get_by_text("The hold is lifted.")).to_be_visible()
        page.goto(house.storefront)
        expect(page.locator("#answer")).to_have_text("may personalise")


def test_editing_a_feature_makes_the_approval_stale_and_the_gate_names_it(
    browser: Browser, house: House
) -> None:
    with signed_in(browser, house, "Max Weber") as page:
        ship = f"{house.url}/systems/fashion-carousel/ship/thompson/"
        page.goto(ship)
        expect(page.get_by_text("is stale")).to_have_count(0)
        page.goto(f"{house.url}/register/features/item-clicks/edit/")
        page.get_by_label("Title").fill("Clicks of each item, by region")
        page.get_by_role("button", name="Save").click()
        page.goto(ship)
        expect(page.get_by_text(re.compile(r"stale.*item-clicks")).first).to_be_visible()
