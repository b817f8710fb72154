"""The pages of audits: the verdict with interval, n and limits; and nothing for another team."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from audits import services
from audits.models import Finding, Run
from audits.runner import perform_run
from audits.web.exports import measurements_csv, safe_cell
from tests.audits.conftest import DAY, STAGE, START, Stage, impressions


@pytest.fixture
def audited(stage: Stage, cast: Any, run_due: Callable[[], list[str]]) -> Stage:
    cast.join("carousel")
    stage.plan(limits_note="Chosen beforehand.")
    stage.push(stage.serving, impressions("learned", day=0, favourites=0.7))
    stage.push(stage.serving, impressions("learned", day=1))
    run_due()
    return stage


def text_of(client: Client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200, url
    return response.content.decode()


def test_every_page_opens_for_the_team_and_shows_nothing_to_another(
    audited: Stage, cast: Any
) -> None:
    run = Run.objects.order_by("window_start")[0]
    lists = [reverse(name) for name in ("audits", "audit_findings", "audit_outputs")]
    ada, eve = cast.sign_in(Client(), "ada"), cast.sign_in(Client(), "eve")
    for url in lists:
        assert "Carousel" in text_of(ada, url)
        assert "Carousel" not in text_of(eve, url)
    for url in (
        reverse("audit_plan", args=["exposure"]),
        reverse("audit_run", args=[run.pk]),
        reverse("audit_run_json", args=[run.pk]),
    ):
        assert ada.get(url).status_code == 200
        assert eve.get(url).status_code == 404


def test_a_run_shows_its_sentence_interval_n_limit_and_what_it_does_not_show(
    audited: Stage, cast: Any
) -> None:
    run = Run.objects.order_by("window_start")[0]
    assert run.report is not None
    page = text_of(cast.sign_in(Client(), "elif"), reverse("audit_run", args=[run.pk]))
    measured = run.report["measurements"][0]
    assert run.sentence in page.replace("&#x27;", "'")
    assert "limit: top share ≤ 0.30" in page
    assert f"n = {measured['n']:,}" in page
    assert "What this does not show" in page
    for limit in run.report["limits"]:
        assert limit in page.replace("&#x27;", "'")
    assert run.report["inputs"]["sha256"] in page
    assert "Chosen beforehand." in page
    assert page.count("chart-forest") >= 1


def test_a_plan_shows_its_windows_and_trend_against_the_limit(audited: Stage, cast: Any) -> None:
    page = text_of(cast.sign_in(Client(), "max"), reverse("audit_plan", args=["exposure"]))
    assert "chart-trend" in page
    assert "limit ≤ 0.30" in page
    assert page.count("verdict-fail") >= 1
    assert "the data were there already" in page
    assert "the level of every interval is corrected" in page


def test_an_open_run_shows_progress_until_it_ends(stage: Stage, cast: Any) -> None:
    cast.join("carousel")
    plan = stage.plan()
    stage.push(stage.serving, impressions("learned"))
    run = services.schedule_run(plan=plan, window_start=START, window_end=START + DAY, actor=STAGE)
    client = cast.sign_in(Client(), "max")
    page = text_of(client, reverse("audit_run", args=[run.pk]))
    assert reverse("audit_run_progress", args=[run.pk]) in page
    moving = client.get(reverse("audit_run_progress", args=[run.pk]))
    assert "HX-Refresh" not in moving
    assert "hx-get" in moving.content.decode()
    perform_run(str(run.pk))
    ended = client.get(reverse("audit_run_progress", args=[run.pk]))
    assert ended["HX-Refresh"] == "true"
    assert "hx-get" not in ended.content.decode()


def test_a_person_runs_pauses_and_cancels(audited: Stage, cast: Any) -> None:
    client = cast.sign_in(Client(), "max")
    answer = client.post(reverse("audit_plan_run", args=["exposure"]))
    run = Run.objects.get(purpose="on_demand")
    assert answer["Location"] == reverse("audit_run", args=[run.pk])
    assert run.window_start == START + 2 * DAY
    client.post(reverse("audit_run_cancel", args=[run.pk]))
    run.refresh_from_db()
    assert run.state == "cancelled"
    assert not perform_run(str(run.pk))
    watcher = cast.sign_in(Client(), "aud")
    assert watcher.post(reverse("audit_plan_run", args=["exposure"])).status_code == 403


def test_a_finding_goes_its_way_with_reasons(audited: Stage, cast: Any) -> None:
    finding = Finding.objects.get()
    client = cast.sign_in(Client(), "elif")
    move = reverse("audit_finding_move", args=[finding.pk])
    for state, note, after in (
        ("fixed", "", "open"),
        ("risk_accepted", "", "open"),
        ("accepted", "", "accepted"),
        ("in_remediation", "", "in_remediation"),
        ("fixed", "New exploration", "fixed"),
    ):
        client.post(move, {"state": state, "note": note})
        finding.refresh_from_db()
        assert finding.state == after
    client.post(
        reverse("audit_finding_assign", args=[finding.pk]),
        {"owner": str(cast.max.pk), "due": "2026-02-01"},
    )
    finding.refresh_from_db()
    assert finding.owner == cast.max


def test_an_export_holds_no_formula() -> None:
    hostile = {
        "metric": "=HYPERLINK(1)",
        "definition": "d/1",
        "slice": {"@SUM(1)": "x"},
        "comparison": None,
        "value": -0.5,
        "low": None,
        "high": None,
        "level": 0.95,
        "interval": "wilson",
        "n": 3,
        "unit": "rows",
        "threshold": None,
        "verdict": None,
        "missing": None,
        "note": "+1",
    }
    row = measurements_csv([hostile]).splitlines()[1]
    assert row.startswith("'=HYPERLINK(1),d/1,'@SUM(1)=x,,-0.5,")
    assert row.endswith("'+1")
    for start in "=+-@\t\r":
        assert str(safe_cell(f"{start}1"))[0] == "'"
    assert safe_cell(-1.5) == -1.5


def test_an_empty_room_says_what_to_do_next(db: None, cast: Any) -> None:
    client = cast.sign_in(Client(), "ada")
    assert "Make the first plan" in text_of(client, reverse("audits"))
    assert "No finding here" in text_of(client, reverse("audit_findings"))
    assert "No outputs have arrived" in text_of(client, reverse("audit_outputs"))


def test_what_waits_is_on_the_desk_of_those_who_decide(audited: Stage, cast: Any) -> None:
    from audits.desk import AuditAgenda, PlanSearch

    agenda, search = AuditAgenda(), PlanSearch()
    finding = Finding.objects.get()
    (item,) = agenda.items(cast.actor("elif"))
    assert (item.title, item.reason) == (finding.plan.title, finding.sentence)
    assert agenda.items(cast.actor("eve")) == []
    assert [hit.kind for hit in search.search(cast.actor("ada"), "spread", 5)] == ["Audit plan"]
    assert search.search(cast.actor("eve"), "spread", 5) == []


def test_the_clicks_a_fallback_gives_up_are_told_with_their_interval(stage: Stage) -> None:
    from audits.selectors import click_rates

    assert click_rates(stage.system).difference is None
    stage.push(stage.serving, impressions("learned", rows=1000))
    few = impressions("uniform", rows=1000)
    stage.push(stage.fallback, [{**row, "clicked": 0} for row in few])
    rates = click_rates(stage.system)
    assert rates.difference is not None
    assert (rates.difference.of, rates.difference.to) == ("learned", "uniform")
    assert rates.difference.value == pytest.approx(0.02)
    assert 0 < rates.difference.low < 0.02 < rates.difference.high
    assert "gives up" in rates.sentence
    stage.push(stage.fallback, impressions("uniform", day=1, rows=1000))
    again = click_rates(stage.system)
    assert "inconclusive" not in rates.sentence
    assert again.difference is not None
    assert again.difference.value == pytest.approx(0.01)


def test_the_system_page_has_an_audits_tab(audited: Stage, cast: Any, rf: Any) -> None:
    from audits.web.panel import system_panel

    request = rf.get("/")
    request.actor = cast.actor("ada")
    shown = system_panel(request, audited.system)
    assert "Newest verdict of each plan and version" in shown
    assert "Clicks by version" in shown
