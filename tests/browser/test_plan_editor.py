"""The plan editor in a real browser: by keyboard alone, on a phone, dark, without a script; axe."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from audits.models import Plan
from tests.audits.conftest import Stage, impressions, make_stage
from tests.browser.conftest import Open

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHONE, DESK = 390, 1280


@pytest.fixture
def stage(db: None, tmp_path: Any, settings: Any) -> Stage:
    settings.STORAGE_URL = (tmp_path / "storage").as_uri()
    stage = make_stage()
    rows = [
        {**row, "sex": "fm"[number % 2], "approved": number % 2}
        for number, row in enumerate(impressions("learned", rows=60))
    ]
    stage.push(stage.serving, rows)
    return stage


@pytest.fixture
def signed_in(cast: Any, stage: Stage, live_server: LiveServer) -> dict[str, Any]:
    """The state of Max's browser session, for `open_page`."""
    cast.join("carousel")
    client = cast.sign_in(Client(), "max")
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    return {
        "cookies": [
            {
                "name": settings.SESSION_COOKIE_NAME,
                "value": cookie.value,
                "url": live_server.url,
            }
        ],
        "origins": [],
    }


def address(live_server: LiveServer, name: str, *args: str, query: str = "") -> str:
    return f"{live_server.url}{reverse(name, args=args)}{query}"


def press_to(page: Page, wanted: str, most: int = 160) -> None:
    """Go on with the tab key until the element with this id has the focus."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == wanted:
            return
    raise AssertionError(f"the tab key never came to {wanted}")


def type_into(page: Page, field: str, text: str) -> None:
    press_to(page, field)
    page.keyboard.press("Control+A")
    page.keyboard.type(text)


def test_a_plan_is_made_by_keyboard_alone(
    live_server: LiveServer, open_page: Open, signed_in: dict[str, Any]
) -> None:
    url = address(live_server, "audit_plan_new")
    with open_page(url, storage_state=signed_in) as page:
        page.locator("#id_title").focus()
        page.keyboard.type("Are women selected as often as men?")
        type_into(page, "id_key", "by-keyboard")
        press_to(page, "id_system")
        with page.expect_response(lambda reply: reply.request.method == "POST"):
            page.keyboard.type("Car")  # the select jumps to Carousel, its columns follow
        expect(page.get_by_text("columns are known from the newest outputs")).to_be_visible()
        assert page.evaluate("document.activeElement.id") == "id_system"
        press_to(page, "preset_wanted")
        page.keyboard.type("Elig")
        press_to(page, "step-preset")
        page.keyboard.press("Enter")
        expect(page.locator("summary", has_text="Preset “Eligibility decisions”")).to_be_visible()
        expect(page.locator("#id_title")).to_have_value("Are women selected as often as men?")
        page.locator("#id_title").focus()
        press_to(page, "id_col_group_" + place_of(page, "sex"))
        page.keyboard.press("Space")
        press_to(page, "id_col_y_pred")
        page.keyboard.type("approved")
        type_into(page, "id_every", "1 day")
        press_to(page, "step-preview")
        page.keyboard.press("Enter")
        expect(page.get_by_text("The next windows").first).to_be_attached()
        assert page.evaluate("document.activeElement.id") == "step-preview"
        assert not Plan.objects.exists()
        press_to(page, "step-save")
        page.keyboard.press("Enter")
        page.wait_for_url("**/audits/plans/by-keyboard/")
    plan = Plan.objects.get()
    assert plan.columns["group"] == ["sex"]
    assert plan.columns["y_pred"] == ["approved"]
    assert plan.preset == "eligibility"


def place_of(page: Page, column: str) -> str:
    """The number that a column's checkbox ends in."""
    found = page.locator(f"input[name='col_group'][value='{column}']").get_attribute("id")
    assert found is not None
    return found.rpartition("_")[2]


def test_what_was_typed_stays_when_another_method_is_chosen(
    live_server: LiveServer, open_page: Open, signed_in: dict[str, Any]
) -> None:
    url = address(live_server, "audit_plan_new", query="?system=carousel")
    with open_page(url, storage_state=signed_in) as page:
        page.locator("#id_title").fill("Half a question")
        page.locator("#id_limits_note").fill("A note of some length.")
        page.locator("#id_method").select_option("fairness.pricing")
        expect(page.locator("#id_col_price")).to_be_visible()
        expect(page.locator("#id_title")).to_have_value("Half a question")
        expect(page.locator("#id_limits_note")).to_have_value("A note of some length.")
        expect(page.get_by_role("alert")).to_have_count(0)


def test_an_error_is_told_at_the_top_and_beside_its_field(
    live_server: LiveServer, open_page: Open, signed_in: dict[str, Any]
) -> None:
    url = address(live_server, "audit_plan_new", query="?system=carousel")
    with open_page(url, storage_state=signed_in) as page:
        page.locator("#id_key").fill("No Key")
        page.locator("#step-save").click()
        problems = page.get_by_role("alert")
        expect(problems).to_contain_text("The plan cannot be saved yet")
        problems.get_by_role("link", name="Key").click()
        assert page.evaluate("document.activeElement.id") == "id_key"
        expect(page.locator("#id_key")).to_have_attribute("aria-invalid", "true")
        expect(page.locator("#id_key")).to_have_value("No Key")


def test_the_editor_works_without_a_script(
    live_server: LiveServer, open_page: Open, signed_in: dict[str, Any]
) -> None:
    url = address(live_server, "audit_plan_new", query="?system=carousel&preset=eligibility")
    with open_page(url, storage_state=signed_in, script=False) as page:
        page.locator("#id_key").fill("no-script")
        page.get_by_label("sex", exact=True).first.check()
        page.locator("#id_col_y_pred").select_option("approved")
        page.locator("#step-limit").click()
        expect(page.locator("#id_key")).to_have_value("no-script")
        page.locator("#step-preview").click()
        expect(page.get_by_text("Reckoned for")).to_be_visible()
        page.locator("#step-save").click()
        page.wait_for_url("**/audits/plans/no-script/")
    assert Plan.objects.get().columns["group"] == ["sex"]


@pytest.mark.node
@pytest.mark.parametrize(("width", "dark"), [(PHONE, False), (PHONE, True), (DESK, True)])
def test_axe_finds_nothing_to_mend_and_nothing_is_cut_off(
    live_server: LiveServer,
    open_page: Open,
    axe: Callable[[Page], list[str]],
    signed_in: dict[str, Any],
    stage: Stage,
    width: int,
    dark: bool,
) -> None:
    stage.plan(on_breach="finding")
    pages = {
        "list": address(live_server, "audits"),
        "plan": address(live_server, "audit_plan", "exposure"),
        "new": address(live_server, "audit_plan_new", query="?system=carousel&preset=eligibility"),
        "change": address(live_server, "audit_plan_change", "exposure"),
        "question": address(live_server, "audit_plan_choose"),
        "choice": address(live_server, "audit_plan_choose", query="?what=prices&strata=yes"),
    }
    found: dict[str, list[str]] = {}
    with open_page(pages["list"], storage_state=signed_in, width=width, dark=dark) as page:
        for name, url in pages.items():
            page.goto(url)
            found[name] = [*axe(page), *too_wide(page)]
        page.goto(pages["new"])
        page.locator("#step-save").click()
        expect(page.get_by_role("alert")).to_be_visible()
        found["errors"] = [*axe(page), *too_wide(page)]
        page.goto(pages["change"])
        page.locator("#step-preview").click()
        expect(page.get_by_text("Reckoned for")).to_be_visible()
        found["preview"] = [*axe(page), *too_wide(page)]
    assert {name: problems for name, problems in found.items() if problems} == {}


def too_wide(page: Page) -> list[str]:
    """Whether the page itself scrolls sideways."""
    over = page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    return [f"{over} pixels too wide"] if over > 0 else []
