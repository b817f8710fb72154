"""Heat maps, funnels and the way figures are written."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.charts import FunnelStep, funnel, heat_map
from governance.charts.figures import count, figure, interval, share
from tests.charts.drawing import assert_sound, marks, texts


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0.85, "0.85"),
        (0.0, "0.00"),
        (-0.0041, "\u22120.0041"),
        (12.44, "12.4"),
        (1792.4, "1,792"),
        (-1.2e-7, "\u22121.2 \u00d7 10\u207b\u2077"),
        (math.inf, "\u221e"),
        (math.nan, "no value"),
        (None, "no value"),
    ],
)
def test_a_figure_has_the_digits_it_needs(value: float | None, written: str) -> None:
    assert figure(value) == written


def test_rounding_never_makes_a_miss_look_like_its_limit() -> None:
    assert figure(0.7996) == "0.80"
    assert figure(0.7996, apart_from=[0.8]) == "0.7996"
    assert figure(0.8, apart_from=[0.8]) == "0.80"
    assert interval(0.7996, 0.7, 0.9, apart_from=[0.8]) == "0.7996 (0.70 to 0.90)"


def test_counts_and_shares_are_written_for_reading() -> None:
    assert count(3200000) == "3,200,000"
    assert share(0.8142) == "81.4 %"
    assert interval(0.85, 0.77, 0.95) == "0.85 (0.77 to 0.95)"
    assert interval(0.85, None, 0.95) == "0.85"


@given(
    st.lists(
        st.lists(st.none() | st.floats(-1e5, 1e5), min_size=3, max_size=3), min_size=1, max_size=6
    )
)
def test_a_heat_map_is_sound_and_every_cell_has_its_figure(
    values: list[list[float | None]],
) -> None:
    rows = [f"row {index}" for index in range(len(values))]
    root = assert_sound(heat_map(rows, ["a", "b", "c"], values))
    assert len(marks(root, "ch-heat")) + len(marks(root, "ch-surface")) == 3 * len(values)
    said = [text for text, _ in texts(root)]
    for line in values:
        for value in line:
            assert (figure(value) if value is not None else "\u2013") in said


def test_a_heat_map_refuses_figures_of_another_shape() -> None:
    with pytest.raises(ValueError, match="same shape"):
        heat_map(["a"], ["b", "c"], [[1.0]])


@given(st.lists(st.builds(FunnelStep, st.text("abc <&", max_size=40), st.integers(0, 10**9))))
def test_a_funnel_is_sound_for_any_steps(steps: list[FunnelStep]) -> None:
    assert_sound(funnel(steps))


def test_a_funnel_says_count_and_share_of_the_first_step() -> None:
    root = assert_sound(funnel([FunnelStep("Saw", 200), FunnelStep("Gave", 50)]))
    assert "50 (25.0 %)" in [text for text, _ in texts(root)]
    first, second = marks(root, "ch-heat")
    assert float(second.get("width", "")) == pytest.approx(float(first.get("width", "")) / 4)
