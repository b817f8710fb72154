"""Charts of reports: each kind drawn soundly, with a table that says the same."""

from __future__ import annotations

import itertools
import math
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.charts import (
    HIDDEN,
    RENDERERS,
    Change,
    EvidencePoint,
    ReliabilitySeries,
    Side,
    change_chart,
    draw,
    draw_all,
    evidence_path,
    heat_map,
    reliability_panels,
)
from tests.charts.drawing import Box, assert_sound, marks, texts

ROOT = Path(__file__).resolve().parents[2]
LIMIT = {"op": ">=", "value": 0.8, "severity": "fail"}
MEASURED = {"value": 0.7, "low": 0.6, "high": 0.8, "n": 40, "verdict": "inconclusive"}
CHARTS: dict[str, dict[str, Any]] = {
    "forest": {"title": "F", "limits": [LIMIT], "rows": [{"label": "a <b>", **MEASURED}]},
    "strata": {"title": "S", "limits": [], "rows": [{"label": "north", **MEASURED}]},
    "trend": {"title": "T", "limit": LIMIT, "points": [{"label": "5 Jan", **MEASURED}]},
    "evidence": {
        "title": "E",
        "watch": 20,
        "alert": 3650,
        "points": [
            {"label": "5 Jan", "evidence": 0.4, "status": "ok"},
            {"label": "6 Jan", "log_evidence": math.log(5000), "status": "alert"},
        ],
    },
    "reliability": {
        "title": "R",
        "series": [{"label": "sex f", "x": [0.1, 0.9], "y": [0.2, 0.8], "n": [10, 20]}],
    },
    "concentration": {"title": "C", "x": [0.1, 1.0], "y": [0.6, 1.0]},
    "heat": {
        "title": "H",
        "rows": ["f", "m"],
        "columns": ["old"],
        "cells": [[MEASURED], [{"hidden": True, "value": 0.123, "n": 3}]],
    },
    "matrix": {"title": "M", "rows": ["home"], "columns": ["rank"], "cells": [[None]]},
    "change": {
        "title": "D",
        "a": "version 1",
        "b": "version 2",
        "limits": [LIMIT],
        "rows": [{"label": "women", "a": MEASURED, "b": {**MEASURED, "low": 0.9, "high": 1.0}}],
    },
}


@pytest.mark.parametrize("kind", sorted(RENDERERS))
def test_every_kind_is_drawn_and_told_as_a_table(kind: str) -> None:
    drawn = draw({"kind": kind, **CHARTS[kind]})
    assert_sound(drawn.svg)
    assert drawn.title == CHARTS[kind]["title"]
    assert drawn.rows
    assert all(len(row) == len(drawn.columns) for row in drawn.rows)


def test_every_kind_that_a_method_emits_has_a_renderer() -> None:
    emitted = {
        found
        for path in (ROOT / "methods").rglob("*.py")
        for found in re.findall(r"\"kind\": \"(\w+)\"", path.read_text("utf-8"))
    }
    assert {"forest", "reliability", "concentration"} <= emitted
    assert emitted - {"difference", "ratio"} <= set(RENDERERS)


def test_a_kind_nobody_knows_is_refused_alone_and_left_out_of_a_report() -> None:
    with pytest.raises(ValueError, match="pie"):
        draw({"kind": "pie"})
    known = {"kind": "forest", **CHARTS["forest"]}
    assert [one.kind for one in draw_all([{"kind": "pie"}, known])] == ["forest"]


figures = st.none() | st.floats(allow_nan=True, allow_infinity=True)
states = st.sampled_from(["ok", "watch", "alert", "recovered", "insufficient_data"])


@given(st.lists(st.builds(EvidencePoint, st.just("12 Nov"), figures, states), max_size=40))
def test_evidence_is_sound_for_any_path(points: list[EvidencePoint]) -> None:
    assert_sound(evidence_path(points, watch=20, alert=3650))


def test_evidence_stands_on_a_log_scale_between_its_lines() -> None:
    points = [EvidencePoint(f"{day} Jan", 10.0**day, "ok") for day in range(5)]
    root = assert_sound(evidence_path(points, watch=20, alert=3650))
    heights = [float(dot.get("cy", "")) for dot in marks(root, "ch-fill-pass")]
    steps = [one - other for one, other in itertools.pairwise(heights)]
    assert steps == pytest.approx([steps[0]] * len(steps), abs=0.02)
    alert, watch = (float(line.get("y1", "")) for line in marks(root, "ch-limit"))
    assert heights[4] < alert < heights[3]
    assert heights[2] < watch < heights[1]
    labels = [box for said, box in texts(root) if " at " in said]
    assert not labels[0].overlaps(labels[1])


def test_evidence_refuses_lines_in_the_wrong_order() -> None:
    with pytest.raises(ValueError, match="watch"):
        evidence_path([], watch=20, alert=10)


def test_a_suppressed_cell_shows_neither_value_nor_count() -> None:
    chart = {"kind": "heat", **CHARTS["heat"]}
    drawn = draw(chart)
    assert "0.12" not in drawn.svg
    assert "n 3" not in drawn.svg
    assert HIDDEN in drawn.svg
    assert drawn.rows[1][3] == HIDDEN
    assert "0.12" not in " ".join(drawn.rows[1])
    assert drawn.note == "1 of 2 cells are too small to be shown."


@given(
    st.integers(1, 5).flatmap(
        lambda wide: st.lists(
            st.lists(
                st.tuples(
                    st.none() | st.floats(-1e4, 1e4),
                    st.none() | st.integers(0, 10**7),
                    st.booleans(),
                    st.sampled_from(["pass", "fail", "inconclusive", None]),
                ),
                min_size=wide,
                max_size=wide,
            ),
            min_size=1,
            max_size=5,
        )
    )
)
def test_the_labels_of_a_heat_map_never_meet(cells: list[list[tuple[Any, ...]]]) -> None:
    columns = [f"a long name of column {index}" for index in range(len(cells[0]))]
    root = assert_sound(
        heat_map(
            [f"row {index}" for index in range(len(cells))],
            columns,
            [[cell[0] for cell in line] for line in cells],
            counts=[[cell[1] for cell in line] for line in cells],
            hidden=[[cell[2] for cell in line] for line in cells],
            verdicts=[[cell[3] for cell in line] for line in cells],
        )
    )
    assert_apart([box for _, box in texts(root)])


def assert_apart(boxes: list[Box]) -> None:
    for one, other in itertools.combinations(boxes, 2):
        assert not one.overlaps(other)


@given(
    st.lists(
        st.builds(
            ReliabilitySeries,
            st.text("abc <&", min_size=1, max_size=60),
            st.just((0.05, 0.95)),
            st.tuples(st.floats(0, 1), st.floats(0, 1)),
            st.tuples(st.integers(1, 10**8), st.integers(1, 10**8)),
        ),
        max_size=9,
    )
)
def test_reliability_is_sound_for_any_groups(series: list[ReliabilitySeries]) -> None:
    root = assert_sound(reliability_panels(series))
    assert_apart([box for _, box in texts(root)])
    assert len(marks(root, "ch-dot")) == 2 * len(series)


sides = st.builds(Side, *[st.none() | st.floats(-1e3, 1e3)] * 3)


@given(st.lists(st.builds(Change, st.text("ab <&", max_size=40), sides, sides), max_size=8))
def test_a_comparison_is_sound_for_any_pairs(rows: list[Change]) -> None:
    assert_sound(change_chart(rows, names=("version one, 5 Jan", "version two, 12 Jan")))


@pytest.mark.parametrize(
    ("b", "words"),
    [
        ((0.5, 0.4, 0.6), "overlap"),
        ((0.9, 0.81, 0.95), "apart, higher"),
        ((0.3, 0.2, 0.39), "apart, lower"),
        ((0.3, None, 0.39), "cannot be compared"),
    ],
)
def test_two_intervals_are_apart_only_when_they_leave_each_other_out(
    b: tuple[float | None, ...], words: str
) -> None:
    value, low, high = b
    assert Change("x", Side(0.6, 0.4, 0.8), Side(value, low, high)).words == words
