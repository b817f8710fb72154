"""Counts as a source: the same cube as the rows they stand for."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from audits.runner import perform_run
from audits.sources.opening import open_input
from governance.core.errors import Invalid
from tests.audits.conftest import DAY, START
from tests.audits.sources.conftest import (
    GROUPS,
    decisions,
    failure,
    write,
)


def counted(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    from collections import Counter

    cells = Counter((row["sex"], row["called"]) for row in rows)
    return [{"sex": sex, "called": called, "n": n} for (sex, called), n in cells.items()]


def test_counts_give_the_cube_of_the_rows_they_stand_for(
    folder: Path, source_of: Any, run_of: Any
) -> None:
    from methods.run import collect_cube, cube_method

    rows = decisions()
    (folder / "cube.jsonl").write_text("".join(json.dumps(one) + "\n" for one in counted(rows)))
    write(folder / "rows.csv", rows)
    packed = []
    for origin, path in (("cube", "cube.jsonl"), ("files", "rows.csv")):
        columns = {} if origin == "cube" else {"occurred_at": ["at"]}
        source = source_of(origin, {"path": str(folder / path)}, key=origin, columns=columns)
        run = run_of(source, key=origin, ends_at=START + 2 * DAY, length=2 * DAY, every=2 * DAY)
        with open_input(run) as opened:
            assert opened.table is not None
            assert opened.rows == len(rows)
            cube = collect_cube("fairness.groups", opened.table, GROUPS, {})
            packed.append(cube_method("fairness.groups").pack(cube))
            assert ("counts of rows" in " ".join(opened.notes)) == (origin == "cube")
    assert packed[0] == packed[1]


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ([{"sex": "female", "called": 1, "n": -1}], "no whole count"),
        ([{"sex": "female", "called": 1, "n": 1.5}], "no whole count"),
        ([{"sex": "female", "called": 1, "n": None}], "no whole count"),
        ([{"sex": "female", "called": 1}], "no column 'n' that counts"),
        ([{"sex": "female", "called": 1, "n": 10**13}], "stands for more than"),
    ],
)
def test_counts_that_are_none_are_refused(
    folder: Path, source_of: Any, run_of: Any, cells: list[dict[str, Any]], said: str
) -> None:
    (folder / "cube.jsonl").write_text("".join(json.dumps(one) + "\n" for one in cells))
    source = source_of("cube", {"path": str(folder / "cube.jsonl")}, columns={})
    assert said in failure(run_of(source))


def test_randomised_labels_are_corrected_or_refused_and_never_taken_for_the_true_ones(
    folder: Path, source_of: Any, run_of: Any
) -> None:
    (folder / "cube.jsonl").write_text("".join(json.dumps(o) + "\n" for o in counted(decisions())))
    location = {"path": str(folder / "cube.jsonl"), "randomised": {"y_pred": 1.5}}
    source = source_of("cube", location, columns={})
    run = run_of(source)
    assert perform_run(str(run.pk))
    run.refresh_from_db()
    assert run.report is not None, run.error
    assert any("flipped at random" in line for line in run.report["limits"])
    # Warner's estimate: (reported - flipped) / (kept - flipped), of the women.
    rows = [row for row in decisions() if row["sex"] == "female"]
    reported = sum(row["called"] for row in rows) / len(rows)
    kept = 1 / (1 + math.exp(-1.5))
    (women,) = [
        one
        for one in run.report["measurements"]
        if one["metric"] == "selection_rate" and one["slice"] == {"sex": "female"}
    ]
    expected = min(max((reported + kept - 1) / (2 * kept - 1), 0.0), 1.0)
    assert women["value"] == pytest.approx(expected)
    prices = {
        "method": "fairness.pricing",
        "columns": {"group": ["sex"], "price": ["called"]},
        "limits": ["price_ratio<=2"],
    }
    said = failure(run_of(source, key="prices", **prices))
    assert "y_pred with epsilon 1.5" in said and "does not take that noise out" in said
    with pytest.raises(Invalid, match="greater than 0"):
        source_of("cube", location | {"randomised": {"y_pred": 0}}, columns={}, key="other")


def test_counts_of_many_rows_are_never_all_held_at_once(
    folder: Path, source_of: Any, run_of: Any
) -> None:
    cells = [{"sex": s, "called": c, "n": 20_000_000} for s in ("female", "male") for c in (0, 1)]
    (folder / "cube.jsonl").write_text("".join(json.dumps(one) + "\n" for one in cells))
    source = source_of("cube", {"path": str(folder / "cube.jsonl")}, columns={})
    with open_input(run_of(source)) as opened:
        assert opened.table is not None
        counts = opened.table.group_by("sex").agg(n=opened.table.count()).to_pyarrow().to_pylist()
    assert {row["n"] for row in counts} == {40_000_000}
