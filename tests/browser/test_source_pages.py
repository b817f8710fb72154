"""From a CSV with its own names to outputs, and from an empty vault to a permitted plan."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page, expect

from audits.models import OutputBatch, Source, VaultAccess, VaultPermit
from governance.core.clock import database_now
from tests.audits.conftest import START, make_stage
from tests.browser.conftest import Open

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

CSV = "Applicant ID,Race,Decision,Income,Comment\n" + "".join(
    f"A-{n:04d},{('Black', 'White', 'Asian')[n % 3] if n % 97 else 'Other'},{int(n % 3 == 0)},"
    f'{20_000 + 13 * n},"note, {n}"\n'
    for n in range(600)
)


@pytest.fixture
def carousel(tmp_path: Path, settings: Any) -> Any:
    settings.STORAGE_URL = (tmp_path / "storage").as_uri()
    return make_stage()


def signed_in(cast: Any, name: str, address: str) -> dict[str, Any]:
    """What a browser context needs to be somebody."""
    client = cast.sign_in(Client(), name)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    host = address.split("//", 1)[1].split(":", 1)[0]
    named = {"name": settings.SESSION_COOKIE_NAME, "value": cookie, "domain": host, "path": "/"}
    return {"storage_state": {"cookies": [named], "origins": []}}


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def test_a_csv_becomes_outputs_by_hand(
    carousel: Any,
    cast: Any,
    live_server: Any,
    open_page: Open,
    axe: Callable[[Page], list[str]],
    tmp_path: Path,
) -> None:
    cast.join("carousel")
    file = tmp_path / "loans.csv"
    file.write_text(CSV)
    somebody = signed_in(cast, "max", live_server.url)
    begin = live_server.url + reverse("audit_outputs")
    with open_page(begin, **somebody) as page:
        page.get_by_role("link", name="Connect a source").first.click()
        assert axe(page) == []
        page.get_by_role("link", name="Upload a file or send rows").click()
        page.get_by_label("Title").fill("Loan decisions")
        page.get_by_role("textbox", name="Key").fill("loans")
        page.get_by_label("System", exact=True).select_option("carousel")
        page.get_by_label("What a row is").select_option("decisions")
        page.get_by_label("A file to begin with").set_input_files(str(file))
        assert axe(page) == []
        page.get_by_role("button", name="Make the source").click()
        expect(page.get_by_role("heading", name="What do the columns mean?")).to_be_visible()
        assert page.get_by_label("Role of Applicant ID").input_value() == "subject"
        assert page.get_by_label("Role of Race").input_value() == "group"
        assert page.get_by_label("Role of Decision").input_value() == "y_pred"
        checks = page.locator("#checks")
        expect(checks).to_contain_text("Groups of 'Race' with fewer than 30 rows: Other (7)")
        expect(checks).to_contain_text("Left out, never stored: Income, Comment.")
        page.get_by_label("Role of Income").select_option("occurred_at")
        expect(page.locator("#checks")).to_contain_text("times need a zone")
        page.get_by_label("Role of Income").select_option("control")
        expect(page.locator("#checks")).not_to_contain_text("times need a zone")
        assert axe(page) == []
        page.get_by_label("When they occurred, in UTC").fill("2026-01-05T12:00")
        page.get_by_role("button", name="Save and take the file in").click()
        expect(page.get_by_text("600 outputs of carousel are in.")).to_be_visible()
        expect(page.get_by_role("heading", name="Newest batches")).to_be_visible()
        assert axe(page) == []
        place = page.url
    batch = OutputBatch.objects.get()
    assert batch.source == Source.objects.get()
    assert set(batch.columns) == {
        "subject", "Race", "y_pred", "Income", "output_id", "occurred_at"
    }  # fmt: skip
    for dark in (False, True):
        with open_page(place, width=390, dark=dark, **somebody) as page:
            assert axe(page) == []
            assert fits(page)


def test_an_attribute_is_declared_loaded_and_permitted_by_hand(
    carousel: Any,
    cast: Any,
    live_server: Any,
    open_page: Open,
    axe: Callable[[Page], list[str]],
    tmp_path: Path,
) -> None:
    cast.join("carousel")
    plan = carousel.plan(ends_at=START + timedelta(days=3))
    type(plan).objects.filter(pk=plan.pk).update(vault_attributes=["origin"])
    values = tmp_path / "values.csv"
    values.write_text("subject,value\nperson-1,north\nperson-2,south\n")
    somebody = signed_in(cast, "pia", live_server.url)
    with open_page(live_server.url + reverse("audit_vault"), **somebody) as page:
        expect(page.get_by_role("heading", name="The vault is empty")).to_be_visible()
        assert axe(page) == []
        page.get_by_role("link", name="Declare an attribute").first.click()
        page.get_by_label("Title").fill("Origin as people told it")
        page.get_by_role("textbox", name="Key").fill("origin")
        page.get_by_label("Why fairness cannot be judged without it").fill("Nobody could see it.")
        page.get_by_label("Condition of Article 9 GDPR").select_option("explicit_consent")
        page.get_by_label("Impact assessment").fill("https://example.org/dpia/12")
        until = database_now() + timedelta(days=90)
        page.get_by_label("Held until").fill(f"{until:%Y-%m-%d}")
        assert axe(page) == []
        page.get_by_role("button", name="Declare it").click()
        expect(page.get_by_text("No values yet")).to_be_visible()
        page.get_by_label("A file with the columns subject and value").set_input_files(str(values))
        page.get_by_label("Where do they come from?").fill("The survey of January")
        page.get_by_role("button", name="Load", exact=True).click()
        expect(page.get_by_text("2 people have a value")).to_be_visible()
        page.locator("summary", has_text="Permit").click()
        page.get_by_label("Why does the plan need it?").fill("The yearly audit")
        page.get_by_role("button", name="Permit it").click()
        expect(page.get_by_text("Permitted", exact=True)).to_be_visible()
        expect(page.get_by_role("table", name="Access log")).to_contain_text(
            "The survey of January"
        )
        assert axe(page) == []
        place = page.url
    assert VaultPermit.objects.get().plan == plan
    assert VaultAccess.objects.get().subjects == 2
    for dark in (False, True):
        with open_page(place, width=390, dark=dark, **somebody) as page:
            assert axe(page) == []
            assert fits(page)
