"""From a window's group cube or interval to the evidence an alert weighs: estimate and variance.

Which pair and rate a stream watches is chosen elsewhere; states are in `statistics.alerts`.
"""

import math
from datetime import datetime

from methods.fairness.contrasts import Pair, pair_units, side
from methods.fairness.cube import Array, GroupCube
from methods.fairness.rates import RATES
from methods.statistics.alerts import Window
from methods.statistics.clusters import contrast, influence
from methods.statistics.proportions import normal_quantile


def window_of(
    cube: GroupCube, pair: Pair, *, start: datetime, version: str, shared: float = 0.0
) -> Window | None:
    """Return what one window says of the contrast of two groups; None when a rate is undefined.

    A ratio's variance is on the ratio's own scale, as a rule with `log=True` reads it.
    """
    if pair.to is None:
        raise ValueError("A stream of evidence compares two groups, not one with the whole.")
    margin = cube.margins[pair.by]
    own, other = side(margin, pair.of), side(margin, pair.to)
    if min(own.below(pair.rate), other.below(pair.rate)) <= 0:
        return None
    first, second = own.estimate(pair.rate), other.estimate(pair.rate)
    form = RATES[pair.rate]
    left = influence(form.numerator, form.denominator, own.counts)
    right = influence(form.numerator, form.denominator, other.counts)
    both = float(left @ margin.covariance(pair.of, pair.to) @ right)
    subjects = min(pair_units(cube, pair))
    if pair.kind == "difference":
        found = contrast(first, second, both, log=False)
        return Window(start, version, subjects, found.value, found.variance, shared)
    if min(first.value, second.value) <= 0:
        return None
    found = contrast(first, second, both, log=True)
    ratio = first.value / second.value
    return Window(start, version, subjects, ratio, found.variance * ratio**2, shared)


def from_interval(
    value: float | None,
    low: float | None,
    high: float | None,
    *,
    level: float,
    subjects: int,
    start: datetime,
    version: str,
    log: bool = False,
) -> Window | None:
    """Return what one window says of a measure of which only the interval is known.

    `low` and `high` bound `value` with probability `level`; a ratio (`log=True`) is read on its
    logarithm. None when an end is open or the interval has no width.

    Assumptions: the estimate is near normal, and windows are independent: what returning people
    share is not in an interval. The standard deviation is the longer half of the interval over
    the normal quantile of its level. Intervals that are wider than that level needs (by a t
    quantile, a simultaneous level or a bound) therefore make the evidence weaker, never stronger.
    """
    if value is None or low is None or high is None:
        return None
    if not all(map(math.isfinite, (value, low, high))) or (log and min(value, low) <= 0):
        return None
    scale = math.log if log else float
    half = max(scale(high) - scale(value), scale(value) - scale(low))
    if half <= 0:
        return None
    variance = (half / normal_quantile(level)) ** 2
    return Window(start, version, subjects, value, variance * value**2 if log else variance)


def shared_variance(cube: GroupCube, before: GroupCube, pair: Pair, of: Array, to: Array) -> float:
    """Return the covariance of two windows' contrasts through people who are in both.

    `of` and `to` are (4, 4) sums, over people of each group who are in both windows, of their
    outcomes in this window times those in the window before. People who changed group are left
    out. Keys may stand at other places in the window before; a group not there shares nothing.
    """
    if pair.to is None:
        raise ValueError("A stream of evidence compares two groups, not one with the whole.")
    now, then, form = cube.margins[pair.by], before.margins[pair.by], RATES[pair.rate]
    parts, values = [], []
    for place, cross in ((pair.of, of), (pair.to, to)):
        key = now.keys[place]
        if key not in then.keys:
            return 0.0
        counts = now.counts[place], then.counts[then.keys.index(key)]
        effects = [influence(form.numerator, form.denominator, each) for each in counts]
        parts.append(float(effects[0] @ cross @ effects[1]))
        values.append(side(now, place).value(pair.rate))
    if pair.kind == "difference":
        return sum(parts)
    if min(values) <= 0:
        return 0.0
    ratio = values[0] / values[1]
    return ratio**2 * (parts[0] / values[0] ** 2 + parts[1] / values[1] ** 2)
