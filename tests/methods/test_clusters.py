"""Clustered intervals: equal to the sandwich on raw rows, and honest where rows are not."""

import math

import numpy as np
import pytest

from methods.statistics.clusters import (
    contrast,
    ratio_estimate,
    t_interval,
    two_way_mean_variance,
    two_way_variance,
)
from methods.statistics.proportions import wilson

SELECTED, ALL = np.array([1.0, 0.0]), np.array([1.0, 1.0])


def _people(generator: np.random.Generator, people: int, p: float = 0.3) -> np.ndarray:
    """Per person (selected, not selected): taste varies, activity is heavy-tailed."""
    rows = np.ceil(generator.pareto(1.8, people) + 1).clip(max=100).astype(int)
    taste = generator.beta(p * 2, (1 - p) * 2, people)
    selected = generator.binomial(rows, taste)
    return np.stack([selected, rows - selected], axis=1).astype(float)


def _estimate(sums: np.ndarray):  # type: ignore[no-untyped-def]
    return ratio_estimate(SELECTED, ALL, sums.sum(axis=0), sums.T @ sums, len(sums))


def test_with_one_row_a_person_the_variance_is_the_binomial_one() -> None:
    sums = np.array([[1.0, 0.0]] * 30 + [[0.0, 1.0]] * 70)
    assert _estimate(sums).variance == pytest.approx(0.3 * 0.7 / 99)


def test_the_variance_equals_the_cluster_sandwich_on_raw_rows() -> None:
    sums = _people(np.random.default_rng(1), 50)
    person = np.repeat(np.arange(50), sums.sum(axis=1).astype(int))
    y = np.concatenate([[1.0] * int(a) + [0.0] * int(b) for a, b in sums])
    residual = y - y.mean()
    meat = sum(residual[person == i].sum() ** 2 for i in range(50))
    assert _estimate(sums).variance == pytest.approx(meat / len(y) ** 2 * 50 / 49)


def test_clustered_intervals_cover_where_intervals_of_rows_do_not() -> None:
    clustered = of_rows = 0
    for seed in range(600):
        sums = _people(np.random.default_rng(seed), 400)
        low, high = t_interval(_estimate(sums), 0.95)
        clustered += low <= 0.3 <= high
        low, high = wilson(sums[:, 0].sum(), sums.sum())
        of_rows += low <= 0.3 <= high
    assert clustered / 600 >= 0.92
    assert of_rows / 600 < 0.82


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
