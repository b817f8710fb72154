"""Delta-method intervals for ratios of sums when units (people) contribute many or weighted rows.

A ratio metric is R = (a . S) / (b . S), where S is a vector of sums over independent units and
a, b pick numerator and denominator. Everything needed is S, the cross products M = sum s s' over
units, and power sums of the units' sizes m = b . s. Nothing here reads rows.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from methods.statistics.proportions import Interval

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]

# Below this share of residual variance one unit is all there is.
NOTHING_LEFT = 1e-9
# Powers of a unit's size whose sums are needed beside those in S and M.
POWERS = (3, 4, 5)


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
    numerator: Vector, denominator: Vector, sums: Vector, moments: Matrix, powers: Vector
) -> Estimate:
    """Return R with its cluster-robust variance and the degrees of freedom of that variance.

    `powers` are the sums of m^3, m^4 and m^5 over units of size m. A heavy user pulls R towards
    himself, so his residual is too small, and a few heavy users carry the variance however many
    light ones there are. Both are corrected as if a unit's sum had the variance
    w = m + rho (m^2 - m), rho the correlation of two rows of one unit, estimated from the data:
    with residuals P s, P = I - m 1' / sum m, and B = P diag(w) P', the variance is multiplied by
    tr(diag w) / tr(B) and has tr(B)^2 / tr(B^2) degrees of freedom. With units of one size that
    is units / (units - 1) and units - 1.

    Source: R. M. Bell, D. F. McCaffrey, Survey Methodology 28 (2002) 169-181 (the degrees of
    freedom); G. W. Imbens, M. Kolesar, Rev. Econ. Stat. 98 (2016) 701-712 (the estimated rho).
    """
    total = float(denominator @ sums)
    if total <= 0:
        return Estimate(math.nan, math.inf, 1.0)
    value = float(numerator @ sums) / total
    c = influence(numerator, denominator, sums)
    raw = max(float(c @ moments @ c), 0.0)
    # Sizes as shares of the whole: h of the unit, and sums of their powers from 2 to 5.
    squares = float(denominator @ moments @ denominator) / total**2
    cubes, fourths, fifths = (float(p) / total**k for p, k in zip(powers, POWERS, strict=True))
    rows = 1 / total
    # What raw / (value (1 - value)) would be with rho 0 and with rho 1: rho lies as far between.
    least, most = rows * (1 - squares), squares - 2 * cubes + squares**2
    rho = 1.0
    if 0 < value < 1 and most > least:
        rho = min(max((raw / (value * (1 - value)) - least) / (most - least), 0.0), 1.0)
    # w as shares: own h + within h^2. What stands behind `w` is what it is multiplied with.
    own, within = (1 - rho) * rows, rho
    w = own + within * squares
    wh = own * squares + within * cubes
    ww = own**2 * squares + 2 * own * within * cubes + within**2 * fourths
    whh = own * cubes + within * fourths
    wwh = own**2 * cubes + 2 * own * within * fourths + within**2 * fifths
    trace = w - 2 * wh + w * squares
    if trace <= NOTHING_LEFT * w:
        return Estimate(value, math.inf, 1.0)
    spread = ww - 4 * wwh + 2 * w * whh + 2 * squares * ww
    spread += 2 * wh**2 + (w * squares) ** 2 - 4 * w * squares * wh
    df = trace**2 / spread if spread > 0 else 1.0
    return Estimate(value, raw * w / trace, max(df, 1.0))


def smooth_estimate(
    value: float, effect: Vector, denominator: Vector, sums: Vector, moments: Matrix, powers: Vector
) -> Estimate:
    """Return any smooth statistic of the sums with its cluster-robust variance.

    `effect` is its gradient at the sums (the delta method); scaling all sums must leave the
    statistic as it is, so that effect . sums = 0. Units of unequal size are corrected for as in
    `ratio_estimate` with rows of one unit fully alike (rho 1), which is the cautious end.
    """
    total = float(denominator @ sums)
    if total <= 0:
        return Estimate(math.nan, math.inf, 1.0)
    raw = max(float(effect @ moments @ effect), 0.0)
    squares = float(denominator @ moments @ denominator) / total**2
    cubes, fourths, fifths = (float(p) / total**k for p, k in zip(powers, POWERS, strict=True))
    trace = squares - 2 * cubes + squares**2
    if trace <= NOTHING_LEFT * squares:
        return Estimate(value, math.inf, 1.0)
    spread = fourths - 4 * fifths + 2 * squares * fourths + 2 * squares * fourths
    spread += 2 * cubes**2 + squares**4 - 4 * squares**2 * cubes
    df = trace**2 / spread if spread > 0 else 1.0
    return Estimate(value, raw * squares / trace, max(df, 1.0))


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
