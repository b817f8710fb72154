"""Delta-method intervals for ratios of sums when units (people) contribute many or weighted rows.

A ratio metric is R = (a . S) / (b . S), where S is a vector of sums over independent units and
a, b pick numerator and denominator. Everything needed is S, the cross products M = sum s s' over
units, and the number of units. Nothing here reads rows.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from methods.statistics.proportions import Interval

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Estimate:
    """A value with its variance and the degrees of freedom of that variance."""

    value: float
    variance: float
    df: float


def influence(numerator: Vector, denominator: Vector, sums: Vector) -> Vector:
    """Return c with c . s = the first-order effect of one unit's sums s on R.

    c = (a - R b) / (b . S), the linearisation of a ratio (W. G. Cochran, Sampling Techniques,
    3rd ed. 1977, section 6.3; A. Deng, U. Knoblich, J. Lu, KDD 2018, arXiv:1803.06336).
    """
    total = float(denominator @ sums)
    if total <= 0:
        return np.zeros_like(sums)
    ratio = float(numerator @ sums) / total
    return np.asarray((numerator - ratio * denominator) / total, dtype=np.float64)


def ratio_estimate(
    numerator: Vector, denominator: Vector, sums: Vector, moments: Matrix, units: float
) -> Estimate:
    """Return R with its cluster-robust variance and the degrees of freedom of that variance.

    The factor units / (units - 1) is the usual small-sample correction. Degrees of freedom count
    effective units, (sum m)^2 / sum m^2 for units of size m (L. Kish, Survey Sampling, 1965,
    section 8.2): a few heavy users carry the variance, however many light ones there are
    (A. V. Carter, K. T. Schnepel, D. G. Steigerwald, Rev. Econ. Stat. 99 (2017) 698-709).
    """
    total = float(denominator @ sums)
    if total <= 0 or units < 2:
        return Estimate(math.nan, math.inf, 1.0)
    c = influence(numerator, denominator, sums)
    variance = max(float(c @ moments @ c), 0.0) * units / (units - 1)
    effective = total * total / float(denominator @ moments @ denominator)
    df = max(min(float(units), effective) - 1, 1.0)
    return Estimate(float(numerator @ sums) / total, variance, df)


def contrast(first: Estimate, second: Estimate, covariance: float, *, log: bool) -> Estimate:
    """Return first - second, or log(first / second), with Satterthwaite's degrees of freedom.

    `covariance` is that of the two values (units that belong to both sides).
    Source: F. E. Satterthwaite, Biometrics Bulletin 2 (1946) 110-114.
    """
    if log:
        if first.value <= 0 or second.value <= 0:
            return Estimate(math.nan, math.inf, 1.0)
        left = first.variance / first.value**2
        right = second.variance / second.value**2
        cross = covariance / (first.value * second.value)
        value = math.log(first.value / second.value)
    else:
        left, right, cross = first.variance, second.variance, covariance
        value = first.value - second.value
    variance = max(left + right - 2 * cross, 0.0)
    spread = left**2 / first.df + right**2 / second.df
    df = (left + right) ** 2 / spread if spread > 0 else min(first.df, second.df)
    return Estimate(value, variance, df)


def t_interval(estimate: Estimate, level: float) -> Interval:
    """Student's t interval; wide when few units carry the variance."""
    from scipy.special import stdtrit

    half = float(stdtrit(estimate.df, 0.5 + level / 2)) * math.sqrt(estimate.variance)
    return Interval(estimate.value - half, estimate.value + half)


def two_way_variance(by_first: float, by_second: float, by_both: float) -> float:
    """Variance under clustering in two directions, such as people and items.

    V = V_first + V_second - V_intersection; never less than the larger one-way variance, because
    the difference may come out negative in small samples.

    Source: A. C. Cameron, J. B. Gelbach, D. L. Miller, J. Business & Econ. Statistics 29 (2011)
    238-249, equation 2.11.
    """
    return max(by_first + by_second - by_both, by_first, by_second)


def two_way_mean_variance(
    residuals: Vector, first: NDArray[np.int64], second: NDArray[np.int64]
) -> float:
    """Two-way clustered variance of a mean from its residuals and two integer cluster ids."""
    both = first * (int(second.max()) + 1) + second

    def one_way(ids: NDArray[np.int64]) -> float:
        _, index = np.unique(ids, return_inverse=True)
        sums = np.bincount(index, weights=residuals)
        groups = len(sums)
        return float((sums**2).sum()) * groups / max(groups - 1, 1) / len(residuals) ** 2

    return two_way_variance(one_way(first), one_way(second), one_way(both))
