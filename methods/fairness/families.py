"""Families of contrasts that must hold together, and the level each member is shown at.

The joint errors are simulated once on the finest cells of the cube; nothing is resampled by row.
"""

from collections.abc import Sequence

import numpy as np

from methods.fairness.contrasts import Pair
from methods.fairness.cube import Array, GroupCube, Key
from methods.fairness.rates import RATES
from methods.statistics.clusters import influence
from methods.statistics.simultaneous import bonferroni_level, max_t_level

DRAWS = 10_000


def member_level(
    cube: GroupCube,
    pairs: Sequence[Pair],
    slices: Sequence[tuple[Key, str, int]],
    level: float,
    seed: int,
) -> float:
    """Return the level of each interval so that all of a family hold together with `level`.

    `pairs` are contrasts, `slices` single rates (by, rate, position). When some person stands in
    several groups the cells are not independent and Bonferroni's level is used.
    """
    size = len(pairs) + len(slices)
    if size <= 1:
        return level
    if cube.spanning:
        return bonferroni_level(level, size)
    finest = cube.finest
    noise = _noise(finest.moments, seed)
    loadings = [_pair_loading(cube, pair) for pair in pairs]
    loadings += [_rate_loading(cube, by, rate, index)[0] for by, rate, index in slices]
    return max_t_level(np.array(loadings), noise, level)


def _noise(moments: Array, seed: int) -> Array:
    """Return (cells * 4, draws) Gaussian errors of the outcome sums of the finest cells."""
    generator = np.random.default_rng(seed)
    parts = []
    for matrix in moments:
        values, vectors = np.linalg.eigh(matrix)
        root = vectors * np.sqrt(np.clip(values, 0, None))
        parts.append(root @ generator.standard_normal((4, DRAWS)))
    return np.concatenate(parts)


def _members(cube: GroupCube, by: Key, index: int | None, stratum: Key) -> list[int]:
    """Return the finest cells that make up a key, or a whole stratum."""
    width = len(cube.controls)
    wanted = () if index is None else cube.margins[by].keys[index][width:]
    places = [width + cube.groups.index(name) for name in by] if index is not None else []
    return [
        i
        for i, key in enumerate(cube.finest.keys)
        if key[:width] == stratum and tuple(key[p] for p in places) == wanted
    ]


def _loading(cube: GroupCube, cells: list[int], rate: str) -> tuple[Array, float]:
    form = RATES[rate]
    counts = cube.finest.counts[cells].sum(axis=0)
    row = np.zeros((len(cube.finest.keys), 4))
    row[cells] = influence(form.numerator, form.denominator, counts)
    below = float(form.denominator @ counts)
    # Half a success keeps the log scale defined where a rate is 0, as in `log_ratio`.
    value = (float(form.numerator @ counts) + 0.5) / (below + 0.5) if below > 0 else 1.0
    return row.ravel(), value


def _rate_loading(cube: GroupCube, by: Key, rate: str, index: int) -> tuple[Array, float]:
    stratum = cube.margins[by].keys[index][: len(cube.controls)]
    return _loading(cube, _members(cube, by, index, stratum), rate)


def _pair_loading(cube: GroupCube, pair: Pair) -> Array:
    stratum = cube.margins[pair.by].keys[pair.of][: len(cube.controls)]
    own, own_value = _rate_loading(cube, pair.by, pair.rate, pair.of)
    cells = _members(cube, pair.by, pair.to, stratum)
    other, other_value = _loading(cube, cells, pair.rate)
    if pair.kind == "difference":
        return own - other
    return own / own_value - other / other_value
