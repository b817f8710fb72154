"""Tags and components of every page: words beside colours, exact times, escaped text."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from django.template import engines
from django.template.loader import get_template, render_to_string
from django.test import RequestFactory

from config.vendor_assets import ROOT
from dashboard.templatetags.navigation import NAVIGATION, is_current
from dashboard.templatetags.states import STATES, VERDICTS, state_look
from dashboard.templatetags.tactful import distance
from tests.charts.drawing import assert_sound

MEASURED = {
    "metric": "selection_rate_ratio",
    "slice": {"race": "Black", "sex": "female"},
    "value": 0.85,
    "low": 0.77,
    "high": 0.95,
    "n": 1792,
    "threshold": {"op": ">=", "value": 0.8},
    "verdict": "inconclusive",
}


def render(source: str, **context: object) -> str:
    return str(engines["django"].from_string(source).render(context))


def test_every_template_of_the_frame_compiles() -> None:
    for folder in ("components", "account", "mfa", "errors", "allauth"):
        for path in (ROOT / "templates" / folder).rglob("*.html"):
            get_template(str(path.relative_to(ROOT / "templates")))


def test_a_verdict_is_a_word_and_a_shape_beside_its_colour() -> None:
    shown = {verdict: render("{% verdict_badge v %}", v=verdict) for verdict in VERDICTS}
    shapes = {re.findall(r"#([a-z-]+)", html)[0] for html in shown.values()}
    assert len(shapes) == len(VERDICTS)
    assert "Inconclusive" in shown["inconclusive"]
    assert "No verdict" in render("{% verdict_badge None %}")


def test_every_state_has_an_icon_of_the_sprite() -> None:
    sprite = ET.parse(ROOT / "static/tactful/icons.svg").getroot()
    symbols = {symbol.get("id") for symbol in sprite}
    looks = [*STATES.values(), *VERDICTS.values()]
    assert {look.icon for look in looks} | {entry.icon for entry in NAVIGATION} <= symbols


def test_a_state_nobody_described_shows_its_own_word() -> None:
    assert state_look("awaiting_second_person").word == "Awaiting second person"


def test_an_active_incident_does_not_look_like_an_active_plan() -> None:
    assert state_look("active").tone == "pass"
    assert state_look("active", kind="incident").tone == "fail"


def test_the_reason_of_a_state_is_text() -> None:
    html = render('{% state_badge "held" reason=why %}', why="<b>limit</b> breached")
    assert "Held" in html
    assert "&lt;b&gt;limit&lt;/b&gt; breached" in html


@pytest.mark.parametrize(
    ("ago", "said"),
    [
        (timedelta(seconds=5), "just now"),
        (timedelta(minutes=14), "14 min ago"),
        (timedelta(hours=3), "3 h ago"),
        (timedelta(days=1), "1 day ago"),
        (timedelta(days=12), "12 days ago"),
        (timedelta(days=-3), "in 3 days"),
        (timedelta(days=60), "23 Sep 2026"),
    ],
)
def test_a_time_is_told_by_its_distance(ago: timedelta, said: str) -> None:
    now = datetime(2026, 11, 22, 12, tzinfo=UTC)
    assert distance(now - ago, now) == said


def test_the_exact_time_is_there_for_whoever_needs_it() -> None:
    html = render("{% relative_time at %}", at=datetime(2026, 11, 22, 14, 5, tzinfo=UTC))
    assert 'datetime="2026-11-22T14:05:00+00:00"' in html
    assert html.count("22 Nov 2026, 14:05 UTC") == 2
    assert render("{% relative_time None %}") == "never"


def test_figures_are_written_alike_everywhere() -> None:
    assert render("{{ m|interval }}", m=MEASURED) == "0.85 (0.77 to 0.95)"
    assert render("{{ 1792|number }} {{ v|number }}", v=0.8512) == "1,792 0.85"
    assert render("{{ v|percent }}", v=0.8142) == "81.4 %"
    assert render("{{ m|slice_label }}", m=MEASURED) == "race: Black, sex: female"


def test_charts_take_a_report_s_measurement_as_it_is() -> None:
    bar = assert_sound(render("{% interval_bar m %}", m=MEASURED))
    assert "limit \u2265 0.80" in (bar.get("aria-label") or "")
    plot = assert_sound(render("{% forest_plot ms reference=1 %}", ms=[MEASURED]))
    assert "race: Black, sex: female" in "".join(plot.itertext())
    points = [{"label": "1 Nov", "value": 0.9, "low": 0.8, "high": 1.0, "verdict": "pass"}]
    assert_sound(render("{% trend points limit=0.8 %}", points=points))
    assert_sound(render("{% sparkline values %}", values=[1, None, 3]))


def test_a_table_keeps_the_rows_it_is_given_and_escapes_its_title() -> None:
    html = render(
        '{% data_table name="latest" title=t %}<tbody><tr><td>{{ t }}</td></tr></tbody>'
        "{% end_data_table %}",
        t="<audits>",
    )
    assert html.count("&lt;audits&gt;") >= 3
    assert "<audits>" not in html
    assert 'id="latest" data-sortable' in html


def test_a_confirmation_names_its_effect_and_carries_the_csrf_token() -> None:
    html = render_to_string(
        "components/confirm.html",
        {"action": "/x/", "label": "Hold", "effect": "41,220 people get the uniform arm."},
        RequestFactory().get("/"),
    )
    assert "41,220 people get the uniform arm." in html
    assert "csrfmiddlewaretoken" in html


def test_the_navigation_marks_the_room_of_the_page() -> None:
    for path, label in (
        ("/", "Overview"),
        ("/register/flows/", "Register"),
        ("/audits/", "Audits"),
    ):
        assert [entry.label for entry in NAVIGATION if is_current(entry, path)] == [label]
    assert not any(is_current(entry, "/search/") for entry in NAVIGATION)


@pytest.mark.parametrize("code", ["400", "403", "403_csrf", "404", "500"])
def test_an_error_page_needs_no_context_and_says_what_to_do(code: str) -> None:
    html = render_to_string(f"{code}.html")
    assert "Go to the overview" in html
    assert "nothing was changed" in html.lower() or code in {"404", "500"}


def test_public_pages_carry_no_script() -> None:
    html = render_to_string("public_base.html")
    assert "<script" not in html
    assert 'href="#content"' in html


def test_every_colour_class_of_a_chart_is_dressed_by_the_theme() -> None:
    theme = (ROOT / "static/tactful/theme.css").read_text("utf-8")
    drawn = "".join(
        path.read_text("utf-8") for path in Path(ROOT / "governance/charts").glob("*.py")
    )
    for name in set(re.findall(r"\bch-[a-z]+(?:-[a-z]+)?\b", drawn)) - {"ch-fill", "ch-stroke"}:
        assert f".{name} " in theme, f"the theme has no colour for {name}"
