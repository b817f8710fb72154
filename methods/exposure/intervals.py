"""Intervals of concentration measures, honest about the selection of the top items.

Independent rows give a multinomial bootstrap on the item cube; people give a bootstrap on buckets
of people. What is measured stands in `concentration`.
"""

import math
from collections.abc import Callable

import numpy as np

from methods.exposure.concentration import Array, shares
from methods.exposure.cube import ItemCube
from methods.statistics.bootstrap import basic, multinomial_replicates
from methods.statistics.proportions import Interval, normal_quantile

# Replicates x items held at once.
CHUNK = 4_000_000


def replicates(cube: ItemCube, count: int, seed: int) -> "Replicates":
    """Return a source of resampled item exposures, the same for every measure of a run."""
    return Replicates(cube, count, seed)


class Replicates:
    """Resampled exposures in bounded chunks; drawn anew, from the same seed, on every pass."""

    def __init__(self, cube: ItemCube, count: int, seed: int) -> None:
        self._cube, self._count, self._seed = cube, count, seed

    def each(self) -> "list[Array]":
        """Return chunks of (replicates, items) exposures."""
        cube = self._cube
        generator = np.random.default_rng(self._seed)
        step = max(1, min(self._count, CHUNK // max(len(cube.items), 1)))
        sizes = [min(step, self._count - start) for start in range(0, self._count, step)]
        return [self._draw(size, generator) for size in sizes]

    def _draw(self, size: int, generator: np.random.Generator) -> Array:
        cube = self._cube
        if cube.buckets is not None:
            clusters = len(cube.buckets)
            weights = multinomial_replicates(np.ones(clusters), size, generator)
            # Resampling k clusters shows (k - 1) / k of the variance: stretch it back.
            mean = cube.buckets.sum(axis=0)
            stretch = math.sqrt(clusters / max(clusters - 1, 1))
            stretched: Array = np.clip(mean + stretch * (weights @ cube.buckets - mean), 0.0, None)
            return stretched
        if cube.weighted:
            # Rows of one item with weights: a Poisson bootstrap by its two moments.
            noise = generator.standard_normal((size, len(cube.items)))
            return np.maximum(cube.shown + noise * np.sqrt(cube.squares), 0.0)
        return multinomial_replicates(cube.shown, size, generator)


def of_statistic(
    source: Replicates,
    statistic: Callable[[Array], Array],
    value: float,
    level: float,
    bounds: tuple[float, float],
) -> Interval:
    """Basic bootstrap interval of a smooth measure: the bias of small samples is taken out.

    It is widened to hold the observed value, which lies outside when bias is all there is (the
    entropy of even showing); that can only raise its coverage.
    """
    values = np.concatenate([statistic(chunk) for chunk in source.each()])
    low, high = basic(value, values, level)
    low, high = (min(max(end, bounds[0]), bounds[1]) for end in (low, high))
    return Interval(min(low, value), max(high, value))


def of_supremum(
    source: Replicates,
    cube: ItemCube,
    scores: Array,
    value: float,
    level: float,
) -> Interval:
    """Interval of T(p) = sup of linear forms, such as the share of whichever items are on top.

    `scores` are the coefficients, ascending, that T puts on the ordered shares (zeros and ones
    for a top share, the ranks for Gini). Since |T(p^) - T(p)| <= sup over all assignments of the
    coefficients of |their form in p^ - p|, and that supremum is what the bootstrap resamples, the
    interval covers T(p) although the items on top were picked by the same data. It is wider than
    one that takes the top items as given.

    Source: V. Chernozhukov, D. Chetverikov, K. Kato, Annals of Statistics 41 (2013) 2786-2819
    (bootstrap of a supremum); the bound is the triangle inequality.
    """
    observed = shares(cube.shown)
    above, below = [], []
    for chunk in source.each():
        error = np.sort(shares(chunk) - observed, axis=-1)
        above.append(error @ scores)
        below.append(-error @ scores[::-1])
    tail = 1 - (1 - level) / 2
    # A resample above the data shows how far the data may lie above the truth, and back.
    down = float(np.quantile(np.concatenate(above), tail))
    up = float(np.quantile(np.concatenate(below), tail))
    return Interval(max(value - down, 0.0), min(value + up, 1.0))


def of_coverage(cube: ItemCube, catalogue: int, level: float) -> Interval:
    """Interval of the coverage to expect of as many impressions, from items seen once and twice.

    Var = S (1 - S / S_total), S_total by Chao's estimator, at most the catalogue.

    Source: R. K. Colwell et al., Journal of Plant Ecology 5 (2012) 3-21, equation 5;
    A. Chao, Scandinavian Journal of Statistics 11 (1984) 265-270.
    """
    seen = float((cube.shown > 0).sum())
    # Counts of independent sightings: clusters that showed the item, or rows.
    sightings = (cube.buckets > 0).sum(axis=0) if cube.buckets is not None else cube.shown
    once, twice = float((sightings == 1).sum()), float((sightings == 2).sum())
    unseen = once * once / (2 * twice) if twice else once * max(once - 1, 0) / 2
    total = max(min(seen + unseen, float(catalogue)), seen)
    half = normal_quantile(level) * math.sqrt(max(seen * (1 - seen / total), 0.0))
    return Interval(
        max((seen - half) / catalogue, 1 / catalogue),
        min((seen + half) / catalogue, 1.0),
    )
