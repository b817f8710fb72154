"""The arithmetic of rates and disparities in numpy, vectorised over groups and replicates.

It follows fairlearn's conventions to the bit (a rate without a denominator is 0, a scalar leaves
out empty groups); a test keeps the two equal. Intervals are not here.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from methods.fairness.composites import COMPOSITES
from methods.fairness.rates import RATES, SCALARS, Kind

if TYPE_CHECKING:
    from methods.fairness.cube import GroupCube, Key

Array = NDArray[np.float64]


def rate(name: str, counts: Array) -> Array:
    """Return a rate of (..., 4) outcome counts; 0 where its denominator is 0, as in fairlearn."""
    if name in COMPOSITES:
        return COMPOSITES[name].value(counts)
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


_NAMES = {name: place for place, name in enumerate(RATES)}
_ABOVE = np.array([form.numerator for form in RATES.values()]).T
_BELOW = np.array([form.denominator for form in RATES.values()]).T


@dataclass(frozen=True)
class Points:
    """The point values of a cube: what moves on a page while a limit is dragged."""

    rates: "dict[Key, Array]"  # way of grouping -> (keys, RATES) in the order of the margin's keys
    scalars: "dict[tuple[Key, Key, str], float]"  # way, stratum, fairlearn's name

    def rate(self, by: "Key", name: str) -> Array:
        """Return one rate of every key of a way of grouping."""
        return np.asarray(self.rates[by][:, _NAMES[name]])


def points(cube: "GroupCube", method: str = "between_groups") -> Points:
    """Return all point values at once, without fairlearn and without intervals."""
    rates: dict[Key, Array] = {}
    scalars: dict[tuple[Key, Key, str], float] = {}
    for by, margin in cube.margins.items():
        below = margin.counts @ _BELOW
        above = margin.counts @ _ABOVE
        rates[by] = np.divide(above, below, out=np.zeros_like(above), where=below > 0)
    width, strata = len(cube.controls), cube.margins[()].keys
    for by in cube.attributes:
        keys = cube.margins[by].keys
        for number, stratum in enumerate(strata):
            own = rates[by][[key[:width] == stratum for key in keys]] if width else rates[by]
            for name, form in SCALARS.items():
                if not cube.has_truth and any(RATES[rate].needs_truth for rate in form.rates):
                    continue
                places = [_NAMES[rate] for rate in form.rates]
                found = disparity(own[:, places].T, rates[()][number, places], form.kind, method)
                worst = found.max() if form.kind == "difference" else found.min()
                scalars[by, stratum, name] = float(worst)
    return Points(rates, scalars)
