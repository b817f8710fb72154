"""The arithmetic of rates and disparities in numpy, vectorised over groups and replicates.

It follows fairlearn's conventions to the bit (a rate without a denominator is 0, a scalar leaves
out empty groups); a test keeps the two equal. Intervals are not here.
"""

import numpy as np
from numpy.typing import NDArray

from methods.fairness.rates import RATES, SCALARS, Kind

Array = NDArray[np.float64]


def rate(name: str, counts: Array) -> Array:
    """Return a rate of (..., 4) outcome counts; 0 where its denominator is 0, as in fairlearn."""
    form = RATES[name]
    below = counts @ form.denominator
    above = counts @ form.numerator
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)


def disparity(values: Array, overall: Array, kind: Kind, method: str) -> Array:
    """Return fairlearn's scalar of group values (..., groups) against `overall` (...,)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        if method == "between_groups":
            low, high = np.nanmin(values, axis=-1), np.nanmax(values, axis=-1)
            return np.asarray(high - low if kind == "difference" else low / high)
        if kind == "difference":
            return np.asarray(np.nanmax(np.abs(values - overall[..., None]), axis=-1))
        ratios = values / overall[..., None]
        ratios = np.where(ratios > 1, 1 / ratios, ratios)
        return np.asarray(np.nanmin(ratios, axis=-1))


def scalar(name: str, counts: Array, method: str = "between_groups") -> Array:
    """Return one of fairlearn's scalars of (..., groups, 4) counts."""
    form = SCALARS[name]
    total = counts.sum(axis=-2)
    empty = counts.sum(axis=-1) <= 0
    parts = []
    for each in form.rates:
        values = np.where(empty, np.nan, rate(each, counts))
        parts.append(disparity(values, rate(each, total), form.kind, method))
    worst = np.max if form.kind == "difference" else np.min
    return np.asarray(worst(np.stack(parts), axis=0))
