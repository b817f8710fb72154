"""Bootstrap, families and verdicts: closed forms, Tukey's range in scipy, Holm's example."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from methods.statistics.bootstrap import basic, bootstrap_statistic, multinomial_replicates
from methods.statistics.simultaneous import Contrasts, bonferroni_level, holm, max_t_level
from methods.statistics.verdicts import judge, units_to_decide


def test_cell_replicates_have_the_variance_of_resampled_rows() -> None:
    counts = np.array([300.0, 700.0])
    draws = multinomial_replicates(counts, 40_000, np.random.default_rng(0))[:, 0] / 1000
    assert draws.std() == pytest.approx(np.sqrt(0.3 * 0.7 / 1000), rel=0.02)


def test_cell_replicates_are_distributed_like_resampled_rows() -> None:
    generator = np.random.default_rng(1)
    rows = np.repeat([0, 1, 2], [20, 50, 130])
    by_row = [(generator.choice(rows, 200) == 1).sum() for _ in range(3000)]
    by_cell = multinomial_replicates(np.array([20.0, 50.0, 130.0]), 3000, generator)[:, 1]
    assert stats.ks_2samp(by_row, by_cell).pvalue > 0.01


def test_replicates_in_chunks_are_complete() -> None:
    values = bootstrap_statistic(
        np.array([5.0, 5.0]),
        lambda c: c[:, 0],
        replicates=101,
        generator=np.random.default_rng(0),
        chunk=20,
    )
    assert values.shape == (101,)


def test_the_basic_interval_takes_out_the_bias() -> None:
    values = np.random.default_rng(2).normal(1.2, 0.01, 10_000)  # 0.2 above the value
    assert basic(1.0, values, 0.95) == pytest.approx((0.78, 0.82), abs=0.002)


def _all_pairs(groups: int) -> Contrasts:
    first, second = np.tril_indices(groups, -1)
    return Contrasts(first, second, np.ones(len(first)), np.ones(len(first)))


def _alone(errors: int) -> Contrasts:
    zero = np.zeros(errors)
    return Contrasts(np.arange(errors), zero.astype(int), zero + 1, zero)


@pytest.mark.parametrize("groups", [3, 6, 18])
def test_all_pairs_of_equal_groups_need_tukeys_critical_value(groups: int) -> None:
    tukey = stats.studentized_range.ppf(0.95, groups, np.inf) / np.sqrt(2)
    for seed in range(5):
        level = max_t_level(np.eye(groups), _all_pairs(groups), 0.95, seed=seed)
        assert stats.norm.ppf(0.5 + level / 2) == pytest.approx(tukey, rel=0.01)


def test_one_comparison_needs_no_adjustment() -> None:
    assert max_t_level(np.eye(2), _all_pairs(2), 0.95, seed=0) == 0.95


def test_max_t_is_never_wider_than_bonferroni() -> None:
    level = max_t_level(np.eye(20), _alone(20), 0.95, seed=0)
    assert 0.95 < level <= bonferroni_level(0.95, 20)


def test_independent_errors_need_sidaks_level() -> None:
    # Z. Sidak, JASA 62 (1967) 626-633: exact for independent errors.
    level = max_t_level(np.diag([1.0, 5.0, 0.1, 2.0, 3.0]), _alone(5), 0.9, seed=1)
    assert level == pytest.approx(0.9 ** (1 / 5), abs=0.001)


def test_the_same_error_twice_needs_no_adjustment() -> None:
    twice = np.array([[1.0, 2.0], [2.0, 4.0]])
    assert max_t_level(twice, _alone(2), 0.95, seed=0) == pytest.approx(0.95, abs=0.001)


def test_holm_steps_down() -> None:
    # R: p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm")
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_never_lowers_a_p_value_and_keeps_their_order(values: list[float]) -> None:
    adjusted = holm(values)
    assert all(a >= p for a, p in zip(adjusted, values, strict=True))
    order = np.argsort(values, kind="stable")
    assert all(np.diff(np.array(adjusted)[order]) >= 0)


@pytest.mark.parametrize(
    ("low", "high", "op", "limit", "verdict"),
    [
        (0.81, 0.95, ">=", 0.8, "pass"),
        (0.70, 0.79, ">=", 0.8, "fail"),
        (0.70, 0.80, ">=", 0.8, "inconclusive"),
        (0.80, 0.90, ">=", 0.8, "pass"),
        (0.05, 0.30, "<=", 0.3, "pass"),
        (0.31, 0.40, "<=", 0.3, "fail"),
        (0.25, 0.40, "<=", 0.3, "inconclusive"),
        (None, 0.40, "<=", 0.3, "inconclusive"),
        (float("nan"), float("nan"), ">=", 0.3, "inconclusive"),
    ],
)
def test_only_a_whole_interval_decides(low, high, op, limit, verdict) -> None:  # type: ignore[no-untyped-def]
    assert judge(low, high, op, limit) == verdict


def test_the_missing_units_would_decide_it() -> None:
    from methods.statistics.proportions import wilson

    low, high = wilson(260, 1000)
    more = units_to_decide(0.26, low, high, 0.25, 1000)
    assert more is not None and more > 1000
    n = 1000 + more
    assert wilson(0.26 * n, n).low >= 0.25 - 1e-3
    assert wilson(0.26 * n * 0.8, n * 0.8).low < 0.25


def test_nothing_decides_a_value_on_its_limit() -> None:
    assert units_to_decide(0.25, 0.2, 0.3, 0.25, 100) is None
