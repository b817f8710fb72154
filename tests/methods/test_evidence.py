"""From cubes to evidence: the contrast, its variance by person, and what two windows share."""

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from methods.fairness.contrasts import Pair
from methods.fairness.cube import GroupCube, collect
from methods.fairness.evidence import shared_variance, window_of
from methods.statistics.alerts import Window
from tests.methods.conftest import as_table

START = datetime(2026, 1, 1, tzinfo=UTC)
COLUMNS = {"group": ["g"], "y_pred": ["p"], "subject": ["who"]}


def _day(seed: int) -> pd.DataFrame:
    """The same 300 people every day, each with his own rate."""
    own = np.random.default_rng(0).beta(2, 2, 300)
    got = np.random.default_rng(seed).random(300) < own
    return pd.DataFrame({"who": np.arange(300), "g": np.arange(300) % 2, "p": got.astype(int)})


def _cube(frame: pd.DataFrame) -> GroupCube:
    return collect(as_table(frame), COLUMNS, positive=None, threshold=None)


def _window(cube: GroupCube, kind: str = "difference") -> Window:
    pair = Pair(("g",), "selection_rate", "ratio" if kind == "ratio" else "difference", 1, 0)
    found = window_of(cube, pair, start=START, version="1")
    assert found is not None
    return found


def test_a_window_is_the_gap_with_its_variance_by_person() -> None:
    frame = _day(1)
    rates = frame.groupby("g").p.mean()
    found = _window(_cube(frame))
    assert found.estimate == pytest.approx(rates[1] - rates[0]) and found.subjects == 150
    expected = float((rates * (1 - rates) / 149).sum())
    assert found.variance == pytest.approx(expected, rel=1e-9)
    ratio = _window(_cube(frame), "ratio")
    assert ratio.estimate == pytest.approx(rates[1] / rates[0])
    logs = float(((1 - rates) / (rates * 149)).sum())
    assert ratio.variance / ratio.estimate**2 == pytest.approx(logs, rel=1e-9)


def test_what_two_windows_share_is_the_sum_of_products_of_influence() -> None:
    first, second = _day(2), _day(3)
    cross, expected = [], 0.0
    for group in (1, 0):
        now, then = (day.p[day.g == group].to_numpy() for day in (second, first))
        sums = np.zeros((4, 4))
        # Without truth a selected person is a false positive, another a true negative.
        np.add.at(sums, (np.where(now, 1, 3), np.where(then, 1, 3)), 1)
        cross.append(sums)
        expected += float(((now - now.mean()) * (then - then.mean())).sum()) / 150**2
    pair = Pair(("g",), "selection_rate", "difference", 1, 0)
    found = shared_variance(_cube(second), _cube(first), pair, cross[0], cross[1])
    assert found == pytest.approx(expected, abs=1e-15) and found > 0


def test_a_group_without_rows_gives_no_evidence() -> None:
    frame = _day(4)
    frame["p"] = 0
    pair = Pair(("g",), "selection_rate", "ratio", 1, 0)
    assert window_of(_cube(frame), pair, start=START, version="1") is None
