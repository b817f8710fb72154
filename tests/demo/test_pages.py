"""Every page of the house, once: it opens, nothing breaks the policy, nothing runs off a phone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.demo.conftest import House
from tests.optional_parts import find_part

pytestmark = pytest.mark.browser

PAGES = (
    "/",
    "/agenda/",
    "/search/?q=fashion",
    "/systems/",
    "/systems/fashion-carousel/",
    "/systems/fashion-carousel/ship/thompson/",
    "/systems/loan-eligibility/edit/",
    "/register/features/",
    "/register/features/item-clicks/",
    "/register/flows/",
    "/register/purposes/",
    "/reviews/",
    "/audits/",
    "/audits/plans/fashion-exposure/",
    "/audits/plans/loan-selection/",
    "/audits/findings/",
    "/audits/outputs/",
    "/incidents/",
    "/incidents/INC-0001/",
    "/incidents/new/",
    "/consent/",
    "/consent/playground/?system=fashion-carousel&region=DE",
    "/evidence/",
    "/settings/",
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=find_part("browser"), args=["--no-sandbox", "--disable-gpu"]
        )
        yield opened
        opened.close()


@pytest.fixture
def problems() -> list[str]:
    return []


@pytest.fixture
def admin(browser: Browser, house: House, problems: list[str]) -> Iterator[Page]:
    """The administrator on a phone, in the dark."""
    context = browser.new_context(viewport={"width": 390, "height": 800}, color_scheme="dark")
    page = context.new_page()
    page.on("console", lambda line: problems.append(line.text) if line.type == "error" else None)
    page.goto(f"{house.url}/accounts/login/")
    page.get_by_role("button", name="Root Admin").click()
    page.wait_for_url(f"{house.url}/")
    yield page
    context.close()


def test_every_page_opens_on_a_phone_without_running_off_its_side(
    admin: Page, house: House, problems: list[str]
) -> None:
    for path in PAGES:
        answer = admin.goto(f"{house.url}{path}")
        assert answer is not None
        assert answer.status == 200, path
        assert admin.title(), path
        wide = admin.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, f"{path} runs {wide} px off the side"
        assert problems == [], path


def test_one_click_either_way_without_a_script_and_in_both_languages(
    browser: Browser, house: House
) -> None:
    """The preference centre as a person opens it: off and on are one step each, side by side."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{house.url}/accounts/login/")
    page.get_by_role("button", name="Pia Lindqvist").click()
    page.goto(f"{house.url}/consent/")
    page.locator("form[action$='/consent/try/'] button").click()
    for answer in ("on", "off"):
        page.locator(f"button[name=all][value={answer}]").click()
        expect(page.get_by_role("status")).to_be_visible()
        switches = page.get_by_role("switch")
        assert switches.count() == 7
        assert page.locator("input[name=type]:checked").count() == (7 if answer == "on" else 0)
    page.locator("a[hreflang=de]").click()
    expect(page.locator("html")).to_have_attribute("lang", "de")
    context.close()
