"""Reports: one content as page, PDF and data; the same words and figures in each."""

from __future__ import annotations

import json
import re
import time
import zlib
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import ibis
import numpy as np
import pandas as pd
import pytest
from django.test import Client
from django.urls import reverse

from audits.models import Run
from audits.reports.assembling import content_of_run
from audits.reports.content import About, content_of
from audits.reports.groups import group_tables
from audits.reports.html import group_rows, report_html
from audits.reports.pdf import report_pdf
from audits.services.publishing import digest_of
from methods.report import Limit, Report
from methods.run import run_audit
from methods.suppression import suppress
from tests.audits.conftest import Stage, impressions


def decisions(rows: int = 3000) -> pd.DataFrame:
    """Decisions on people of two attributes; one crossed group is very small."""
    draw = np.random.default_rng(7)
    race = draw.choice(["Asian", "Black", "White"], rows, p=[0.1, 0.35, 0.55])
    sex = draw.choice(["female", "male"], rows)
    rare = (race == "Asian") & (sex == "male")
    keep = ~rare | (np.cumsum(rare) <= 6)
    chosen = (draw.random(rows) < 0.5 - 0.18 * (race == "Black")).astype(int)
    frame = pd.DataFrame({"race": race, "sex": sex, "y": chosen})
    frame["who"] = [f"p{number}" for number in range(rows)]
    return pd.DataFrame(frame[keep].reset_index(drop=True))


@pytest.fixture(scope="module")
def audited() -> Report:
    table = ibis.duckdb.connect().create_table("input", decisions())
    columns = {"y_pred": ["y"], "group": ["race", "sex"], "subject": ["who"]}
    limits = [Limit.parse("selection_rate_ratio>=0.8")]
    inputs = {"rows": 3000, "sha256": "ab" * 32}
    return run_audit("fairness.groups", table, columns, {}, limits, 0, inputs)


ABOUT = About(
    question="Werden Frauen gleich häufig gewählt? Größe ≥ \u22121",
    system="Kreditprüfung <b>",
    version="v7",
    window="5 Jan 2026 (UTC)",
    purpose="scheduled",
    limits_note="Chosen beforehand.",
    findings=("Open: A finding.",),
    digest="cd" * 32,
    entry="entry 5, position 12",
)


class Text(HTMLParser):
    """The words of a page, and the names of its elements."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.elements: list[str] = []

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        for name, value in attrs:
            assert not name.startswith("on")
            assert name not in ("src", "href"), f"{tag} asks elsewhere for {value}"


def read(page: str) -> Text:
    text = Text()
    text.feed(page)
    return text


def test_the_page_stands_alone_and_says_everything(audited: Report) -> None:
    page = read(report_html(content_of(audited.to_dict(), ABOUT)))
    said = " ".join(page.words)
    assert not {"script", "link", "iframe", "img", "form"} & set(page.elements)
    for words in (
        ABOUT.question,
        ABOUT.system,
        "the limit is 0.80: fail",
        "What this does not show",
        "How the limit was chosen: Chosen beforehand.",
        ABOUT.digest,
        ABOUT.entry,
        "A finding.",
    ):
        assert words in said
    for limit in audited.limits:
        assert limit in said
    for one in audited.judged():
        assert f"{one.n:,}" in said


def test_a_group_has_its_people_first_and_its_contrast_to_the_largest(audited: Report) -> None:
    report = audited.to_dict()
    table = next(t for t in group_tables(report["measurements"]) if t.by == ("race",))
    assert table.reference == "White"
    assert [row.label for row in table.rows] == ["White", "Black", "Asian"]
    black = table.rows[1]
    frame = decisions()
    share = {name: float(frame.loc[frame.race == name, "y"].mean()) for name in ("Black", "White")}
    assert black.n == int((frame.race == "Black").sum())
    assert black.rate.value == pytest.approx(share["Black"])
    assert black.ratio is not None and black.difference is not None
    assert black.ratio.value == pytest.approx(share["Black"] / share["White"])
    assert black.difference.value == pytest.approx(share["Black"] - share["White"])
    assert black.verdict == "fail"
    assert (black.ratio.low or 9) < (black.ratio.value or 0) < (black.ratio.high or 0)
    asian = table.rows[2]
    assert asian.difference is not None and asian.difference.low is not None
    assert asian.difference.low < (asian.difference.value or 0)


def test_a_hidden_cell_is_told_and_its_figures_stand_nowhere(audited: Report) -> None:
    small = decisions().query("race == 'Asian' and sex == 'male'")
    assert len(small) == 6
    hidden = suppress(audited, 10)
    content = content_of(hidden.to_dict(), ABOUT)
    crossed = next(t for t in content.groups if len(t.by) == 2)
    assert crossed.hidden >= 1
    row = next(row for row in crossed.rows if row.label == "Asian, male")
    assert row.hidden.startswith("hidden")
    told = group_rows(crossed)
    assert "too small to be shown" in told.note
    heat = next(chart for chart in content.charts if chart.kind == "heat")
    assert "hidden: too few people" in heat.svg
    cell = next(cells for cells in heat.rows if cells[:2] == ("Asian", "male"))
    assert cell[2] == ""


def test_what_turns_the_meaning_round_comes_before_the_numbers(audited: Report) -> None:
    report = audited.to_dict()
    report["limits"] = ["Simpson's paradox: it turns round.", *report["limits"]]
    content = content_of(report, ABOUT)
    assert content.warnings == ("Simpson's paradox: it turns round.",)
    assert content.warnings[0] not in content.limits
    page = report_html(content)
    assert page.index("turns round") < page.index("<svg")


# The PDF


def streams(pdf: bytes) -> list[bytes]:
    found = []
    for part in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL):
        try:
            found.append(zlib.decompress(part))
        except zlib.error:
            found.append(part)
    return found


def test_the_pdf_is_tagged_named_and_the_same_whenever_it_is_made(audited: Report) -> None:
    content = content_of(audited.to_dict(), ABOUT)
    made = report_pdf(content)
    assert made.startswith(b"%PDF-1.7")
    assert made == report_pdf(content_of(audited.to_dict(), ABOUT))
    everything = made + b"".join(streams(made))
    for part in (b"/StructTreeRoot", b"/Marked true", b"/Lang", b"pdfuaid:part", b"/Alt"):
        assert part in everything, part
    assert everything.count(b"/Figure") >= 2
    assert b"/TH" in everything


def test_the_pdf_holds_umlauts_signs_and_minus_as_letters(audited: Report) -> None:
    everything = b"".join(streams(report_pdf(content_of(audited.to_dict(), ABOUT))))
    for letter in "äöß≥\u2212":
        assert f"<{ord(letter):04X}>".encode() in everything.upper(), letter


def test_a_pdf_takes_a_web_thread_less_than_a_second(audited: Report) -> None:
    content = content_of(audited.to_dict(), ABOUT)
    report_pdf(content)
    started = time.thread_time()
    report_pdf(content)
    assert time.thread_time() - started < 1


def test_no_text_of_the_data_breaks_a_page(audited: Report) -> None:
    hostile = '#panic("x") </svg><script> $1 @a \\ *b* _c_ = d\x00\x1b \u202e 漢'
    report = json.loads(json.dumps(audited.to_dict()).replace("Black", "HOSTILE"))
    text = json.dumps(report, ensure_ascii=False).replace("HOSTILE", json.dumps(hostile)[1:-1])
    content = content_of(json.loads(text), ABOUT)
    assert report_pdf(content).startswith(b"%PDF")
    assert "<script>" not in report_html(content)


# Through the doors


@pytest.fixture
def ran(stage: Stage, cast: Any, run_due: Callable[[], list[str]]) -> Stage:
    cast.join("carousel")
    stage.plan(limits_note="Chosen beforehand.")
    stage.push(stage.serving, impressions("learned", day=0, favourites=0.7))
    stage.push(stage.serving, impressions("learned", day=1))
    run_due()
    return stage


def test_a_report_is_negotiated_and_names_its_place_in_the_ledger(ran: Stage, cast: Any) -> None:
    from governance.ledger.models import LedgerEntry

    run = Run.objects.order_by("window_start")[0]
    assert run.report is not None
    client = cast.sign_in(Client(), "aud")
    url = reverse("api-run-report", args=[run.pk])
    data = client.get(url).json()
    entry = LedgerEntry.objects.get(verb="audits.run_finished", object_id=str(run.pk))
    assert data["report"] == run.report
    assert data["report_sha256"] == digest_of(run.report) == entry.facts["report_sha256"]
    assert str(entry.pk) in data["ledger_entry"]
    for asked, kind, start in (
        ({"query": {"format": "pdf"}}, "application/pdf", b"%PDF"),
        ({"accept": "application/pdf"}, "application/pdf", b"%PDF"),
        ({"query": {"format": "html"}}, "text/html", b"<!doctype html>"),
        ({"accept": "text/html"}, "text/html", b"<!doctype html>"),
    ):
        headers = {"accept": asked["accept"]} if "accept" in asked else {}
        answer = client.get(url, asked.get("query", {}), headers=headers)
        assert answer.headers["Content-Type"].startswith(kind)
        assert answer.content.startswith(start)
    assert report_pdf(content_of_run(run)) == client.get(url, {"format": "pdf"}).content
    refused = cast.sign_in(Client(), "eve").get(url, {"format": "pdf"})
    assert refused.status_code == 404
    assert refused.headers["Content-Type"] == "application/problem+json"


def test_a_plan_reports_a_period_with_every_window_and_finding(ran: Stage, cast: Any) -> None:
    client = cast.sign_in(Client(), "aud")
    url = reverse("api-plan-report", args=["exposure"])
    data = client.get(url, {"since": "2026-01-05", "until": "2026-01-08"}).json()
    assert data["verdicts"] == {"fail": 1, "pass": 1}
    assert [one["window_start"][:10] for one in data["windows"]] == ["2026-01-05", "2026-01-06"]
    assert all(len(one["report_sha256"]) == 64 for one in data["windows"])
    assert len(data["findings"]) == 1
    assert len(data["errors"]) == 1
    empty = client.get(url, {"since": "2025-01-05", "until": "2025-01-08"}).json()
    assert empty["windows"] == []
    assert client.get(url, {"since": "soon"}).status_code == 422
    page = client.get(
        reverse("audit_plan_report", args=["exposure"]) + "?since=2026-01-05&until=2026-01-08"
    ).content.decode()
    assert "2 windows: 1 fail, 1 pass; 1 could not be audited." in page
    assert "chart-trend" in page
    for name in ("audit_plan_report_pdf", "audit_plan_report_html"):
        made = client.get(reverse(name, args=["exposure"]) + "?since=2026-01-05&until=2026-01-08")
        assert made.status_code == 200
        assert made.content[:4] in (b"%PDF", b"<!do")


def test_findings_go_their_way_over_the_api(ran: Stage, cast: Any) -> None:
    client = cast.sign_in(Client(), "elif")
    url = "/api/v1/findings"
    (one,) = client.get(url, {"state": "undone"}).json()["results"]
    assert client.get(url, {"state": "verified"}).json()["results"] == []

    def post(path: str, body: dict[str, Any], code: int = 200) -> dict[str, Any]:
        answer = client.post(f"{url}/{one['id']}/{path}", body, content_type="application/json")
        assert answer.status_code == code, answer.content
        return dict(answer.json())

    given = post("assign", {"owner": cast.max.email, "due_at": "2026-02-01T00:00:00Z"})
    assert given["owner"] == cast.max.email
    assert "Nobody here" in post("assign", {"owner": "no@body.example"}, 422)["detail"]
    made = post("remediations", {"kind": "serving", "description": "Explore more"}, 201)
    remediation = made["remediations"][0]["id"]
    post("remediations/move", {"remediation": remediation, "state": "done"})
    passing = str(Run.objects.get(verdict="pass").pk)
    measured = post("remediations/measure", {"remediation": remediation, "run": passing})
    assert measured["remediations"][0]["after_verdict"] == "pass"
    for state in ("accepted", "in_remediation", "fixed"):
        post("move", {"state": state})
    assert "second person" in post("move", {"state": "verified", "note": "I say so"}, 409)["detail"]
    assert post("move", {"state": "verified", "run": passing})["verified_run"] == passing
    stranger = cast.sign_in(Client(), "eve")
    assert stranger.get(f"{url}/{one['id']}").status_code == 404
