"""What composite measures promise: exact effects, and intervals that cover."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from methods.fairness.composites import COMPOSITES
from methods.fairness.contrasts import composite_interval
from methods.fairness.rates import DENOMINATORS
from methods.fairness.sides import Side
from methods.statistics.clusters import POWERS, smooth_estimate

ALL = np.ones(4)
SIMULATIONS = 1_000


def of_people(sums: np.ndarray) -> Side:
    """Return one side from (people, 4) sums over tp, fp, fn, tn."""
    forms = np.array(list(DENOMINATORS.values()), dtype=float)
    sizes = sums @ forms.T
    powers = np.stack([(sizes**k).sum(axis=0) for k in POWERS], axis=1)
    return Side(sums.sum(axis=0), sums.T @ sums, (sizes > 0).sum(axis=0).astype(float), powers)


def of_rows(counts: np.ndarray) -> Side:
    return of_people(np.repeat(np.eye(4), counts.astype(int), axis=0))


@pytest.mark.parametrize("name", COMPOSITES)
@given(counts=st.lists(st.integers(2, 500), min_size=4, max_size=4))
def test_the_effect_of_a_row_is_the_gradient(name: str, counts: list[int]) -> None:
    form, at = COMPOSITES[name], np.array(counts, dtype=float)
    step = 1e-4 * np.eye(4)
    found = [float(form.value(at + one) - form.value(at - one)) / 2e-4 for one in step]
    assert form.influence(at) == pytest.approx(found, abs=1e-6)
    # Twice the rows say the same: the effects of all rows together are none.
    assert form.influence(at) @ at == pytest.approx(0, abs=1e-9)


def test_independent_rows_have_the_variance_of_the_delta_method() -> None:
    counts = np.array([120.0, 40, 60, 180])
    effect = COMPOSITES["f1_score"].influence(counts)
    part = of_rows(counts)
    found = part.estimate("f1_score")
    assert found.variance == pytest.approx(float(effect**2 @ counts) * 400 / 399)
    assert found.df == pytest.approx(399)
    powers = part.powers[0]
    assert smooth_estimate(0.5, effect, ALL, counts, part.moments, powers).df == pytest.approx(399)


@pytest.mark.parametrize("name", COMPOSITES)
@pytest.mark.parametrize("size", [60, 400])
def test_intervals_cover_the_truth(name: str, size: int) -> None:
    chances = np.array([0.30, 0.12, 0.13, 0.45])
    truth = float(COMPOSITES[name].value(chances))
    generator = np.random.default_rng(3)
    hits = 0
    for counts in generator.multinomial(size, chances, SIMULATIONS):
        low, high = composite_interval(of_rows(counts), name, 0.95)
        hits += low <= truth <= high
    assert 0.93 <= hits / SIMULATIONS <= 0.98


def test_intervals_cover_where_people_have_many_rows() -> None:
    chances = np.array([0.30, 0.12, 0.13, 0.45])
    truth = float(COMPOSITES["matthews_corrcoef"].value(chances))
    generator = np.random.default_rng(5)
    clustered = naive = 0
    for _ in range(300):
        rows = np.ceil(generator.pareto(1.8, 300) + 1).astype(int)
        tastes = generator.dirichlet(chances * 2, 300)
        sums = np.array([generator.multinomial(n, t) for n, t in zip(rows, tastes, strict=True)])
        for part, by_people in (
            (of_people(sums.astype(float)), True),
            (of_rows(sums.sum(0)), False),
        ):
            low, high = composite_interval(part, "matthews_corrcoef", 0.95)
            if by_people:
                clustered += low <= truth <= high
            else:
                naive += low <= truth <= high
    assert clustered / 300 >= 0.92
    assert naive / 300 < 0.85


@pytest.mark.parametrize("counts", [[50, 0, 0, 50], [0, 30, 30, 0], [50, 0, 0, 1], [3, 0, 0, 3]])
@pytest.mark.parametrize("name", COMPOSITES)
def test_a_perfect_score_of_few_is_not_certain(name: str, counts: list[int]) -> None:
    part = of_rows(np.array(counts, dtype=float))
    value = part.value(name)
    low, high = composite_interval(part, name, 0.95)
    assert low <= value <= high
    assert high - low > 1 / (sum(counts) + 10)
