"""One side of a contrast: sums, cross products and units of a key of a margin or of several.

What rates it has and how sure they are; contrasts of two sides are not here.
"""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from methods.fairness.composites import ALL, COMPOSITES, FORMS
from methods.fairness.rates import DENOMINATORS, RATES
from methods.statistics.clusters import (
    Estimate,
    Matrix,
    Vector,
    influence,
    ratio_estimate,
    smooth_estimate,
)

_POSITION = {name: i for i, name in enumerate(DENOMINATORS)}
_ORDER = {rate: i for i, rate in enumerate(RATES)}
_ABOVE = np.array([rate.numerator for rate in RATES.values()])
_BELOW = np.array([rate.denominator for rate in RATES.values()])


@dataclass(frozen=True)
class Side:
    """Sums over outcomes, cross products and sizes of the units on one side."""

    counts: Vector  # (4,) sums of weights over OUTCOMES
    moments: Matrix  # (4, 4) sums of cross products over units
    units: Vector  # (4,) units in each denominator
    powers: Matrix  # (4, 3) sums of POWERS of the units' sizes in each denominator

    @cached_property
    def _sums(self) -> tuple[list[float], list[float]]:
        """Return numerators and denominators of all rates, worked out at once."""
        above: list[float] = (_ABOVE @ self.counts).tolist()
        below: list[float] = (_BELOW @ self.counts).tolist()
        return above, below

    @cached_property
    def _units(self) -> list[int]:
        return [round(each) for each in self.units.tolist()]

    def above(self, rate: str) -> float:
        """Return the numerator of a rate."""
        return self._sums[0][_ORDER[rate]]

    def below(self, rate: str) -> float:
        """Return the denominator of a rate; of a composite, the rows where it is defined."""
        if rate in COMPOSITES:
            return float(self.counts.sum()) if COMPOSITES[rate].defined(self.counts) else 0.0
        return self._sums[1][_ORDER[rate]]

    def n(self, rate: str) -> int:
        """Return the units in the denominator of a rate."""
        return self._units[_POSITION[FORMS[rate].among]]

    def value(self, rate: str) -> float:
        """Return the rate, not a number where it has no denominator."""
        if rate in COMPOSITES:
            return float(COMPOSITES[rate].value(self.counts)) if self.below(rate) > 0 else math.nan
        above, below = self._sums
        place = _ORDER[rate]
        return above[place] / below[place] if below[place] > 0 else math.nan

    def estimate(self, rate: str) -> Estimate:
        """Return the rate with its cluster-robust variance."""
        if rate in COMPOSITES:
            powers = self.powers[_POSITION["all"]]
            effect = self.effect(rate)
            return smooth_estimate(self.value(rate), effect, ALL, self.counts, self.moments, powers)
        form = RATES[rate]
        return ratio_estimate(
            form.numerator,
            form.denominator,
            self.counts,
            self.moments,
            self.powers[_POSITION[form.among]],
        )

    def effect(self, rate: str) -> Vector:
        """Return the first-order effect on a rate of a unit's sums over OUTCOMES."""
        if rate in COMPOSITES:
            return COMPOSITES[rate].influence(self.counts)
        form = RATES[rate]
        return influence(form.numerator, form.denominator, self.counts)

    def effective(self, rate: str) -> tuple[float, float]:
        """Return successes and trials of the independent sample that would be as precise."""
        value, estimate, n = self.value(rate), self.estimate(rate), float(self.n(rate))
        if 0 < value < 1 and 0 < estimate.variance < math.inf:
            n = min(n, value * (1 - value) / estimate.variance)
        return value * n, n
