"""Every page of the house, for every role, found by its links: it opens, fits and can be read."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.chromium import AXE_RULES
from tests.clients.node.conftest import installed
from tests.demo.conftest import House
from tests.demo.crawl import Walk

__all__ = ["installed"]  # the fixture that holds axe-core

pytestmark = pytest.mark.browser

ROLES = (
    "product_owner",
    "privacy_lead",
    "dpo",
    "ethics_reviewer",
    "ml_engineer",
    "incident_commander",
    "auditor",
    "admin",
)
#: Whose pages every test run walks; those of the others come by `make trust`.
WALKED = ("product_owner", "privacy_lead", "incident_commander", "admin")
PHONE, DESK = 390, 1440
REACHED_BY_ALL = {
    "systems/<str:key>/",
    "systems/<str:key>/versions/<str:version_key>/",
    "audits/runs/<uuid:run_id>/",
    "incidents/<str:reference>/",
    "reviews/<uuid:review_id>/",
}
SignIn = Callable[..., AbstractContextManager[Page]]


@pytest.fixture
def sign_in(browser: Browser, house: House) -> SignIn:
    """`with sign_in("auditor", width=390, dark=True) as page`; errors in the console fail it."""

    @contextmanager
    def begin(role: str, *, width: int, dark: bool = False) -> Iterator[Page]:
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light"
        )
        page = context.new_page()
        problems: list[str] = []
        page.on("console", lambda one: problems.append(one.text) if one.type == "error" else None)
        (email,) = [one["email"] for one in house.demo["users"] if one["role"] == role]
        page.goto(f"{house.url}/accounts/login/")
        page.locator(f"form:has(input[value='{email}']) button").click()
        page.wait_for_url(f"{house.url}/")
        yield page
        context.close()
        assert problems == []

    return begin


def starts(house: House) -> list[str]:
    """The overview, and the longest report there is, which is not the first one linked."""
    runs = house.get("/api/v1/runs", plan="loan-selection")["results"]
    return ["/", *(f"/audits/runs/{run['id']}/" for run in runs[:1])]


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "role", [pytest.param(one, marks=() if one in WALKED else pytest.mark.trust) for one in ROLES]
)
def test_every_page_a_role_reaches_opens_and_fits_a_phone(
    role: str, house: House, sign_in: SignIn
) -> None:
    with sign_in(role, width=PHONE, dark=True) as page:
        walk = Walk(page, house.url)
        wide, untitled = [], []
        for path in walk.pages(*starts(house)):
            if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                wide.append(path)
            if page.locator("h1").count() != 1 or not page.title():
                untitled.append(path)
    assert walk.refused == {}
    assert wide == []
    assert untitled == []
    routes = {kind[0] for kind in walk.kinds}
    assert routes >= REACHED_BY_ALL


@pytest.mark.node
@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("role", "width", "dark"),
    [
        pytest.param("admin", DESK, False, marks=pytest.mark.trust),
        ("privacy_lead", PHONE, True),
    ],
)
def test_axe_finds_nothing_to_mend(
    role: str, width: int, dark: bool, house: House, sign_in: SignIn, installed: Path
) -> None:
    """Automated rules of WCAG 2.2 A and AA, with every folded part unfolded."""
    axe = (installed / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
    found: dict[str, str] = {}
    with sign_in(role, width=width, dark=dark) as page:
        for path in Walk(page, house.url).pages(*starts(house)):
            found |= {f"{rule} {html}": path for rule, html in violations(page, axe)}
    assert found == {}


def violations(page: Page, axe: str) -> Iterator[tuple[str, str]]:
    """(rule, element) of each violation on the open page."""
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    page.evaluate(axe)
    options = json.dumps({"runOnly": AXE_RULES, "resultTypes": ["violations"]})
    report: dict[str, Any] = page.evaluate(f"axe.run(document, {options})")
    for rule in report["violations"]:
        for node in rule["nodes"]:
            yield rule["id"], node["html"][:200]


def test_the_longest_report_stays_readable(house: House, sign_in: SignIn) -> None:
    """Hundreds of measurements: a page of them, the judged first, the rest a filter away."""
    with sign_in("ethics_reviewer", width=DESK) as page:
        page.goto(house.url + starts(house)[1])
        rows = page.locator("#measurements tbody tr")
        assert rows.count() == 50
        expect(rows.first.locator(".verdict")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollHeight") < 12_000
        page.get_by_label("Metric").select_option("accuracy")
        page.get_by_role("button", name="Apply").click()
        assert "metric=accuracy" in page.url
        assert rows.count() < 50
        assert set(rows.locator("td:first-child").all_inner_texts()) != set()
        page.get_by_role("link", name="Next").wait_for(state="detached")


def test_a_keyboard_reaches_the_content_and_the_menu(house: House, sign_in: SignIn) -> None:
    with sign_in("product_owner", width=DESK) as page:
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator("#content")).to_be_focused()
        page.keyboard.press("g")
        page.keyboard.press("s")
        page.wait_for_url(f"{house.url}/systems/")
        page.keyboard.press("/")
        expect(page.get_by_role("searchbox", name="Search systems")).to_be_focused()


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
