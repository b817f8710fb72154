"""Clustered intervals: equal to the sandwich on raw rows, and honest where rows are not."""

import math

import numpy as np
import pytest

from methods.statistics.clusters import (
    POWERS,
    Estimate,
    contrast,
    ratio_estimate,
    t_interval,
    two_way_mean_variance,
    two_way_variance,
)
from methods.statistics.proportions import newcombe, wilson

SELECTED, ALL = np.array([1.0, 0.0]), np.array([1.0, 1.0])


def _people(
    generator: np.random.Generator, people: int, tail: float = 1.8, p: float = 0.3
) -> np.ndarray:
    """Per person (selected, not selected): taste varies, activity is heavy-tailed."""
    rows = np.ceil(generator.pareto(tail, people) + 1).astype(int)
    taste = generator.beta(p * 2, (1 - p) * 2, people)
    selected = generator.binomial(rows, taste)
    return np.stack([selected, rows - selected], axis=1).astype(float)


def _estimate(sums: np.ndarray) -> Estimate:
    powers = np.array([(sums.sum(axis=1) ** k).sum() for k in POWERS])
    return ratio_estimate(SELECTED, ALL, sums.sum(axis=0), sums.T @ sums, powers)


def test_with_one_row_a_person_the_variance_is_the_binomial_one() -> None:
    sums = np.array([[1.0, 0.0]] * 30 + [[0.0, 1.0]] * 70)
    assert _estimate(sums).variance == pytest.approx(0.3 * 0.7 / 99)
    assert _estimate(sums).df == pytest.approx(99)


def test_the_variance_equals_the_cluster_sandwich_on_raw_rows() -> None:
    sums = np.random.default_rng(1).multinomial(7, [0.3, 0.7], 50).astype(float)
    person = np.repeat(np.arange(50), 7)
    y = np.concatenate([[1.0] * int(a) + [0.0] * int(b) for a, b in sums])
    residual = y - y.mean()
    meat = sum(residual[person == i].sum() ** 2 for i in range(50))
    assert _estimate(sums).variance == pytest.approx(meat / len(y) ** 2 * 50 / 49)


def test_power_sums_give_the_correction_of_the_matrices() -> None:
    sums = _people(np.random.default_rng(1), 50)
    sizes, value = sums.sum(axis=1), sums[:, 0].sum() / sums.sum()
    residuals = sums[:, 0] - value * sizes
    rows, meat = sizes.sum(), (residuals**2).sum()
    maker = np.eye(50) - np.outer(sizes / rows, np.ones(50))
    least, most = (np.trace(maker @ np.diag(w) @ maker.T) for w in (sizes, sizes**2))
    rho = (meat / (value * (1 - value)) - least) / (most - least)
    working = sizes + rho * (sizes**2 - sizes)
    spread = maker @ np.diag(working) @ maker.T
    found = _estimate(sums)
    assert 0 < rho < 1
    assert found.variance == pytest.approx(meat / rows**2 * working.sum() / np.trace(spread))
    assert found.df == pytest.approx(np.trace(spread) ** 2 / (spread**2).sum())


SIMULATIONS = 1000
# Three standard errors of a simulated share below the level: 0.929.
LEAST = 0.95 - 3 * math.sqrt(0.95 * 0.05 / SIMULATIONS)


@pytest.mark.parametrize("tail", [1.2, 1.5, 1.8])  # the smaller, the heavier the heaviest users
@pytest.mark.parametrize("people", [30, 60, 200, 400])
def test_clustered_intervals_cover_whoever_carries_the_rows(people: int, tail: float) -> None:
    hits = 0
    for seed in range(SIMULATIONS):
        estimate = _estimate(_people(np.random.default_rng(seed), people, tail))
        low, high = t_interval(estimate, 0.95)
        hits += low <= 0.3 <= high
    assert hits / SIMULATIONS >= LEAST


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize(("people", "tail"), [(60, 1.5), (200, 1.8), (200, 1.2)])
def test_clustered_contrasts_cover_too(people: int, tail: float, log: bool) -> None:
    truth = math.log(0.3 / 0.2) if log else 0.1
    hits = 0
    for seed in range(SIMULATIONS):
        generator = np.random.default_rng(seed)
        own, other = (_estimate(_people(generator, people, tail, p)) for p in (0.3, 0.2))
        low, high = t_interval(contrast(own, other, 0.0, log=log), 0.95)
        hits += low <= truth <= high
    assert hits / SIMULATIONS >= LEAST


def test_units_of_one_size_need_no_more_than_the_usual_correction() -> None:
    sums = np.random.default_rng(2).multinomial(5, [0.3, 0.7], 40).astype(float)
    assert _estimate(sums).df == pytest.approx(39)


def test_intervals_of_rows_do_not_cover_where_people_have_many() -> None:
    hits = 0
    for seed in range(1000):
        sums = _people(np.random.default_rng(seed), 400)
        low, high = wilson(sums[:, 0].sum(), sums.sum())
        hits += low <= 0.3 <= high
    assert hits / 1000 < 0.82


def test_one_person_with_nearly_all_rows_shows_next_to_nothing() -> None:
    sums = np.array([[300.0, 700.0]] + [[1.0, 0.0], [0.0, 1.0]] * 10)
    low, high = t_interval(_estimate(sums), 0.95)
    assert high - low > 0.5
    alone = _estimate(np.array([[300.0, 700.0]]))
    assert math.isinf(alone.variance)


def test_few_people_widen_the_interval_by_student() -> None:
    few = _estimate(np.array([[1.0, 2.0], [2.0, 1.0], [0.0, 3.0]]))
    half = (t_interval(few, 0.95).high - t_interval(few, 0.95).low) / 2
    assert half == pytest.approx(4.302653 * math.sqrt(few.variance), rel=1e-5)  # t, 2 df


def test_people_on_both_sides_make_a_contrast_tighter() -> None:
    sums = _people(np.random.default_rng(3), 100)
    own = _estimate(sums)
    same = contrast(own, own, own.variance, log=False)
    assert same.value == 0 and same.variance == pytest.approx(0, abs=1e-18)
    assert contrast(own, own, 0.0, log=True).variance == pytest.approx(
        2 * own.variance / own.value**2
    )


def test_two_way_variance_is_the_sum_less_what_was_counted_twice() -> None:
    assert two_way_variance(3.0, 2.0, 1.0) == 4.0
    assert two_way_variance(3.0, 1.0, 2.0) == 3.0  # never below the larger one-way variance


def test_two_way_clustering_covers_where_one_way_does_not() -> None:
    two = one = 0
    for seed in range(300):
        generator = np.random.default_rng(seed)
        person, item = (generator.integers(0, 40, 1500) for _ in range(2))
        y = generator.normal(size=40)[person] + generator.normal(size=40)[item]
        y = y + generator.normal(size=1500)
        residual = y - y.mean()
        wide = math.sqrt(two_way_mean_variance(residual, person, item))
        narrow = math.sqrt(two_way_mean_variance(residual, person, person))
        two += abs(y.mean()) <= 2.02 * wide
        one += abs(y.mean()) <= 2.02 * narrow
    assert two / 300 >= 0.90
    assert one / 300 < 0.90


def test_a_gap_of_clustered_impressions_is_covered_as_often_as_promised() -> None:
    """400 against 4,000 people, Pareto activity, no gap; of naive intervals two in five hold it."""
    simulations = 1_500
    hits = naive = 0

    def impressions(generator: np.random.Generator, people: int) -> np.ndarray:
        rows = np.ceil(20 * generator.pareto(2.2, people) + 1).astype(int)
        selected = generator.binomial(rows, generator.beta(5 * 0.3, 5 * 0.7, people))
        return np.stack([selected, rows - selected], axis=1).astype(float)

    for seed in range(simulations):
        generator = np.random.default_rng(seed)
        sides = [impressions(generator, people) for people in (400, 4_000)]
        own, other = map(_estimate, sides)
        low, high = t_interval(contrast(own, other, 0.0, log=False), 0.95)
        hits += low <= 0 <= high
        (x1, y1), (x2, y2) = (side.sum(axis=0) for side in sides)
        ends = newcombe(x1, x1 + y1, x2, x2 + y2, 0.95)
        naive += ends.low <= 0 <= ends.high
    assert 0.93 <= hits / simulations <= 0.97
    assert 0.30 <= naive / simulations <= 0.50
