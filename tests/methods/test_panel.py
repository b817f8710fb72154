"""People who return: sums over both windows equal the ones counted person by person."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from methods.errors import BadInput
from methods.fairness.cube import GroupCube, collect
from methods.fairness.panel import collect_returning
from tests.methods.conftest import as_table

if TYPE_CHECKING:
    import ibis

COLUMNS = {"group": ["g"], "y_pred": ["p"], "subject": ["who"]}


def _day(seed: int, first: int, people: int = 300) -> pd.DataFrame:
    """So many people from number `first` on, some of them twice."""
    generator = np.random.default_rng(seed)
    who = np.r_[np.arange(first, first + people), np.arange(first, first + 40)]
    return pd.DataFrame({"who": who, "g": who % 3, "p": generator.random(len(who)) < 0.4})


def _windows(*days: pd.DataFrame) -> "tuple[ibis.Table, ...]":
    """Windows as tables of one engine, as one input gives them."""
    together = as_table(pd.concat([day.assign(day=at) for at, day in enumerate(days)]))
    return tuple(together.filter(together.day == at).drop("day") for at in range(len(days)))


def _cube(frame: pd.DataFrame) -> GroupCube:
    return collect(as_table(frame), COLUMNS, positive=None, threshold=None)


def test_sums_over_returning_people_are_those_counted_one_by_one() -> None:
    now, then, earlier = _day(1, 100), _day(2, 40), _day(3, 0)
    first, second, third = _windows(now, then, earlier)
    panel = collect_returning((first, second, third), _cube(now), COLUMNS)
    for group in range(3):
        expected = np.zeros((4, 4))
        for who in set(now.who) & set(then.who):
            if who % 3 != group:
                continue
            sides = []
            for day in (now, then):
                chosen = day.p[day.who == who]
                sides.append(np.array([0, chosen.sum(), 0, (~chosen).sum()], dtype=float))
            expected += np.outer(*sides)
        assert panel.sums[("g",)][(str(group),)] == pytest.approx(expected)
    assert panel.returning == 240 and panel.returning_later == 200


def test_nobody_returns_and_nothing_is_shared() -> None:
    now, then = _day(1, 0), _day(2, 1_000)
    first, second = _windows(now, then)
    panel = collect_returning((first, second, None), _cube(now), COLUMNS)
    assert panel.sums[("g",)] == {}
    assert (panel.returning, panel.returning_later) == (0, None)


def test_without_people_there_is_no_panel() -> None:
    frame = _day(1, 0)
    tables = as_table(frame), as_table(frame), None
    with pytest.raises(BadInput, match="subject column"):
        collect_returning(tables, _cube(frame), {"group": ["g"], "y_pred": ["p"]})
    with pytest.raises(BadInput, match="stays the same"):
        collect_returning(tables, _cube(frame), COLUMNS, threshold="median")
