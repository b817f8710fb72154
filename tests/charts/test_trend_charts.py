"""Trends and sparklines: gaps stay gaps, limit labels are whole, dates do not collide."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from governance.charts import Limit, TrendPoint, sparkline, trend
from tests.charts.drawing import assert_sound, marks, texts

numbers = st.none() | st.floats(-1e6, 1e6)


@given(st.lists(numbers, max_size=40), st.none() | st.floats(-10, 10))
def test_a_sparkline_is_sound_for_any_values(values: list[float | None], limit: float) -> None:
    assert_sound(sparkline(values, limit=limit))


@given(
    st.lists(st.builds(TrendPoint, st.just("12 Nov 2026"), numbers, numbers, numbers), max_size=30),
    st.lists(st.floats(-1e3, 1e3), max_size=2),
)
def test_a_trend_is_sound_for_any_points(points: list[TrendPoint], limits: list[float]) -> None:
    assert_sound(trend(points, limits))


def _days(count: int) -> list[TrendPoint]:
    return [TrendPoint(f"{day} Nov", 0.9 - day / 100, 0.8, 1.0, "pass") for day in range(1, count)]


def test_date_labels_never_overlap_and_the_newest_is_told() -> None:
    for count in (2, 8, 31):
        root = assert_sound(trend(_days(count), 0.8, width=420))
        dates = [box for said, box in texts(root) if said.endswith("Nov")]
        assert any(said == f"{count - 1} Nov" for said, _ in texts(root))
        for one, other in itertools.combinations(dates, 2):
            assert not one.overlaps(other)


def test_two_close_limits_keep_their_labels_apart() -> None:
    root = assert_sound(trend(_days(8), [Limit(0.8, ">="), Limit(0.805, ">=")]))
    labels = [box for said, box in texts(root) if said.startswith("limit")]
    assert len(labels) == 2
    assert not labels[0].overlaps(labels[1])


def test_a_missing_window_leaves_a_gap() -> None:
    whole = assert_sound(trend(_days(8)))
    points = _days(8)
    points[3] = TrendPoint("4 Nov", None)
    gapped = assert_sound(trend(points))
    assert len(marks(whole, "ch-line")) == len(marks(whole, "ch-band")) == 1
    assert len(marks(gapped, "ch-line")) == len(marks(gapped, "ch-band")) == 2


def test_a_trend_tells_every_window_in_words() -> None:
    root = assert_sound(trend([TrendPoint("12 Nov", 0.34, 0.33, 0.35, "fail")], Limit(0.3, "<=")))
    description = root.find("{*}desc")
    assert description is not None
    assert description.text == "limit \u2264 0.30; 12 Nov: 0.34 (0.33 to 0.35), fail"
