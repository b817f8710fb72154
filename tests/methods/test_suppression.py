"""What suppression promises: no small cell, and no way back to one from all that is shown."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from methods.fairness.rates import OUTCOMES, RATES
from methods.protection import Cell, protect
from methods.report import Limit, Measurement, Report
from methods.run import run_audit
from methods.suppression import suppress
from tests.methods.conftest import as_table

BELOW = 10
TWO_WAYS = {"group": ["a", "b"], "y_pred": ["p"], "y_true": ["y"]}


def table_of(sizes: np.ndarray, seed: int) -> pd.DataFrame:
    """Rows of a by b cells of these sizes, each with its own rates."""
    generator = np.random.default_rng(seed)
    parts = []
    for (i, j), size in np.ndenumerate(sizes):
        chance = generator.uniform(0.1, 0.9, 2)
        parts.append(
            pd.DataFrame(
                {
                    "a": f"a{i}",
                    "b": f"b{j}",
                    "y": generator.binomial(1, chance[0], size),
                    "p": generator.binomial(1, chance[1], size),
                }
            )
        )
    return pd.concat(parts)


def audited(frame: pd.DataFrame, *limits: str, **columns: Any) -> Report:
    roles = {**TWO_WAYS, **columns}
    return run_audit("fairness.groups", as_table(frame), roles, {}, list(map(Limit.parse, limits)))


def shown_counts(report: Report) -> dict[frozenset[tuple[str, str]], dict[str, float]]:
    """What the report says of every cell's counts, by whatever way it says it."""
    found: dict[frozenset[tuple[str, str]], dict[str, float]] = {}
    for table in report.tables:
        for row in table["rows"]:
            told = dict(zip(table["columns"], row, strict=True))
            place = frozenset((n, told[n]) for n in ("a", "b") if n in told)
            own = found.setdefault(place, {})
            for name in ("rows", *OUTCOMES):
                if told.get(name) is not None:
                    own[name] = float(told[name])
    for one in report.measurements:
        if one.comparison is None and one.value is not None and one.metric in RATES:
            own = found.setdefault(frozenset(one.slice.items()), {})
            if one.metric == "selection_rate":
                own["rows"], own["selected"] = float(one.n), one.value * one.n
            elif RATES[one.metric].needs_truth:
                assert set(OUTCOMES) <= set(own) or not one.slice, (one.metric, one.slice)
    return found


def forms_of(told: dict[str, float]) -> list[tuple[tuple[float, ...], float]]:
    known = {
        "rows": (1.0, 1.0, 1.0, 1.0),
        "selected": (1.0, 1.0, 0.0, 0.0),
        "tp": (1.0, 0.0, 0.0, 0.0),
        "fp": (0.0, 1.0, 0.0, 0.0),
        "fn": (0.0, 0.0, 1.0, 0.0),
        "tn": (0.0, 0.0, 0.0, 1.0),
    }
    return [(known[name], value) for name, value in told.items()]


def attack(frame: pd.DataFrame, report: Report) -> list[tuple[Any, str, float, float]]:
    """Return (cell, what, true number, width of what an attacker can say) of all hidden counts."""
    from scipy.optimize import linprog

    keys = sorted({(a, b) for a, b in zip(frame["a"], frame["b"], strict=True)})
    places = {key: i for i, key in enumerate(keys)}
    truth = np.zeros((len(keys), 4))
    for a, b, y, p in frame[["a", "b", "y", "p"]].itertuples(index=False):
        truth[places[a, b], {(1, 1): 0, (0, 1): 1, (1, 0): 2, (0, 0): 3}[y, p]] += 1
    # Everyone's counts are always told: by the rates of the whole and their n.
    equations = [(np.tile(np.eye(4)[k], (len(keys), 1)), truth.sum(axis=0)[k]) for k in range(4)]
    told = shown_counts(report)
    for place, own in told.items():
        inside = [set(place) <= {("a", a), ("b", b)} for a, b in keys]
        for form, value in forms_of(own):
            equations.append((np.outer(inside, form), value))
    matrix = np.array([row.ravel() for row, _ in equations])
    right = np.array([value for _, value in equations])
    assert np.allclose(matrix @ truth.ravel(), right)
    found = []
    wanted = [frozenset({("a", a)}) for a in sorted({a for a, _ in keys})]
    wanted += [frozenset({("b", b)}) for b in sorted({b for _, b in keys})]
    wanted += [frozenset({("a", a), ("b", b)}) for a, b in keys]
    for place in wanted:
        own = told.get(place, {})
        inside = [set(place) <= {("a", a), ("b", b)} for a, b in keys]
        for name in ("rows", *OUTCOMES):
            ((form, _),) = forms_of({name: 0.0})
            if "rows" in own and (name == "rows" or set(OUTCOMES) <= set(own)):
                continue
            target = np.outer(inside, form).ravel()
            ends = [
                sign * linprog(sign * target, A_eq=matrix, b_eq=right, bounds=(0, None)).fun
                for sign in (1.0, -1.0)
            ]
            what = name if name != "rows" else "people"
            found.append((place, what, float(target @ truth.ravel()), ends[1] - ends[0]))
    return found


@settings(max_examples=25, deadline=None)
@given(
    rows=st.integers(2, 4),
    columns=st.integers(2, 3),
    seed=st.integers(0, 2**32 - 1),
)
def test_no_hidden_cell_can_be_recovered_from_all_that_is_shown(
    rows: int, columns: int, seed: int
) -> None:
    generator = np.random.default_rng(seed)
    sizes = generator.choice([2, 5, 8, 12, 30, 60, 200], (rows, columns))
    frame = table_of(sizes, seed)
    report = suppress(audited(frame), BELOW)
    totals = dict.fromkeys(OUTCOMES, 0.0)
    for y, p in frame[["y", "p"]].itertuples(index=False):
        totals[{(1, 1): "tp", (0, 1): "fp", (1, 0): "fn", (0, 0): "tn"}[y, p]] += 1
    for place, what, true, width in attack(frame, report):
        if what == "people":
            if true < BELOW:
                assert width >= BELOW - 1e-6, (place, true, width)
        elif totals[what] >= 2:
            assert width >= 1 - 1e-6, (place, what, true, width)
    # Nothing shown is about a small cell.
    for place, own in shown_counts(report).items():
        assert own.get("rows", BELOW) >= BELOW, place


def test_a_small_group_takes_another_with_it() -> None:
    frame = table_of(np.array([[400, 300], [500, 4]]), 3)
    report = suppress(audited(frame, "selection_rate_ratio>=0.8"), BELOW)
    hidden = {
        tuple(sorted(one.slice.items()))
        for one in report.measurements
        if one.metric == "selection_rate" and one.value is None
    }
    assert (("a", "a1"), ("b", "b1")) in hidden
    # One cell alone would follow from the margins: in a two by two table none may stay.
    assert len(hidden) == 4
    assert any("hidden, in whole or in part" in line for line in report.limits)
    assert report.verdict is not None


def test_a_contrast_of_a_hidden_group_is_hidden_and_keeps_its_verdict() -> None:
    frame = table_of(np.array([[900], [800], [700], [4]]), 5)[["a", "p"]]
    whole = audited(frame.assign(b="x", y=0), "selection_rate_difference<=0.01", group=["a"])
    report = suppress(whole, BELOW)
    for before, after in zip(whole.measurements, report.measurements, strict=True):
        assert before.verdict == after.verdict
        if before.comparison is None:
            continue
        sides = [dict(before.comparison.of).get("a"), dict(before.comparison.to).get("a")]
        if "a3" in sides:
            assert (after.value, after.low, after.high, after.n, after.missing) == (
                None,
                None,
                None,
                0,
                None,
            )
    shown = [m for m in report.measurements if m.value is not None and m.comparison is not None]
    assert shown


def numbers(value: Any) -> set[float]:
    if isinstance(value, dict):
        return set().union(*map(numbers, value.values())) if value else set()
    if isinstance(value, (list, tuple)):
        return set().union(*map(numbers, value)) if value else set()
    return (
        {float(value)} if isinstance(value, (int, float)) and not isinstance(value, bool) else set()
    )


def test_charts_and_tables_show_nothing_that_the_measurements_hide() -> None:
    frame = table_of(np.array([[400, 300], [500, 310], [7, 350], [3, 290]]), 8)
    whole = audited(frame, "selection_rate>=0.2", "demographic_parity_ratio>=0.8")
    report = suppress(whole, BELOW)
    gone: list[Measurement] = [
        before
        for before, after in zip(whole.measurements, report.measurements, strict=True)
        if before.value is not None and after.value is None
    ]
    assert gone
    kept = {m.value for m in report.measurements if m.value is not None}
    # Round numbers and the limits themselves turn up by chance.
    secret = {m.value for m in gone if m.value not in (0.0, 0.2, 0.8, 1.0)} - kept
    assert secret
    assert not secret & numbers(report.to_dict()["charts"])
    assert not secret & numbers(report.to_dict()["tables"])


def test_a_rate_of_few_positives_is_hidden_and_the_selection_rate_beside_it_stays() -> None:
    generator = np.random.default_rng(2)
    parts = []
    for name, positives in (("a0", 400), ("a1", 300), ("a2", 4)):
        y = np.r_[np.ones(positives), np.zeros(500 - positives)].astype(int)
        parts.append(pd.DataFrame({"a": name, "y": y, "p": generator.binomial(1, 0.5, 500)}))
    report = suppress(audited(pd.concat(parts), group=["a"]), BELOW)
    of = {(m.metric, m.slice.get("a")): m for m in report.measurements if m.comparison is None}
    assert of["selection_rate", "a2"].value is not None
    for rate in ("true_positive_rate", "accuracy", "precision", "false_positive_rate"):
        assert of[rate, "a2"].value is None
    # With three groups one other must cover it; not everything goes.
    assert sum(of["accuracy", name].value is None for name in ("a0", "a1", "a2")) == 2


def test_nothing_is_hidden_where_nothing_is_small_or_nobody_asked() -> None:
    frame = table_of(np.array([[400, 300], [500, 200]]), 1)
    report = audited(frame)
    assert suppress(report, BELOW) == report
    tiny = audited(table_of(np.array([[4, 3], [5, 2]]), 1))
    assert suppress(tiny, 0) == tiny


def test_people_are_counted_not_their_rows() -> None:
    frame = table_of(np.array([[400, 300], [500, 200]]), 1)
    frame = frame.assign(who=np.arange(len(frame)))
    # All rows of one cell come from three people.
    alone = (frame["a"] == "a1") & (frame["b"] == "b1")
    frame.loc[alone, "who"] = -1 - np.arange(alone.sum()) % 3
    report = suppress(audited(frame, subject=["who"]), BELOW)
    (cell,) = [
        m
        for m in report.measurements
        if m.metric == "selection_rate" and m.slice == {"a": "a1", "b": "b1"}
    ]
    assert cell.value is None


@pytest.mark.parametrize(
    ("method", "columns", "parameters"),
    [
        ("fairness.pricing", {"group": ["a"], "price": ["money"]}, {}),
        ("fairness.calibration", {"group": ["a"], "score": ["s"], "y_true": ["y"]}, {"bins": 100}),
    ],
)
def test_every_method_hides_its_small_groups(
    method: str, columns: dict[str, list[str]], parameters: dict[str, Any]
) -> None:
    frame = table_of(np.array([[400], [300], [6]]), 4)
    generator = np.random.default_rng(1)
    frame = frame.assign(money=generator.random(len(frame)) + 1, s=generator.random(len(frame)))
    report = suppress(run_audit(method, as_table(frame), columns, parameters, []), BELOW)
    whole = run_audit(method, as_table(frame), columns, parameters, [])
    for before, after in zip(whole.measurements, report.measurements, strict=True):
        sides = (
            [before.slice]
            if before.comparison is None
            else [before.comparison.of, before.comparison.to]
        )
        if {"a": "a2"} in sides:
            assert after.value is None and after.n == 0
    for table in report.tables:
        for row in table["rows"]:
            if row[0] == "a2":
                edges = [table["columns"].index(n) for n in ("from", "to") if n in table["columns"]]
                shown = [v for i, v in enumerate(row) if i and i not in edges and v is not None]
                assert not shown
    assert any(one.value is not None for one in report.measurements)


def test_a_cycle_with_a_bridge_is_seen_through() -> None:
    """Every row and column has two hidden cells, and still one cell is determined."""
    # Two 2 x 2 blocks of hidden cells joined by one: counting per row and column is not enough.
    shape = np.full((5, 5), 500.0)
    for i, j in ((0, 0), (0, 1), (1, 0), (1, 1), (2, 2), (2, 3), (3, 2), (3, 3)):
        shape[i, j] = 5.0
    shape[1, 2] = 7.0
    cells = [Cell(frozenset(), float(shape.sum()), (float(shape.sum()),))]
    cells += [Cell(frozenset({("a", str(i))}), shape[i].sum(), (shape[i].sum(),)) for i in range(5)]
    cells += [
        Cell(frozenset({("b", str(j))}), shape[:, j].sum(), (shape[:, j].sum(),)) for j in range(5)
    ]
    for (i, j), n in np.ndenumerate(shape):
        place = frozenset({("a", str(i)), ("b", str(j))})
        cells.append(Cell(place, n, (n,), ((1.0,),) if n < BELOW else ()))
    hidden = protect(cells, BELOW, frozenset())
    small = {i for i, cell in enumerate(cells) if cell.small}
    assert len(hidden) > len(small)


def test_a_way_of_grouping_that_is_mostly_small_goes_as_a_whole() -> None:
    """Two thousand small cells are no two thousand programmes: the sums above them stay."""
    sizes = np.random.default_rng(0).poisson(2.5, (50, 50)).astype(float)
    cells = [Cell(frozenset(), sizes.sum(), (sizes.sum(),))]
    for i in range(50):
        cells.append(Cell(frozenset({("a", str(i))}), sizes[i].sum(), (sizes[i].sum(),)))
        cells.append(Cell(frozenset({("b", str(i))}), sizes[:, i].sum(), (sizes[:, i].sum(),)))
    for (i, j), n in np.ndenumerate(sizes):
        place = frozenset({("a", str(i)), ("b", str(j))})
        cells.append(Cell(place, n, (n,), ((1.0,),) if n < BELOW else ()))
    hidden = protect(cells, BELOW, frozenset())
    assert hidden == set(range(101, len(cells)))
