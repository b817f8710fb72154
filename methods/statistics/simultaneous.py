"""Critical values for many intervals at once: Bonferroni, Holm and max-T.

They answer: how wide must each interval be so that all of them hold together?
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from methods.statistics.proportions import normal_quantile

Array = NDArray[np.float64]
Singles = NDArray[np.float32]
Indexes = NDArray[np.int64]

# OpenBLAS keeps a product of fewer multiplications on one thread.
UNTHREADED = 2**18


def bonferroni_level(level: float, comparisons: int) -> float:
    """Level of each of `comparisons` intervals that together hold with probability `level`."""
    return 1 - (1 - level) / max(comparisons, 1)


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down adjusted p-values, in the order given.

    Source: S. Holm, Scandinavian Journal of Statistics 6 (1979) 65-70.
    """
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    adjusted = [0.0] * len(p_values)
    running = 0.0
    for rank, index in enumerate(order):
        running = max(running, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = running
    return adjusted


@dataclass(frozen=True)
class Contrasts:
    """Contrast k is left[k] * error[first[k]] - right[k] * error[second[k]]."""

    first: Indexes
    second: Indexes
    left: Array
    right: Array


def max_t_level(
    loadings: Array,
    contrasts: Contrasts,
    level: float,
    *,
    seed: int,
    draws: int = 4096,
    block: int = 32,
) -> float:
    """Level at which each contrast must be shown so that all hold together with `level`.

    Parameters
    ----------
    loadings : (errors, components); row k dotted with independent standard normals is error k
    contrasts : of two errors each
    level : the level all contrasts must hold together
    seed : of the draws
    draws : directions drawn; their distance from the origin is integrated, not drawn
    block : contrasts worked on at once, so that they stay in the processor's cache

    The quantile c of the largest studentised contrast is translated to the two-sided normal level
    P(|Z| <= c), so any interval method can be asked for it. The result is never wider than
    Bonferroni's and never narrower than a single interval.

    Source: P. H. Westfall, S. S. Young, Resampling-Based Multiple Testing, 1993, section 2.3;
    T. Hothorn, F. Bretz, P. Westfall, Biometrical Journal 50 (2008) 346-363; directions and
    radius apart: I. Deak, Numerische Mathematik 35 (1980) 287-294.
    """
    loadings = loadings[:, (loadings != 0).any(axis=0)]
    components = loadings.shape[1]
    directions = np.random.default_rng(seed).standard_normal((components, draws), dtype=np.float32)
    directions /= np.sqrt((directions**2).sum(axis=0))
    errors = _product(loadings.astype(np.float32), directions)
    largest, used = np.zeros(draws, dtype=np.float32), 0
    for start in range(0, len(contrasts.first), block):
        part = slice(start, start + block)
        first, second = contrasts.first[part], contrasts.second[part]
        left, right = contrasts.left[part, None], contrasts.right[part, None]
        scale = np.sqrt(((left * loadings[first] - right * loadings[second]) ** 2).sum(axis=1))
        live = scale > 0
        if live.any():
            used += int(live.sum())
            scale = scale[live, None]
            own = errors[first[live]] * (left[live] / scale).astype(np.float32)
            own -= errors[second[live]] * (right[live] / scale).astype(np.float32)
            np.maximum(largest, np.abs(own, out=own).max(axis=0), out=largest)
    if used <= 1:
        return level
    return _radial_level(largest.astype(np.float64), components, used, level)


def _product(left: Singles, right: Singles) -> Singles:
    """Return left @ right in parts too small for threads: waking them costs more than it saves."""
    rows, components = 32, left.shape[1]
    columns = max(UNTHREADED // (rows * max(components, 1)), 8)
    product = np.empty((len(left), right.shape[1]), dtype=np.float32)
    for top in range(0, len(left), rows):
        for start in range(0, right.shape[1], columns):
            part = left[top : top + rows] @ right[:, start : start + columns]
            product[top : top + rows, start : start + columns] = part
    return product


def _radial_level(largest: Array, components: int, used: int, level: float) -> float:
    """Return the level of the quantile of radius * largest, the radius chi distributed."""
    from scipy.optimize import brentq
    from scipy.special import gammaincc

    def excess(critical: float) -> float:
        with np.errstate(divide="ignore"):
            beyond = gammaincc(components / 2, (critical / largest) ** 2 / 2)
        return float(beyond.mean()) - (1 - level)

    least, most = normal_quantile(level), normal_quantile(bonferroni_level(level, used))
    if excess(most) >= 0:
        return bonferroni_level(level, used)
    if excess(least) <= 0:
        return level
    return 2 * NormalDist().cdf(brentq(excess, least, most, xtol=1e-4)) - 1
