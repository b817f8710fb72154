"""What a locally randomised cube promises: unbiased rates, intervals that hold the added noise."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from methods.errors import BadInput
from methods.fairness.contrasts import Pair, pair_interval, pair_value
from methods.fairness.cube import GroupCube, Margin, collect, margins_of
from methods.fairness.randomised import corrected, response
from methods.fairness.rates import OUTCOMES
from tests.methods.conftest import as_table

EPSILON = {"y_pred": 1.0}


def rows(generator: np.random.Generator, size: int, shares: dict[str, float]) -> pd.DataFrame:
    """Decisions of groups, each flipped on the person's side; the true one is lost."""
    parts = []
    for group, share in shares.items():
        truth = generator.random(size) < share
        flipped = generator.random(size) > 1 / (1 + math.exp(-EPSILON["y_pred"]))
        parts.append(pd.DataFrame({"g": group, "p": (truth ^ flipped).astype(int)}))
    return pd.concat(parts)


def cube_of(frame: pd.DataFrame) -> GroupCube:
    columns = {"group": ["g"], "y_pred": ["p"]}
    return collect(as_table(frame), columns, positive=None, threshold=None)


def test_the_noise_is_taken_out_and_the_interval_holds_it() -> None:
    shares, size, runs = {"a": 0.6, "b": 0.4}, 3_000, 120
    hits = naive = 0
    values = []
    for seed in range(runs):
        noisy = cube_of(rows(np.random.default_rng(seed), size, shares))
        clean = corrected(noisy, EPSILON)
        clean.check()
        pair = Pair(("g",), "selection_rate", "difference", 0, 1)
        values.append(pair_value(clean, pair))
        low, high = pair_interval(clean, pair, 0.95)[0]
        hits += low <= 0.2 <= high
        low, high = pair_interval(noisy, pair, 0.95)[0]
        naive += low <= 0.2 <= high
    assert np.mean(values) == pytest.approx(0.2, abs=4 * float(np.std(values)) / math.sqrt(runs))
    assert hits / runs >= 0.95 - 3 * math.sqrt(0.95 * 0.05 / runs)
    # Taken for the truth, randomised labels hide more than half of the gap.
    assert naive == 0


def test_the_interval_is_wider_by_just_the_noise() -> None:
    noisy = cube_of(rows(np.random.default_rng(1), 40_000, {"a": 0.5, "b": 0.5}))
    clean = corrected(noisy, EPSILON)
    side = clean.margins["g",].sides[0]
    keep = 1 / (1 + math.exp(-1.0))
    # Warner's variance: that of a share, over (2 keep - 1) squared.
    share = float(noisy.margins["g",].sides[0].value("selection_rate"))
    warner = share * (1 - share) / (40_000 * (2 * keep - 1) ** 2)
    assert side.estimate("selection_rate").variance == pytest.approx(warner, rel=1e-3)


def test_both_labels_are_taken_apart() -> None:
    frame = pd.DataFrame(
        [("a", y, p) for (y, p), n in {(1, 1): 400, (0, 1): 100, (1, 0): 200, (0, 0): 300}.items()
         for _ in range(n)],
        columns=["g", "y", "p"],
    )  # fmt: skip
    columns = {"group": ["g"], "y_pred": ["p"], "y_true": ["y"]}
    cube = collect(as_table(frame), columns, positive=None, threshold=None)
    epsilon = {"y_pred": 2.0, "y_true": 1.5}
    chances = response(epsilon)
    assert chances.sum(axis=0) == pytest.approx(np.ones(len(OUTCOMES)))
    expected = chances @ np.array([400.0, 100, 200, 300])
    noisy = GroupCube(cube.groups, (), _with(cube, expected), cube.unit, False, True, cube.rows)
    assert corrected(noisy, epsilon).finest.counts[0] == pytest.approx([400, 100, 200, 300])


def _with(cube: GroupCube, counts: np.ndarray) -> dict[tuple[str, ...], Margin]:
    made = replace(cube.finest, counts=counts[None, :])
    return margins_of(made, cube.groups, ())


def test_noise_that_cannot_be_taken_out_is_said() -> None:
    cube = cube_of(rows(np.random.default_rng(0), 100, {"a": 0.5, "b": 0.5}))
    for epsilon, said in (
        ({"group": 1.0}, "Only y_true and y_pred"),
        ({"y_true": 1.0}, "no column"),
    ):
        with pytest.raises(BadInput, match=said):
            corrected(cube, epsilon)
    with pytest.raises(BadInput, match="cannot be taken out"):
        corrected(corrected(cube, EPSILON), EPSILON)
