"""The demo's breach all the way, in a real browser: from the alert to what anybody can verify.

What runs unattended is read on the incident's page; people then lift the hold, write and freeze the
post-mortem, and a program that knows nothing of Tactful checks what was published.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.demo.conftest import ROOT, House
from tests.demo.test_walk import WHY_SAFE, signed_in, wait_until_verified

pytestmark = pytest.mark.browser

REFERENCE = "INC-0001"
VERIFIER = ROOT / "docs" / "verify_post_mortem.py"


def test_the_breach_ends_in_a_post_mortem_that_anybody_can_verify(
    browser: Browser, house: House, tmp_path: Path
) -> None:
    with signed_in(browser, house, "Ivo Horvat") as page:
        read_what_ran_unattended(page, house)
        why = "The fallback is audited and passes."
        lift(page, house, "Propose to lift the hold", why, "another person confirms")
    with signed_in(browser, house, "Elif Kaya") as page:
        why = "I read the audit of the fallback."
        lift(page, house, "Confirm and lift the hold", why, "The hold is lifted.")
        wait_until_resolved(page, house)
        write_post_mortem(page, house)
        propose_to_publish(page)
    with signed_in(browser, house, "Ivo Horvat") as page:
        page.goto(f"{house.url}/incidents/{REFERENCE}/post-mortem/")
        page.get_by_role("button", name="Confirm and freeze").click()
        expect(page.get_by_text(re.compile("^Frozen .*published")).first).to_be_visible()
        page.get_by_role("link", name="Read it as the public does").click()
        expect(page.get_by_role("heading", name="Verify it")).to_be_visible()
        key = page.locator("#verify .key").inner_text()
    verify(house, key, tmp_path)


def read_what_ran_unattended(page: Page, house: House) -> None:
    """Held, told, on the fallback, confirmed by the storefront itself, and audited."""
    wait_until_verified(page, house)
    timeline = page.locator("#timeline")
    for sentence in (
        "is held: people get the non-profiled variant",
        "Told: ",
        "The serving version is now uniform.",
        "The audit of uniform ended: pass.",
    ):
        expect(timeline.get_by_text(sentence).first).to_be_visible()
    expect(page.locator("#containment").get_by_text("Confirmed").first).to_be_visible()
    expect(page.locator("#clocks dt", has_text="Contained").first).to_be_visible()


def lift(page: Page, house: House, button: str, reason: str, told: str) -> None:
    """One person's part of lifting; nothing where two people did it before."""
    page.goto(f"{house.url}/incidents/{REFERENCE}/")
    asked = page.get_by_role("button", name=button)
    if asked.count():
        page.get_by_label(WHY_SAFE).fill(reason)
        asked.click()
        expect(page.get_by_text(told).first).to_be_visible()


def wait_until_resolved(page: Page, house: House) -> None:
    for _ in range(60):  # the news of the lifted hold arrives by itself
        page.goto(f"{house.url}/incidents/{REFERENCE}/")
        if page.get_by_role("link", name="Post-mortem").count():
            return
        page.wait_for_timeout(500)
    raise AssertionError("the incident was not resolved in half a minute")


def write_post_mortem(page: Page, house: House) -> None:
    """Say what the record does not know; what it knows stands there already."""
    page.goto(f"{house.url}/incidents/{REFERENCE}/post-mortem/")
    expect(page.locator("#timeline textarea").first).to_have_value(re.compile("is held"))
    while True:
        wanted = page.locator("section.card:has(h2:text('Freeze it')) li")
        if not wanted.count():
            return
        title = wanted.first.inner_text()
        page.get_by_label(title, exact=True).fill(f"{title}: nothing but the carousel of the demo.")
        section = page.locator("section.card", has=page.get_by_label(title, exact=True))
        section.get_by_role("button", name="Save this section").click()
        expect(wanted.get_by_text(title, exact=True)).to_have_count(0)


def propose_to_publish(page: Page) -> None:
    page.get_by_label("Published", exact=True).check()
    page.get_by_label("Why?").fill("People saw these items and may know why.")
    page.get_by_role("button", name="Propose to freeze it").click()
    expect(page.get_by_text("Proposed. Another person has to confirm it.")).to_be_visible()


def verify(house: House, key: str, folder: Path) -> None:
    """Offline, with the file and the key alone; a changed word fails."""
    for _ in range(60):  # the ledger is sealed a moment after the entry
        bundle = httpx.get(f"{house.url}/post-mortems/{REFERENCE}/document.json").json()
        if bundle["proof"] is not None:
            break
    assert checked(bundle, key, folder).returncode == 0, checked(bundle, key, folder).stdout
    changed = json.loads(json.dumps(bundle).replace("carousel", "calendar"))
    assert changed != bundle
    assert checked(changed, key, folder).returncode == 1


def checked(bundle: object, key: str, folder: Path) -> subprocess.CompletedProcess[str]:
    file = folder / "bundle.json"
    file.write_text(json.dumps(bundle), encoding="utf-8")
    return subprocess.run(
        [sys.executable, VERIFIER, file, "--key", key],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
