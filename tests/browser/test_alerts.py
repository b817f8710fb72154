"""The pages of alerts in a real browser: light, dark and on a phone; the delay while one writes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from audits import services
from audits.models import Alert, AlertStep
from audits.runner import perform_run
from tests.audits.alert_stage import weigh
from tests.audits.conftest import DAY, START, impressions, make_stage
from tests.browser.conftest import Open

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHONE, DESK = 390, 1280
DAYS = 8


@pytest.fixture
def firing(db: None, tmp_path: Any, settings: Any) -> Alert:
    settings.STORAGE_URL = (tmp_path / "storage").as_uri()
    stage = make_stage()
    plan = stage.plan(ends_at=START + DAYS * DAY, planned_looks=DAYS)
    for day in range(DAYS):
        share = 0.0 if day < 5 else 0.22 + 0.05 * day
        stage.push(stage.serving, impressions("learned", day=day, favourites=share))
    for run in services.schedule_due_runs():
        perform_run(str(run.pk))
    (alert,) = weigh(plan)
    return alert


@pytest.fixture
def session(cast: Any, firing: Alert, live_server: LiveServer) -> dict[str, Any]:
    """Elif's browser session."""
    cast.join("carousel")
    client = cast.sign_in(Client(), "elif")
    name = settings.SESSION_COOKIE_NAME
    cookie = {"name": name, "value": client.cookies[name].value, "url": live_server.url}
    return {"cookies": [cookie], "origins": []}


def test_the_pages_of_alerts_have_nothing_to_mend_on_any_screen(
    live_server: LiveServer,
    open_page: Open,
    session: dict[str, Any],
    firing: Alert,
    axe: Callable[[Page], list[str]],
) -> None:
    pages = {
        "list": reverse("audit_alerts") + "?status=",
        "alert": reverse("audit_alert", args=[firing.pk]),
        "rule": reverse("audit_alert_rule", args=[firing.stream.rule_id]),
    }
    assert AlertStep.objects.count() == DAYS
    for path in pages.values():
        for width, dark in ((DESK, False), (DESK, True), (PHONE, False)):
            shown = f"{live_server.url}{path}"
            with open_page(shown, width=width, dark=dark, storage_state=session) as page:
                assert page.evaluate("document.documentElement.scrollWidth") <= width
                assert axe(page) == []


def test_the_delay_to_expect_follows_what_is_written(
    live_server: LiveServer, open_page: Open, session: dict[str, Any], firing: Alert
) -> None:
    path = reverse("audit_alert_rule", args=[firing.stream.rule_id])
    with open_page(f"{live_server.url}{path}", storage_state=session) as page:
        told = page.locator("#expected")
        expect(told).to_contain_text("A shift this large is seen after about")
        page.locator("#id_shift").fill("0.0001")
        page.locator("#id_shift").blur()
        expect(told).to_contain_text("would mostly not be seen")
        page.locator("#id_shift").fill("0")
        page.locator("#id_shift").blur()
        expect(told).to_contain_text("shift is above 0")
