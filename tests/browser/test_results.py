"""Runs, findings, comparisons and reports in a real browser: every screen, print, keyboard; axe."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from audits import services
from audits.models import Finding, Run
from audits.reports.assembling import content_of_run
from audits.reports.html import report_html
from audits.runner import perform_run
from tests.audits.conftest import DAY, STAGE, START, make_stage
from tests.audits.test_run_pages import decisions
from tests.browser.conftest import Open

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHONE, DESK = 390, 1280


@pytest.fixture
def audited(db: None, cast: Any, tmp_path: Any, settings: Any) -> list[Run]:
    """Two audited windows, the first beyond its limit, and one without outputs."""
    settings.STORAGE_URL = (tmp_path / "storage").as_uri()
    stage = make_stage()
    cast.join("carousel")
    stage.plan(
        method="fairness.groups",
        parameters={},
        columns={"y_pred": ["y_pred"], "group": ["band", "region"], "subject": ["subject"]},
        limits=["selection_rate_ratio>=0.80"],
        limits_note="Chosen beforehand.",
        on_breach="finding",
    )
    rows = decisions(0, 0.4)
    for place, row in enumerate(rows[:12]):
        row["band"] = ("a rare group with a long name", "another one")[place % 2]
    stage.push(stage.serving, rows)
    stage.push(stage.serving, decisions(1, 0.0))
    for run in services.schedule_due_runs():
        perform_run(str(run.pk))
    elif_ = cast.actor("elif")
    finding = Finding.objects.order_by("run__window_start", "position")[0]
    one = services.plan_remediation(
        finding=finding, kind="serving", description="Explore more", actor=elif_
    )
    one = services.move_remediation(remediation=one, state="done", actor=elif_)
    services.schedule_run(
        plan=finding.plan, window_start=START, window_end=START + DAY, actor=STAGE
    )
    return list(Run.objects.order_by("purpose", "-window_start"))


@pytest.fixture
def session(cast: Any, audited: list[Run], live_server: LiveServer) -> dict[str, Any]:
    """Elif's browser session."""
    client = cast.sign_in(Client(), "elif")
    name = settings.SESSION_COOKIE_NAME
    cookie = {"name": name, "value": client.cookies[name].value, "url": live_server.url}
    return {"cookies": [cookie], "origins": []}


def addresses() -> dict[str, str]:
    finished = list(Run.objects.filter(state="succeeded").order_by("window_start"))
    failed, waiting = Run.objects.get(state="error"), Run.objects.get(state="queued")
    first, second = finished[0].pk, finished[1].pk
    finding = Finding.objects.filter(remediations__isnull=False)[0]
    return {
        "run": reverse("audit_run", args=[first]),
        "error": reverse("audit_run", args=[failed.pk]),
        "waiting": reverse("audit_run", args=[waiting.pk]),
        "what-if": reverse("audit_run_what_if", args=[first]),
        "compare": f"{reverse('audit_compare')}?a={first}&b={second}",
        "findings": reverse("audit_findings"),
        "finding": reverse("audit_finding", args=[finding.pk]),
        "period": reverse("audit_plan_report", args=["exposure"])
        + "?since=2026-01-05&until=2026-01-08",
    }


@pytest.mark.parametrize(
    "names",
    [("run", "error", "waiting", "what-if"), ("compare", "findings", "finding", "period")],
    ids=["runs", "what follows"],
)
def test_the_pages_of_results_have_nothing_to_mend_on_any_screen(
    live_server: LiveServer,
    open_page: Open,
    session: dict[str, Any],
    axe: Callable[[Page], list[str]],
    names: tuple[str, ...],
) -> None:
    paths = addresses()
    for name in names:
        for width, dark in ((DESK, False), (PHONE, True)):
            shown = f"{live_server.url}{paths[name]}"
            with open_page(shown, width=width, dark=dark, storage_state=session) as page:
                assert page.evaluate("document.documentElement.scrollWidth") <= width, name
                assert axe(page) == [], name


def test_a_report_that_stands_alone_reads_on_screen_and_on_paper(
    browser: Browser,
    audited: list[Run],
    tmp_path: Path,
    axe: Callable[[Page], list[str]],
) -> None:
    run = Run.objects.filter(verdict="fail")[0]
    file = tmp_path / "report.html"
    file.write_text(report_html(content_of_run(run)), encoding="utf-8")
    for width, dark in ((DESK, False), (PHONE, True)):
        context = browser.new_context(
            viewport={"width": width, "height": 800}, color_scheme="dark" if dark else "light"
        )
        page = context.new_page()
        page.goto(file.as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert axe(page) == []
        assert page.evaluate("performance.getEntriesByType('resource').length") == 0
        page.emulate_media(media="print")
        assert page.locator("details").first.is_hidden()
        context.close()


def test_a_finding_is_brought_forward_by_keyboard_alone(
    live_server: LiveServer, open_page: Open, session: dict[str, Any]
) -> None:
    with open_page(f"{live_server.url}{addresses()['finding']}", storage_state=session) as page:
        page.get_by_label("The finding becomes").focus()
        page.keyboard.press("a")
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.get_by_text("The finding is now accepted.")).to_be_visible()


def test_a_waiting_run_is_cancelled_only_after_its_effect_was_read(
    live_server: LiveServer, open_page: Open, session: dict[str, Any]
) -> None:
    with open_page(f"{live_server.url}{addresses()['waiting']}", storage_state=session) as page:
        effect = page.get_by_text("The run stops and nothing of it is published.")
        expect(effect).to_be_hidden()
        page.get_by_text("Cancel this run").first.click()
        expect(effect).to_be_visible()
        page.get_by_label("Reason").fill("The wrong window")
        page.get_by_role("button", name="Cancel this run").click()
        expect(page.get_by_role("heading", name="The run was cancelled")).to_be_visible()
