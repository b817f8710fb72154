"""Multinomial bootstrap on cells, vectorised.

Drawing rows with replacement is a multinomial draw on the cells of their cube, so a replicate
costs a cell, not a row (B. Efron, R. Tibshirani, An Introduction to the Bootstrap, 1993, ch. 6).
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from methods.statistics.proportions import Interval

Array = NDArray[np.float64]


def multinomial_replicates(counts: Array, replicates: int, generator: np.random.Generator) -> Array:
    """Return (replicates, cells) counts drawn like a resample of the rows behind `counts`."""
    total = round(float(counts.sum()))
    if total <= 0:
        return np.zeros((replicates, len(counts)))
    return generator.multinomial(total, counts / counts.sum(), size=replicates).astype(np.float64)


def percentile(values: Array, level: float) -> Interval:
    """Percentile interval of replicates; missing replicates are left out."""
    tail = (1 - level) / 2
    low, high = np.nanquantile(values, [tail, 1 - tail])
    return Interval(float(low), float(high))


def basic(value: float, values: Array, level: float) -> Interval:
    """Basic (reflected) interval: it also takes out the bias the replicates show.

    Source: A. C. Davison, D. V. Hinkley, Bootstrap Methods and their Application, 1997, (5.6).
    """
    low, high = percentile(values, level)
    return Interval(2 * value - high, 2 * value - low)


def bootstrap_statistic(
    counts: Array,
    statistic: Callable[[Array], Array],
    *,
    replicates: int,
    generator: np.random.Generator,
    chunk: int = 4_000_000,
) -> Array:
    """Apply a vectorised `statistic` ((r, cells) -> (r,)) to replicates, bounded in memory."""
    step = max(1, min(replicates, chunk // max(len(counts), 1)))
    parts = []
    for start in range(0, replicates, step):
        size = min(step, replicates - start)
        parts.append(statistic(multinomial_replicates(counts, size, generator)))
    return np.concatenate(parts)
