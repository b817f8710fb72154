"""How many people stand behind a sampled log: bounds that hold whatever the rhythm of asking."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2

from methods.statistics.distinct import distinct_total, poisson_lower, poisson_upper


def test_a_whole_log_is_exact() -> None:
    assert distinct_total(7, 3, 1.0) == (7, 7, 7)


def test_what_was_seen_once_counts_as_the_source_says() -> None:
    found = distinct_total(30, 20, 0.01)
    assert found.value == pytest.approx(10 + 20 / math.sqrt(0.01))
    assert found.low == 30


@pytest.mark.parametrize("count", [0, 1, 2, 5, 10, 50, 1_000, 100_000])
def test_the_limits_of_a_poisson_mean_agree_with_the_exact_ones(count: int) -> None:
    exact = chi2.ppf(0.975, 2 * (count + 1)) / 2
    assert poisson_upper(count) == pytest.approx(exact, rel=0.02)
    if count >= 5:
        assert poisson_lower(count) == pytest.approx(chi2.ppf(0.025, 2 * count) / 2, rel=0.02)


@given(st.integers(0, 10_000), st.integers(0, 10_000), st.floats(1e-4, 1.0))
def test_the_value_lies_between_its_bounds(one: int, other: int, rate: float) -> None:
    seen, once = max(one, other), min(one, other)
    found = distinct_total(seen, once, rate)
    assert found.low - 1e-9 <= found.value <= found.high + 1e-9


@pytest.mark.parametrize("asks", [(1, 1), (1, 5), (10, 10), (1, 200)], ids=str)
@pytest.mark.parametrize("rate", [0.01, 0.1])
def test_the_bounds_hold_the_truth_however_often_people_ask(
    asks: tuple[int, int], rate: float
) -> None:
    chance, people, trials = random.Random(7), 2_000, 60
    times = [chance.randint(*asks) for _ in range(people)]
    held = 0
    for _ in range(trials):
        seen = once = 0
        for each in times:
            kept = _kept(chance, each, rate)
            seen += kept > 0
            once += kept == 1
        found = distinct_total(seen, once, rate)
        held += found.low <= people <= found.high
    assert held >= 0.9 * trials


def _kept(chance: random.Random, asks: int, rate: float) -> int:
    """As many kept as a Bernoulli sample keeps, by the gaps between them."""
    kept, place = 0, 0
    while True:
        place += 1 + int(math.log(1 - chance.random()) / math.log(1 - rate))
        if place > asks:
            return kept
        kept += 1


@pytest.mark.parametrize(("seen", "once", "rate"), [(1, 2, 0.5), (1, -1, 0.5), (1, 1, 0.0)])
def test_impossible_counts_are_refused(seen: int, once: int, rate: float) -> None:
    with pytest.raises(ValueError):
        distinct_total(seen, once, rate)
