"""The whole way of one audit in a real browser, as the ML engineer: a file in, a report out.

Upload a CSV with names of one's own, say what its columns mean, set a limit and a schedule, see the
run live, read the verdict, take the report away as PDF.
"""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.demo.conftest import House
from tests.demo.test_walk import signed_in

pytestmark = pytest.mark.browser

SYSTEM = "loan-eligibility"
DAYS, PEOPLE = 3, 1_200
ROLES = {
    "case": "Id of the output",
    "moment": "When it happened",
    "applicant": "The person",
    "sex": None,  # the group: its title is the room's own
    "granted": "What was decided (0 or 1)",
}
#: Of men one in two is selected, of women three in ten: a ratio of 0.6.
SELECTED = {"man": 5, "woman": 3}


def decisions(first: datetime) -> bytes:
    """Three days of decisions, one row a person, as a spreadsheet would save them."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(ROLES)
    for day in range(DAYS):
        for number in range(PEOPLE):
            sex = "man" if number % 2 else "woman"
            granted = int((number // 2) % 10 < SELECTED[sex])
            moment = first + timedelta(days=day, minutes=number)
            who = f"{day}-{number}"
            writer.writerow([f"case-{who}", moment.isoformat(), f"person-{who}", sex, granted])
    return out.getvalue().encode()


def test_a_file_becomes_a_plan_a_live_run_and_a_report(browser: Browser, house: House) -> None:
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    first = midnight - timedelta(days=200)  # a stretch of time the demo's own logs do not touch
    with signed_in(browser, house, "Max Weber") as page:
        page.set_default_timeout(30_000)
        upload(page, house, decisions(first))
        version = name_columns(page)
        page.get_by_role("link", name="Plan an audit").click()
        plan(page, first, version)
        see_it_run(page)
        take_the_report(page)


def upload(page: Page, house: House, data: bytes) -> None:
    page.goto(f"{house.url}/audits/outputs/")
    page.get_by_role("link", name="Connect a source").first.click()
    page.locator("a[href*='origin=pushed']").click()
    page.get_by_role("textbox", name="Title").fill("Loan decisions of the branch")
    page.get_by_role("textbox", name="Key").fill("branch-loans")
    page.get_by_role("combobox", name="System").select_option(SYSTEM)
    page.get_by_label("What a row is").select_option("decisions")
    page.get_by_label("A file to begin with").set_input_files(
        {"name": "loans.csv", "mimeType": "text/csv", "buffer": data}
    )
    page.get_by_role("button", name="Make the source").click()


def name_columns(page: Page) -> str:
    """Give each column its role; returns the version that the rows are said to be of."""
    expect(page.get_by_role("heading", name="What do the columns mean?")).to_be_visible()
    for column, title in ROLES.items():
        role = page.get_by_label(f"Role of {column}", exact=True)
        if title is None:
            role.select_option("group")
        else:
            role.select_option(label=title)
    expect(page.locator("#checks").get_by_label("Problem")).to_have_count(0)
    version = page.get_by_label("Version that produced these rows").input_value()
    assert version
    page.get_by_role("button", name="Save and take the file in").click()
    expect(page.get_by_text(f"{DAYS * PEOPLE:,}").first).to_be_visible()
    return version


def plan(page: Page, first: datetime, version: str) -> None:
    """From the preset for decisions to a daily plan against four fifths."""
    expect(page.locator("#id_system")).to_have_value(SYSTEM)
    expect(page.locator("#id_source")).to_have_value("branch-loans")
    page.locator("#preset_wanted").select_option("eligibility")
    page.locator("#step-preset").click()
    expect(page.locator("summary", has_text="Preset “Eligibility decisions”")).to_be_visible()
    page.locator("#id_title").fill("Are women granted a loan as often as men?")
    page.locator("#id_key").fill("branch-equal")
    page.locator("#id_version").select_option(version)
    expect(page.locator("input[name='col_group'][value='sex']")).to_be_checked()
    limit = page.get_by_role("group", name="Limit 2", exact=True)
    expect(limit.get_by_label("Limit 2: metric")).to_have_value("selection_rate_ratio")
    limit.get_by_label("Limit 2: value").fill("0.80")
    page.locator("#id_every").fill("1 day")
    page.locator("#id_lateness").fill("")
    page.locator("#id_starts_at").fill(f"{first:%Y-%m-%dT%H:%M}")
    page.locator("#id_ends_at").fill(f"{first + timedelta(days=DAYS):%Y-%m-%dT%H:%M}")
    page.locator("#id_backfill").check()
    page.locator("#id_people").fill(str(PEOPLE // 2))
    page.locator("#step-preview").click()
    expect(page.get_by_text("Every day at 00:00, UTC")).to_be_visible()
    expect(page.get_by_text(f"{DAYS} windows in all")).to_be_visible()
    expect(page.get_by_text("are too few").first).to_be_visible()
    page.locator("#step-save").click()
    expect(page.get_by_role("heading", name="Are women granted a loan")).to_be_visible()
    for _ in range(60):  # the scheduler finds the due windows by itself
        if page.locator("#windows tbody tr").count() == DAYS:
            return
        page.wait_for_timeout(1_000)
        page.reload()
    raise AssertionError("the three due windows were not scheduled in a minute")


def see_it_run(page: Page) -> None:
    """Ask for one more run and watch it end without loading the page again."""
    page.get_by_role("button", name="Run now").click()
    page.wait_for_url(re.compile("/audits/runs/"))
    sentence = page.locator("#verdict-sentence")
    expect(sentence).to_be_visible(timeout=120_000)
    expect(sentence).to_contain_text("0.60 times as often")
    expect(sentence).to_contain_text("interval")
    expect(sentence).to_contain_text("the limit is 0.80: fail")


def take_the_report(page: Page) -> None:
    """The report says what it does not show, and leaves as a PDF."""
    expect(page.get_by_text("What this does not show").first).to_be_visible()
    with page.expect_download(timeout=120_000) as waiting:
        page.get_by_role("link", name="PDF").click()
    written = waiting.value.path().read_bytes()
    assert written.startswith(b"%PDF-")
    assert len(written) > 10_000
