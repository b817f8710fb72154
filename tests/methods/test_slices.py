"""What the slice matrix promises: sklearn's AUC per list, and no cell that regresses unseen."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from methods import catalogue
from methods.errors import BadInput
from methods.fairness.cells import SUMS, SliceCube
from methods.fairness.slices import SliceParameters, Slices
from methods.fairness.tokens import draw, forward
from methods.kinds import Findings
from methods.report import Limit, Measurement, Report
from methods.run import run_audit
from tests.methods.conftest import as_table

GATE = (Limit.parse("qauc_change>=-0.005"),)
CELLS = (
    [("single", t) for t in "abc"] + [("double", t) for t in "abc"] + [("inner", t) for t in "abc"]
)
SIZES = [600, 600, 600, 150, 150, 150, 60, 60, 60]


def _audit(frame: pd.DataFrame, limits: tuple[Limit, ...] = (), **parameters: Any) -> Report:
    columns = {
        "scenario": ["page"],
        "task": ["task"],
        "subject": ["who", "query"],
        "y_true": ["y"],
        "score": ["p"],
    }
    if "v" in frame:
        columns["model_version"] = ["v"]
    return run_audit("fairness.slices", as_table(frame), columns, parameters, limits, 0)


def _log(seed: int, people: int = 150, noise: dict[str, float] | None = None) -> pd.DataFrame:
    """Two pages, one task; the new model's scores are as noisy as `noise` says for the page."""
    generator = np.random.default_rng(seed)
    parts = []
    for page in ("feed", "search"):
        size = people * 12
        appeal = generator.normal(size=size)
        rows = pd.DataFrame(
            {"who": np.repeat(np.arange(people), 12), "page": page, "task": "click"}
        )
        rows["query"] = np.tile(np.repeat([0, 1], 6), people)
        rows["y"] = (generator.random(size) < 1 / (1 + np.exp(-2 * appeal))).astype(int)
        for name, amount in (("old", 0.5), ("new", (noise or {}).get(page, 0.5))):
            seen = appeal + amount * generator.normal(size=size)
            scores = np.round(1 / (1 + np.exp(-2 * seen)), 2)
            parts.append(rows.assign(v=name, p=scores))
    return pd.concat(parts, ignore_index=True)


def _of(report: Report | Findings, metric: str, **slice_: str) -> Measurement:
    return next(m for m in report.measurements if m.metric == metric and m.slice == slice_)


def test_qauc_is_sklearns_mean_over_lists_with_both_classes() -> None:
    from sklearn.metrics import log_loss, roc_auc_score

    frame = _log(1)
    frame = frame[frame.v == "new"].drop(columns="v")
    report = _audit(frame)
    part = frame[frame.page == "search"]
    found = [
        roc_auc_score(own.y, own.p)
        for _, own in part.groupby(["who", "query"])
        if own.y.nunique() == 2
    ]
    row = _of(report, "qauc", scenario="search", task="click")
    assert row.value == pytest.approx(np.mean(found), abs=1e-12) and row.n == len(found) < 300
    loss = _of(report, "log_loss", scenario="search", task="click")
    clipped = part.p.clip(1e-7, 1 - 1e-7)
    assert loss.value == pytest.approx(log_loss(part.y, clipped), abs=1e-9)
    pcoc = _of(report, "pcoc", scenario="search", task="click")
    assert pcoc.value == pytest.approx(part.p.sum() / part.y.sum(), abs=1e-12)


def test_a_cell_that_regresses_fails_the_gate_though_the_whole_gains() -> None:
    frame = _log(2, people=500, noise={"feed": 0.05, "search": 0.8})
    frame = pd.concat([frame, frame[frame.page == "feed"].assign(who=lambda f: f.who + 1_000)])
    frame = pd.concat([frame, frame[frame.page == "feed"].assign(who=lambda f: f.who + 5_000)])
    report = _audit(frame, GATE, baseline="old")
    assert report.verdict == "fail"
    assert _of(report, "qauc_change", scenario="search", task="click").verdict == "fail"
    assert _of(report, "qauc_change", scenario="feed", task="click").verdict == "pass"
    assert report.limits[0].startswith("Negative transfer") and "search / click" in report.limits[0]
    states = {row[0]: row[-1] for row in report.tables[0]["rows"]}
    assert states == {"feed": "improves", "search": "regresses"}


def test_the_same_scores_change_nothing_and_pass() -> None:
    frame = _log(3)
    old = frame[frame.v == "old"]
    report = _audit(pd.concat([old, old.assign(v="new")]), GATE, baseline="old")
    row = _of(report, "qauc_change", scenario="feed", task="click")
    assert (row.value, row.low, row.high) == pytest.approx((0, 0, 0), abs=1e-12)
    assert report.verdict == "pass"


def test_cells_with_few_usable_lists_are_never_judged() -> None:
    frame = _log(4, people=12)
    report = _audit(frame, GATE, baseline="old")
    row = _of(report, "qauc_change", scenario="feed", task="click")
    assert row.n < 30 and row.verdict == "inconclusive" and "fewer than 30" in row.note


def _cube(seed: int, shift: float = 0.0, cell: int = 4) -> SliceCube:
    """Nine cells of unequal size; each list is a person, its AUC's change has sd 0.12."""
    generator = np.random.default_rng(seed)
    sums = np.zeros((len(CELLS), 2, 200, len(SUMS)))
    for index, size in enumerate(SIZES):
        bucket = generator.integers(0, 200, size)
        old = generator.normal(0.7, 0.1, size)
        new = old + generator.normal(shift if index == cell else 0.0, 0.12, size)
        for place, auc in enumerate((old, new)):
            for name in SUMS:
                values = auc if name == "auc" else np.ones(size)
                np.add.at(sums[index, place, :, SUMS.index(name)], bucket, values)
    return SliceCube(tuple(CELLS), ("old", "new"), sums, sum(SIZES), "drawn")


def _verdicts(cube: SliceCube, level: float = 0.95) -> list[bool]:
    """Whether each cell is said to regress."""
    found = Slices().measure(cube, SliceParameters(baseline="old", level=level), (), 0)
    return [(_of(found, "qauc_change", scenario=s, task=t).high or 0) < 0 for s, t in CELLS]


def test_equal_versions_rarely_regress_in_any_cell() -> None:
    """Nine cells, 75 draws: the share of draws with any false alarm on either side."""
    runs, false, single = 75, 0, 0
    for seed in range(runs):
        cube = _cube(seed)
        found = Slices().measure(cube, SliceParameters(baseline="old"), (), 0)
        rows = [_of(found, "qauc_change", scenario=s, task=t) for s, t in CELLS]
        false += any((row.high or 0) < 0 or (row.low or 0) > 0 for row in rows)
        for row in rows:
            assert row.value is not None and row.low is not None
        alone = [abs(r.value or 0) > ((r.value or 0) - (r.low or 0)) * 1.96 / 2.77 for r in rows]
        single += any(alone)
    assert false / runs <= 0.07 + 3 * np.sqrt(0.05 * 0.95 / runs)
    assert single > 2 * false  # intervals that hold one at a time would cry wolf


def test_a_loss_of_three_points_in_a_cell_of_150_lists_is_found_more_often_than_not() -> None:
    hits = sum(_verdicts(_cube(200 + seed, shift=-0.03))[4] for seed in range(40))
    assert hits >= 16


@pytest.mark.parametrize(
    ("parameters", "said"), [({}, "which version was there before"), ({"baseline": "x"}, "which")]
)
def test_two_versions_need_a_baseline(parameters: dict[str, Any], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        _audit(_log(5, people=4), **parameters)


def test_a_gate_on_changes_with_one_version_stays_open() -> None:
    frame = _log(6)
    report = _audit(frame[frame.v == "new"].drop(columns="v"), GATE)
    assert report.verdict == "inconclusive"


def test_features_never_hear_from_tokens_and_inactive_scenarios_change_nothing() -> None:
    """Exact equality, after the MDL paper; the active and the global one do change scores."""
    block = draw(4, 3, 2, 8, seed=0)
    generator = np.random.default_rng(1)
    features, scenarios, tasks = (generator.normal(size=(n, 8)) for n in (4, 4, 2))
    mixed, seen, after, scores = forward(block, features, scenarios, tasks, active=0)
    assert (mixed.shape, seen.shape, after.shape, scores.shape) == ((4, 8), (4, 8), (2, 8), (2,))
    other = forward(block, features, scenarios + 1, tasks - 1, active=0)
    assert np.array_equal(other[0], mixed) and not np.array_equal(other[3], scores)
    for place, same in ((0, False), (1, True), (2, True), (3, False)):
        changed = scenarios.copy()
        changed[place] += 1
        again = forward(block, features, changed, tasks, active=0)[3]
        assert np.array_equal(again, scores) == same


def test_known_answers_hold() -> None:
    for case in catalogue.get("fairness.slices").known_answers():
        assert case.compute() == pytest.approx(case.expected, abs=case.tolerance), case.name
