"""Counts as a source: the same cube as the rows they stand for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from audits.sources.opening import open_input
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
