"""The page of a run: groups, errors in words, comparison, and what if the limits were others."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audits import services
from audits.models import Plan, Run
from audits.presentation.troubles import explain_trouble
from audits.reports.comparing import counterpart_of, paired
from audits.runner import perform_run
from tests.audits.conftest import DAY, STAGE, START, Stage, impressions

ROOT = Path(__file__).resolve().parents[2]


def decisions(day: int, gap: float, version: str = "learned") -> list[dict[str, Any]]:
    """A day's decisions about people of two groups and two regions."""
    draw = np.random.default_rng(day)
    rows = []
    for number in range(600):
        group, region = "ab"[number % 2], ("north", "south")[number // 2 % 2]
        moment = START + DAY * day
        rows.append(
            {
                "output_id": f"{version}-{day}-{number}",
                "occurred_at": moment.replace(second=number % 60).isoformat(),
                "subject": f"person-{day}-{number}",
                "band": group,
                "region": region,
                "y_pred": int(draw.random() < 0.6 - gap * (group == "b")),
            }
        )
    return rows


@pytest.fixture
def audited(stage: Stage, cast: Any, run_due: Callable[[], list[str]]) -> Plan:
    cast.join("carousel")
    plan = stage.plan(
        method="fairness.groups",
        parameters={},
        columns={"y_pred": ["y_pred"], "group": ["band", "region"], "subject": ["subject"]},
        limits=["selection_rate_ratio>=0.80"],
        limits_note="Chosen beforehand.",
        on_breach="finding",
    )
    stage.push(stage.serving, decisions(0, 0.4))
    stage.push(stage.serving, decisions(1, 0.0))
    run_due()
    return plan


def text_of(client: Client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200, url
    return response.content.decode()


def runs() -> list[Run]:
    return list(Run.objects.order_by("window_start"))


def test_a_run_shows_its_groups_with_people_first_and_crossed_groups_as_a_map(
    audited: Plan, cast: Any
) -> None:
    page = text_of(cast.sign_in(Client(), "elif"), reverse("audit_run", args=[runs()[0].pk]))
    assert "Selection rate by band" in page
    table = page[page.index('id="selection-rate-by-band"') :]
    head = re.findall(r"<th[^>]*>([^<]+)", table)
    assert head[0] == "Group"
    assert head[1].startswith("n (")
    assert "Ratio to a" in page
    assert "chart-heat" in page
    assert "The same as a table" in page
    assert "entry " in page


def test_the_page_of_a_run_asks_the_database_no_more_for_a_larger_report(
    audited: Plan, cast: Any
) -> None:
    client = cast.sign_in(Client(), "elif")
    first = runs()[0]
    url = reverse("audit_run", args=[first.pk])
    client.get(url)
    with CaptureQueriesContext(connection) as few:
        client.get(url)
    report = dict(first.report or {})
    report["measurements"] = report["measurements"] * 20
    Run.objects.filter(pk=first.pk).update(report=report)
    with CaptureQueriesContext(connection) as many:
        client.get(url)
    assert len(many) == len(few)


# Errors in words


def test_a_run_that_ended_badly_says_what_happened_what_it_means_and_what_to_do(
    stage: Stage, cast: Any
) -> None:
    cast.join("carousel")
    plan = stage.plan()
    run = services.schedule_run(plan=plan, window_start=START, window_end=START + DAY, actor=STAGE)
    perform_run(str(run.pk))
    client = cast.sign_in(Client(), "max")
    page = text_of(client, reverse("audit_run", args=[run.pk]))
    for words in ("What happened", "What it means", "What to do", "There is nothing to read"):
        assert words in page
    assert "No outputs of carousel version learned lie between" in page
    assert "?system=carousel" in page
    stage.push(stage.serving, impressions("learned"))
    answer = client.post(reverse("audit_run_again", args=[run.pk]))
    again = Run.objects.get(pk=answer["Location"].rstrip("/").rpartition("/")[2])
    assert (again.state, again.window_start) == ("queued", START)
    assert perform_run(str(again.pk))
    again.refresh_from_db()
    assert again.state == "succeeded"


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ("No outputs of shop lie between a and b: send them, run again.", "nothing_there"),
        ("There is no object s3://bucket/x.", "nothing_there"),
        ("The database db took longer than 30 seconds.", "time_limit"),
        ("The database db refuses: password authentication failed.", "refused"),
        ("The bucket b refuses: Access Denied.", "refused"),
        ("a.csv was changed while it was read: run the audit again.", "changed"),
        ("a.csv needs more memory than the engine may use.", "too_large"),
        ("The objects hold 90.0 GB; 64 GB are fetched at most.", "too_large"),
        ("No output of the window has its outcome yet.", "labels"),
        ("The audit was lost 5 times together with its worker.", "lost_worker"),
        ("The audit stopped by a fault of the program (KeyError); see the log.", "fault"),
        ("The host 'x' is not open to sources: the operator names hosts.", "closed"),
        ("The source has no column 'y' (role y_pred).", "columns"),
        ("a.parquet is not a Parquet file: it looks like a ZIP archive.", "unreadable"),
        ("Something nobody thought of.", "other"),
    ],
)
def test_an_error_is_told_by_its_kind(error: str, kind: str) -> None:
    trouble = explain_trouble(error)
    assert trouble.kind == kind
    assert trouble.means.endswith(".") and trouble.do.endswith(".")
    assert bool(trouble.place_label) == (trouble.place != "none")


def test_most_sentences_the_sources_write_have_a_kind_of_their_own() -> None:
    """A new sentence of the engine without a kind is told as it is; few should be."""
    said = []
    for path in [*(ROOT / "audits/sources").glob("*.py"), ROOT / "audits/runner.py"]:
        said += re.findall(r"(?:Invalid|BadInput)\(\s*f?\"([^\"]{12,})\"", path.read_text("utf-8"))
    assert len(said) > 30
    unknown = [one for one in said if explain_trouble(one).kind == "other"]
    assert len(unknown) <= len(said) / 10, unknown


def test_cancelling_asks_first_and_names_its_effect(stage: Stage, cast: Any) -> None:
    cast.join("carousel")
    run = services.schedule_run(
        plan=stage.plan(), window_start=START, window_end=START + DAY, actor=STAGE
    )
    client = cast.sign_in(Client(), "max")
    page = text_of(client, reverse("audit_run", args=[run.pk]))
    assert "nothing of it is published" in page
    assert "Waiting for a worker" in page
    client.post(reverse("audit_run_cancel", args=[run.pk]), {"reason": "Wrong window"})
    after = text_of(client, reverse("audit_run", args=[run.pk]))
    assert "The run was cancelled" in after


# Comparison


def test_two_runs_are_compared_pair_by_pair_and_honestly(audited: Plan, cast: Any) -> None:
    first, second = runs()[:2]
    client = cast.sign_in(Client(), "aud")
    page = text_of(client, f"{reverse('audit_compare')}?a={first.pk}&b={second.pk}")
    assert "changed beyond both intervals" in page
    assert "chart-change" in page
    assert "The windows differ" in page
    assert "no test of the difference was made" in page
    assert "apart, higher" in page
    same = text_of(client, f"{reverse('audit_compare')}?a={first.pk}&b={first.pk}")
    assert "Both reports are of exactly the same input." in same
    assert ">apart" not in same
    choose = text_of(client, reverse("audit_compare"))
    assert str(first.pk) in choose
    stranger = cast.sign_in(Client(), "eve")
    assert str(first.pk) not in text_of(stranger, reverse("audit_compare"))
    assert stranger.get(f"{reverse('audit_compare')}?a={first.pk}").status_code == 404


def test_a_contrast_is_found_again_when_the_other_report_holds_it_reversed() -> None:
    def ratio(of: str, to: str, value: float, low: float, high: float) -> dict[str, Any]:
        return {
            "metric": "selection_rate_ratio",
            "by": ["band"],
            "slice": {},
            "comparison": {"kind": "ratio", "of": {"band": of}, "to": {"band": to}},
            "value": value,
            "low": low,
            "high": high,
            "n": 10,
            "threshold": None,
            "verdict": None,
        }

    found = counterpart_of(ratio("a", "b", 0.5, 0.4, 0.8), [ratio("b", "a", 2.0, 1.25, 2.5)])
    assert found is not None
    assert (found["value"], found["low"], found["high"]) == (0.5, 0.4, 0.8)
    one = {"measurements": [ratio("a", "b", 0.5, 0.4, 0.6)]}
    other = {"measurements": [ratio("a", "c", 0.5, 0.4, 0.6)]}
    pairs = paired(one, other)
    assert [(pair.a is None, pair.b is None) for pair in pairs] == [(False, True), (True, False)]


# What if


def test_other_limits_are_measured_from_the_cube_and_never_recorded(
    audited: Plan, cast: Any
) -> None:
    run = runs()[0]
    before = (run.verdict, run.sentence, run.report)
    client = cast.sign_in(Client(), "aud")
    url = reverse("audit_run_what_if", args=[run.pk])
    page = text_of(client, f"{url}?limit-0=0.01")
    assert "This is not the recorded verdict." in page
    assert "the limit is 0.01: pass" in page
    assert run.sentence in page
    more = text_of(client, f"{url}?limit-0=0.8&metric=selection_rate&op=%3C%3D&value=0.9")
    assert "the limit is 0.90: pass" in more
    assert "is not a number" in text_of(client, f"{url}?limit-0=many")
    run.refresh_from_db()
    assert (run.verdict, run.sentence, run.report) == before
    assert Run.objects.count() == 3


def test_limits_of_ones_own_choosing_do_not_give_a_hidden_cell_away(
    stage: Stage, cast: Any, run_due: Callable[[], list[str]]
) -> None:
    cast.join("carousel")
    stage.plan(
        method="fairness.groups",
        parameters={"min_subjects": 2},
        columns={"y_pred": ["y_pred"], "group": ["band"], "subject": ["subject"]},
        limits=["selection_rate>=0.1"],
        on_breach="finding",
    )
    rows = decisions(0, 0.0)
    for row in rows[:6]:
        row["band"] = "rare"
        row["y_pred"] = 1
    stage.push(stage.serving, rows)
    run_due()
    run = runs()[0]
    client = cast.sign_in(Client(), "aud")
    page = text_of(client, reverse("audit_run_what_if", args=[run.pk]) + "?limit-0=0.95")
    assert "too small to be shown" in page
    shown = page[page.index("not recorded") :]
    assert "rare" not in shown
