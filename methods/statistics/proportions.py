"""Intervals for proportions of independent rows: one, the difference of two, the ratio of two.

Clustered or weighted data are not handled here: see `clusters`.
"""

import math
from functools import lru_cache
from statistics import NormalDist
from typing import Literal, NamedTuple

# With fewer failures than this on a side the log scale hardly sees its variance.
FEW_FAILURES = 10


class Interval(NamedTuple):
    """A two-sided interval; `high` may be infinite for a ratio whose denominator was never seen."""

    low: float
    high: float


WHOLE_LINE = Interval(-math.inf, math.inf)


@lru_cache(maxsize=4096)
def normal_quantile(level: float) -> float:
    """Return z such that a standard normal lies in [-z, z] with probability `level`."""
    return NormalDist().inv_cdf(0.5 + level / 2)


def wilson(successes: float, trials: float, level: float = 0.95) -> Interval:
    """Wilson's score interval for one proportion.

    Parameters
    ----------
    successes, trials : counts (not necessarily whole), 0 <= successes <= trials
    level : confidence level

    Source: E. B. Wilson, JASA 22 (1927) 209-212; method 3 of R. G. Newcombe,
    Statistics in Medicine 17 (1998) 857-872.
    """
    if trials <= 0:
        return Interval(0.0, 1.0)
    z = normal_quantile(level)
    share = successes / trials
    denominator = 1 + z * z / trials
    centre = (share + z * z / (2 * trials)) / denominator
    spread = share * (1 - share) / trials + z * z / (4 * trials * trials)
    half = z * math.sqrt(max(spread, 0.0)) / denominator
    # The ends at 0 and 1 are exact; rounding must not move them past the observed share.
    low = 0.0 if successes <= 0 else max(0.0, centre - half)
    high = 1.0 if successes >= trials else min(1.0, centre + half)
    return Interval(low, high)


def newcombe(x1: float, n1: float, x2: float, n2: float, level: float = 0.95) -> Interval:
    """Newcombe's hybrid score interval for p1 - p2 of two independent samples.

    Source: method 10 of R. G. Newcombe, Statistics in Medicine 17 (1998) 873-890.
    """
    if n1 <= 0 or n2 <= 0:
        return Interval(-1.0, 1.0)
    p1, p2 = x1 / n1, x2 / n2
    low1, high1 = wilson(x1, n1, level)
    low2, high2 = wilson(x2, n2, level)
    below = math.hypot(p1 - low1, high2 - p2)
    above = math.hypot(high1 - p1, p2 - low2)
    return Interval(max(-1.0, p1 - p2 - below), min(1.0, p1 - p2 + above))


def log_ratio(x1: float, n1: float, x2: float, n2: float, level: float = 0.95) -> Interval:
    """Interval for p1 / p2 on the log scale, half a success added to every count.

    An end for which there is no evidence stays open: 0 when x1 = 0, infinity when x2 = 0.

    Source: S. D. Walter, Biometrika 62 (1975) 371-374 (the half); D. Katz et al.,
    Biometrics 34 (1978) 469-474 (the variance of the log).
    """
    if n1 <= 0 or n2 <= 0:
        return Interval(0.0, math.inf)
    z = normal_quantile(level)
    a, b = x1 + 0.5, x2 + 0.5
    centre = math.log(a / (n1 + 0.5)) - math.log(b / (n2 + 0.5))
    variance = 1 / a - 1 / (n1 + 0.5) + 1 / b - 1 / (n2 + 0.5)
    half = z * math.sqrt(max(variance, 0.0))
    low = 0.0 if x1 <= 0 else math.exp(centre - half)
    high = math.inf if x2 <= 0 else math.exp(centre + half)
    return Interval(low, high)


def score_ratio(x1: float, n1: float, x2: float, n2: float, level: float = 0.95) -> Interval:
    """Interval for p1 / p2 recovered from the two Wilson intervals.

    Unlike `log_ratio` it keeps its coverage when a proportion is close to 1, where the log scale
    sees almost no variance.

    Source: MOVER-R of A. Donner, G. Y. Zou, Statistical Methods in Medical Research 21 (2012)
    347-359, equation 9.
    """
    if n1 <= 0 or n2 <= 0:
        return Interval(0.0, math.inf)
    p1, p2 = x1 / n1, x2 / n2
    low1, high1 = wilson(x1, n1, level)
    low2, high2 = wilson(x2, n2, level)
    product = p1 * p2

    def end(own: float, other: float, sign: float) -> float:
        below = other * (2 * p2 - other)
        root = math.sqrt(max(product**2 - own * (2 * p1 - own) * below, 0.0))
        if abs(below) < 1e-12:
            # The limit of the formula as its denominator vanishes.
            return own * (2 * p1 - own) / (2 * product) if product > 0 and sign < 0 else math.inf
        return (product + sign * root) / below

    low = 0.0 if x1 <= 0 else max(end(low1, high2, -1.0), 0.0)
    high = math.inf if x2 <= 0 else end(high1, low2, 1.0)
    return Interval(low, high)


def ratio(
    x1: float, n1: float, x2: float, n2: float, level: float = 0.95
) -> tuple[Interval, Literal["log_ratio", "score_ratio"]]:
    """Interval for p1 / p2 by the scores where the log scale fails, and the name of its method."""
    if min(n1 - x1, n2 - x2) < FEW_FAILURES:
        return score_ratio(x1, n1, x2, n2, level), "score_ratio"
    return log_ratio(x1, n1, x2, n2, level), "log_ratio"
