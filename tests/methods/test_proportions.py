"""Intervals of proportions: published tables, peers in scipy, and what must always hold."""

import itertools
import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.stats.contingency import relative_risk

from methods.statistics.proportions import Interval, log_ratio, newcombe, ratio, score_ratio, wilson

# Exact coverage need not be more than this for a nominal 0.95.
LEAST_COVERAGE = 0.93
NEWCOMBE_1998A = [  # Statistics in Medicine 17, 857-872, table I, method 3
    (81, 263, 0.2553, 0.3662),
    (15, 148, 0.0624, 0.1605),
    (0, 20, 0.0000, 0.1611),
    (1, 29, 0.0061, 0.1718),
]
NEWCOMBE_1998B = [  # Statistics in Medicine 17, 873-890, table II, method 10
    (56, 70, 48, 80, 0.0524, 0.3339),
    (9, 10, 3, 10, 0.1705, 0.8090),
    (6, 7, 2, 7, 0.0582, 0.8062),
    (5, 56, 0, 29, -0.0381, 0.1926),
    (0, 10, 0, 20, -0.1611, 0.2775),
    (10, 10, 0, 10, 0.6075, 1.0000),
]


@pytest.mark.parametrize(("x", "n", "low", "high"), NEWCOMBE_1998A)
def test_wilson_gives_the_published_interval(x: int, n: int, low: float, high: float) -> None:
    assert wilson(x, n) == pytest.approx((low, high), abs=6e-5)


@pytest.mark.parametrize(("x1", "n1", "x2", "n2", "low", "high"), NEWCOMBE_1998B)
def test_newcombe_gives_the_published_interval(
    x1: int, n1: int, x2: int, n2: int, low: float, high: float
) -> None:
    assert newcombe(x1, n1, x2, n2) == pytest.approx((low, high), abs=6e-5)


@given(st.integers(1, 5000), st.floats(0, 1), st.floats(0.6, 0.999))
def test_wilson_equals_scipy(n: int, share: float, level: float) -> None:
    x = round(share * n)
    peer = stats.binomtest(x, n).proportion_ci(level, method="wilson")
    assert wilson(x, n, level) == pytest.approx((peer.low, peer.high), abs=1e-9)


@given(st.integers(1, 300), st.integers(0, 300), st.integers(1, 300), st.integers(0, 300))
def test_log_ratio_without_its_half_is_katz_interval_of_scipy(
    x1: int, more1: int, x2: int, more2: int
) -> None:
    n1, n2 = x1 + more1, x2 + more2
    peer = relative_risk(x1, n1, x2, n2).confidence_interval(0.95)
    ours = log_ratio(x1 - 0.5, n1 - 0.5, x2 - 0.5, n2 - 0.5)
    assert ours == pytest.approx((peer.low, peer.high), rel=1e-9)


counts = st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(counts, counts)
def test_intervals_hold_the_value_and_mirror_each_other(
    first: tuple[int, int], second: tuple[int, int]
) -> None:
    p1, p2 = first[0] / first[1], second[0] / second[1]
    low, high = newcombe(*first, *second)
    assert low <= p1 - p2 + 1e-12 and p1 - p2 <= high + 1e-12
    assert newcombe(*second, *first) == pytest.approx((-high, -low), abs=1e-12)
    if p1 > 0 and p2 > 0:
        for interval in (log_ratio, score_ratio):
            low, high = interval(*first, *second)
            if interval is score_ratio:
                assert low <= p1 / p2 * (1 + 1e-9) and p1 / p2 <= high * (1 + 1e-9)
            back = interval(*second, *first)
            assert back == pytest.approx((1 / high, 1 / low), rel=1e-6)


@given(counts, counts, st.floats(0.6, 0.98))
def test_a_higher_level_is_never_narrower(
    first: tuple[int, int], second: tuple[int, int], level: float
) -> None:
    for interval in (newcombe, log_ratio, score_ratio):
        narrow, wide = interval(*first, *second, level), interval(*first, *second, level + 0.01)
        assert wide.low <= narrow.low + 1e-12
        assert wide.high >= narrow.high - 1e-9 or math.isinf(narrow.high)


RatioInterval = Callable[[float, float, float, float], Interval]


def _chosen(x1: float, n1: float, x2: float, n2: float) -> Interval:
    return ratio(x1, n1, x2, n2)[0]


def _coverage(interval: RatioInterval, p1: float, p2: float, n1: int, n2: int) -> float:
    """Return the exact share of samples whose interval holds p1 / p2."""
    first, second = (stats.binom.pmf(range(n + 1), n, p) for n, p in ((n1, p1), (n2, p2)))
    found = 0.0
    for x1, x2 in itertools.product(range(n1 + 1), range(n2 + 1)):
        chance = first[x1] * second[x2]
        if chance > 1e-9:
            low, high = interval(x1, n1, x2, n2)
            found += chance * (low <= p1 / p2 <= high)
    return found


@pytest.mark.parametrize(("n1", "n2"), [(30, 30), (30, 300), (60, 50), (300, 30)])
@pytest.mark.parametrize("p1", [0.05, 0.3, 0.5, 0.86, 0.98])
@pytest.mark.parametrize("p2", [0.05, 0.2, 0.6, 0.95])
def test_the_ratio_covers_from_the_least_group_that_is_judged(
    n1: int, n2: int, p1: float, p2: float
) -> None:
    assert _coverage(_chosen, p1, p2, n1, n2) >= LEAST_COVERAGE


@pytest.mark.parametrize(("p1", "p2"), [(0.05, 0.9), (0.1, 0.1), (0.3, 0.5), (0.95, 0.9)])
def test_the_ratio_of_tiny_groups_covers_less(p1: float, p2: float) -> None:
    # Groups of 10 are shown and never judged.
    assert _coverage(_chosen, p1, p2, 10, 10) >= 0.91


def test_near_one_the_log_ratio_misses_what_the_score_ratio_covers() -> None:
    numbers = (0.86, 0.95, 400, 20)
    assert _coverage(score_ratio, *numbers) >= 0.95
    assert _coverage(_chosen, *numbers) >= 0.95
    assert _coverage(log_ratio, *numbers) < 0.75


def test_in_the_middle_the_log_ratio_covers() -> None:
    assert _coverage(log_ratio, 0.3, 0.4, 60, 50) >= 0.95
