"""Contrasts between groups and their intervals, one by one or all at once.

Takes the cube and a list of pairs; gives an interval for each. Which pairs are reported or judged
is decided in `groups` and `families`.
"""

import math
from dataclasses import dataclass

import numpy as np

from methods.fairness.composites import COMPOSITES, back, transformed
from methods.fairness.cube import Array, GroupCube, Key, Margin
from methods.fairness.rates import Kind
from methods.fairness.sides import Side
from methods.statistics.clusters import Estimate, contrast, t_interval
from methods.statistics.proportions import Interval, newcombe, ratio, wilson


@dataclass(frozen=True)
class Pair:
    """One contrast: positions of two keys of a margin; `to` None stands for the stratum's whole."""

    by: Key
    rate: str
    kind: Kind
    of: int
    to: int | None


def side(margin: Margin, index: int) -> Side:
    """Return one key of a margin."""
    return margin.sides[index]


def stratum_indexes(margin: Margin, stratum: Key) -> list[int]:
    """Return the positions of a margin's keys that belong to a stratum of the controls."""
    return [i for i, key in enumerate(margin.keys) if key[: len(stratum)] == stratum]


def whole(cube: GroupCube, stratum: Key) -> Side:
    """Return all of a stratum."""
    margin = cube.margins[()]
    return side(margin, margin.keys.index(stratum))


def rest_of(cube: GroupCube, margin: Margin, index: int) -> tuple[Side, Array]:
    """Return everything in the stratum but one key, and its cross products with that key."""
    stratum = margin.keys[index][: len(cube.controls)]
    everything, own = whole(cube, stratum), side(margin, index)
    cross = np.zeros((4, 4))
    for other in stratum_indexes(margin, stratum):
        if other != index:
            cross = cross + margin.covariance(index, other)
    moments = everything.moments - own.moments - cross - cross.T
    # For people on both sides the powers are an upper bound: a wider interval, never a narrower.
    powers = np.clip(everything.powers - own.powers, 0, None)
    counts, units = everything.counts - own.counts, everything.units - own.units
    return Side(counts, moments, units, powers), cross


def rate_interval(cube: GroupCube, part: Side, rate: str, level: float) -> tuple[Interval, str]:
    """Return the interval of one rate and the name of its method."""
    if part.below(rate) <= 0:
        return Interval(math.nan, math.nan), "none"
    if rate in COMPOSITES:
        return composite_interval(part, rate, level), _robust(cube)
    if cube.exact:
        return wilson(part.above(rate), part.below(rate), level), "wilson"
    estimate = part.estimate(rate)
    value = estimate.value
    if not 0 < value < 1 or not 0 < estimate.variance < math.inf:
        return wilson(*part.effective(rate), level), "wilson_effective"
    # On the logit scale the interval stays between 0 and 1 and covers well near both.
    logit = Estimate(
        math.log(value / (1 - value)),
        estimate.variance / (value * (1 - value)) ** 2,
        estimate.df,
    )
    low, high = t_interval(logit, level)
    return Interval(_expit(low), _expit(high)), _robust(cube)


def pair_interval(cube: GroupCube, pair: Pair, level: float) -> tuple[Interval, str]:
    """Return the interval of a contrast and the name of its method."""
    margin = cube.margins[pair.by]
    own = side(margin, pair.of)
    if pair.to is not None:
        other, cross = side(margin, pair.to), margin.covariance(pair.of, pair.to)
        return _two_sides(cube, own, other, cross, pair, level)
    if pair.rate in COMPOSITES:
        return _composite_to_whole(cube, margin, pair, level)
    # A group is part of the whole: contrast it with the rest and carry that over exactly.
    rest, cross = rest_of(cube, margin, pair.of)
    if rest.below(pair.rate) <= 0:
        fixed = 0.0 if pair.kind == "difference" else 1.0
        return Interval(fixed, fixed), "identity"
    interval, name = _two_sides(cube, own, rest, cross, pair, level)
    share = own.below(pair.rate) / (own.below(pair.rate) + rest.below(pair.rate))
    if pair.kind == "difference":
        return Interval((1 - share) * interval.low, (1 - share) * interval.high), name
    return Interval(_to_whole(interval.low, share), _to_whole(interval.high, share)), name


def pair_value(cube: GroupCube, pair: Pair) -> float:
    """Return the contrast itself; a rate without a denominator counts as 0, as in fairlearn."""
    margin = cube.margins[pair.by]
    own = side(margin, pair.of)
    stratum = margin.keys[pair.of][: len(cube.controls)]
    other = whole(cube, stratum) if pair.to is None else side(margin, pair.to)
    first, second = (
        part.value(pair.rate) if part.below(pair.rate) > 0 else 0.0 for part in (own, other)
    )
    if pair.kind == "difference":
        return first - second
    return first / second if second > 0 else math.nan


def pair_units(cube: GroupCube, pair: Pair) -> tuple[int, int]:
    """Return the units on each side of a contrast (a group against the rest, for the whole)."""
    margin = cube.margins[pair.by]
    own = side(margin, pair.of)
    other = rest_of(cube, margin, pair.of)[0] if pair.to is None else side(margin, pair.to)
    return own.n(pair.rate), other.n(pair.rate)


def _two_sides(
    cube: GroupCube, own: Side, other: Side, cross: Array, pair: Pair, level: float
) -> tuple[Interval, str]:
    rate, log = pair.rate, pair.kind == "ratio"
    if own.below(rate) <= 0 or other.below(rate) <= 0:
        return Interval(math.nan, math.nan), "none"
    if rate in COMPOSITES:
        return _composites(cube, own, other, cross, pair, level)
    if cube.exact:
        numbers = own.above(rate), own.below(rate), other.above(rate), other.below(rate)
        return _of_counts(numbers, log=log, level=level)
    first, second = own.estimate(rate), other.estimate(rate)
    if not all(0 < e.value < 1 and 0 < e.variance < math.inf for e in (first, second)):
        # A rate of 0 or 1 shows no variance; count each unit as at most one observation.
        numbers = (*own.effective(rate), *other.effective(rate))
        interval, name = _of_counts(numbers, log=log, level=level)
        return interval, f"{name}_effective"
    covariance = float(own.effect(rate) @ cross @ other.effect(rate))
    estimate = contrast(first, second, covariance, log=log)
    low, high = t_interval(estimate, level)
    if log:
        return Interval(math.exp(low), math.exp(min(high, 700.0))), _robust(cube)
    return Interval(max(low, -1.0), min(high, 1.0)), _robust(cube)


def composite_interval(part: Side, name: str, level: float) -> Interval:
    """Return the interval of a composite, made on a scale without ends.

    On an end, where nothing seems to vary, half a unit is added to each count first.
    """
    least = COMPOSITES[name].least
    estimate = part.estimate(name)
    value, variance, inside = transformed(estimate.value, estimate.variance, least)
    if not inside:
        size = float(part.counts.sum()) / max(part.n(name), 1)
        padded = Side(
            part.counts + size / 2,
            part.moments + np.eye(4) * size**2 / 2,
            part.units + 2,
            part.powers + 2 * size ** np.arange(3, 6),
        )
        estimate = padded.estimate(name)
        value, variance, inside = transformed(estimate.value, estimate.variance, least)
        if not inside:
            return Interval(least, 1.0)
    low, high = t_interval(Estimate(value, variance, estimate.df), level)
    shown = part.value(name)
    return Interval(min(back(low, least), shown), max(back(high, least), shown))


def _composites(
    cube: GroupCube, own: Side, other: Side, cross: Array, pair: Pair, level: float
) -> tuple[Interval, str]:
    """Contrast two composites by their own intervals (MOVER); people on both sides by variance.

    Source: G. Y. Zou, A. Donner, Statistics in Medicine 27 (2008) 1693-1702.
    """
    name, log = pair.rate, pair.kind == "ratio"
    if cross.any():
        covariance = float(own.effect(name) @ cross @ other.effect(name))
        return _by_variance(cube, own.estimate(name), other.estimate(name), covariance, pair, level)
    ends = []
    for part in (own, other):
        low, high = composite_interval(part, name, level)
        ends.append((part.value(name), low, high))
    if log:
        if min(low for _, low, _ in ends) <= 0:
            return Interval(math.nan, math.nan), "none"
        ends = [(math.log(v), math.log(low), math.log(high)) for v, low, high in ends]
    (one, low1, high1), (two, low2, high2) = ends
    low = one - two - math.hypot(one - low1, high2 - two)
    high = one - two + math.hypot(high1 - one, two - low2)
    if log:
        return Interval(math.exp(low), math.exp(min(high, 700.0))), "mover"
    span = 1 - COMPOSITES[name].least
    return Interval(max(low, -span), min(high, span)), "mover"


def _composite_to_whole(
    cube: GroupCube, margin: Margin, pair: Pair, level: float
) -> tuple[Interval, str]:
    """Contrast a group with the whole it is part of: its people count on both sides."""
    own = side(margin, pair.of)
    everything = whole(cube, margin.keys[pair.of][: len(cube.controls)])
    _, cross = rest_of(cube, margin, pair.of)
    covariance = float(own.effect(pair.rate) @ (own.moments + cross) @ everything.effect(pair.rate))
    estimates = own.estimate(pair.rate), everything.estimate(pair.rate)
    return _by_variance(cube, *estimates, covariance, pair, level)


def _by_variance(
    cube: GroupCube, first: Estimate, second: Estimate, covariance: float, pair: Pair, level: float
) -> tuple[Interval, str]:
    log = pair.kind == "ratio"
    estimate = contrast(first, second, covariance, log=log)
    if not math.isfinite(estimate.variance) or math.isnan(estimate.value):
        return Interval(math.nan, math.nan), "none"
    low, high = t_interval(estimate, level)
    if log:
        return Interval(math.exp(low), math.exp(min(high, 700.0))), _robust(cube)
    span = 1 - COMPOSITES[pair.rate].least
    return Interval(max(low, -span), min(high, span)), _robust(cube)


def _of_counts(
    numbers: tuple[float, float, float, float], *, log: bool, level: float
) -> tuple[Interval, str]:
    """Return the interval of a contrast of independent counts and the name of its method."""
    return ratio(*numbers, level) if log else (newcombe(*numbers, level), "newcombe")


def _to_whole(ratio: float, share: float) -> float:
    """Turn group / rest into group / whole, the group being `share` of the whole."""
    if math.isinf(ratio):
        return 1 / share
    return ratio / (share * ratio + 1 - share)


def _robust(cube: GroupCube) -> str:
    if cube.exact:
        return "delta"
    return "delta_clustered" if cube.unit == "subjects" else "delta_weighted"


def _expit(value: float) -> float:
    return 1 / (1 + math.exp(-value)) if value > -700 else 0.0
