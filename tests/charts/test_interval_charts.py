"""Interval bars and forest plots show what was measured, against its limit, inside their frame."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.charts import ForestRow, Limit, Verdict, forest_plot, interval_bar
from tests.charts.drawing import assert_sound, marks, texts

numbers = st.floats(allow_nan=True, allow_infinity=True, width=32)
verdicts = st.sampled_from(["pass", "fail", "inconclusive", None])
names = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Co", "Cn"]), max_size=60
)
rows = st.builds(
    ForestRow,
    label=names,
    n=st.none() | st.integers(0, 10**9),
    value=st.none() | numbers,
    low=st.none() | numbers,
    high=st.none() | numbers,
    verdict=verdicts,
)


@given(value=numbers, low=numbers, high=numbers, limit=st.floats(-5, 5), verdict=verdicts)
def test_an_interval_bar_is_sound_for_any_figures(
    value: float, low: float, high: float, limit: float, verdict: Verdict
) -> None:
    assert_sound(interval_bar(value, low, high, limits=[limit], verdict=verdict))


@given(st.lists(rows, max_size=8), st.none() | st.floats(-100, 100))
def test_a_forest_plot_is_sound_for_any_rows(given_rows: list[ForestRow], limit: float) -> None:
    assert_sound(forest_plot(given_rows, limit))


def test_the_bar_lies_where_its_figures_say() -> None:
    root = assert_sound(
        interval_bar(0.85, 0.77, 0.95, limits=[0.8], lo=0.5, hi=1.0, verdict="pass", width=114)
    )
    bar, point = marks(root, "ch-fill-pass")
    (limit,) = marks(root, "ch-limit")
    # 100 px between 0.5 and 1.0, from x = 7
    assert float(bar.get("x", "")) == pytest.approx(7 + 54)
    assert float(bar.get("width", "")) == pytest.approx(36)
    assert float(point.get("cx", "")) == pytest.approx(7 + 70)
    assert float(limit.get("x1", "")) == pytest.approx(7 + 60)


def test_a_screen_reader_hears_value_interval_limit_and_verdict() -> None:
    root = assert_sound(
        interval_bar(
            0.85, 0.77, 0.95, limits=[Limit(0.8, ">=")], verdict="inconclusive", label="Women"
        )
    )
    assert root.get("aria-label") == "Women: 0.85 (0.77 to 0.95); limit \u2265 0.80; inconclusive"


def test_verdicts_differ_in_shape_and_not_in_colour_alone() -> None:
    kinds = {}
    verdict: Verdict
    for verdict in ("pass", "fail", "inconclusive"):
        root = assert_sound(interval_bar(1.0, verdict=verdict))
        point = root[-1]
        kinds[verdict] = (point.tag, point.get("stroke") is not None)
    assert len(set(kinds.values())) == 3


def test_no_value_is_said_and_no_point_is_drawn() -> None:
    for value in (None, math.nan, math.inf):
        root = assert_sound(interval_bar(value, limits=[0.8]))
        assert not marks(root, "ch-fill-none")
    said = " ".join(text for text, _ in texts(assert_sound(forest_plot([ForestRow("A", 3, None)]))))
    assert "no value" in said


def test_a_forest_row_says_group_n_interval_and_verdict() -> None:
    root = assert_sound(
        forest_plot([ForestRow("Black", 1792, 0.71, 0.65, 0.78, "fail")], Limit(0.8, ">="))
    )
    said = [text for text, _ in texts(root)]
    for expected in ("Black", "1,792", "0.71 (0.65 to 0.78)", "Fail", "limit \u2265 0.80"):
        assert expected in said


def test_labels_of_a_forest_plot_do_not_overlap() -> None:
    plot = forest_plot(
        [
            ForestRow("A group with a long name that needs shortening", 10**7, 0.9, 0.8, 1, "pass"),
            ForestRow("B", 12, 0.0004, 0.0001, 0.0009, "inconclusive"),
        ],
        0.79,
        reference=1,
    )
    boxes = texts(assert_sound(plot))
    for index, (said, box) in enumerate(boxes):
        for other_said, other in boxes[index + 1 :]:
            assert not box.overlaps(other), f"{said!r} lies on {other_said!r}"


def test_markup_in_a_group_name_is_text() -> None:
    name = '<script>alert(1)</script> & "quoted"'
    root = assert_sound(forest_plot([ForestRow(name, 1, 0.5)], title=name))
    assert root.get("aria-label") == name
    assert name in (root.find("{*}desc").text or "")  # type: ignore[union-attr]
