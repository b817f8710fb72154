"""How small a gap a window of so many people can show: pure reckoning before a plan is saved.

Two independent groups of equal size and a share, or a price with a spread. A gap is detectable when
its whole interval lies off equality in four windows of five. People who return, weights and
clusters need more than is said here.

Source: J. L. Fleiss, B. Levin, M. C. Paik, Statistical Methods for Rates and Proportions, 3rd
edition, 2003, section 4.2 (without continuity correction, variances not pooled).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist

POWER = 0.8
STEPS = 200


@dataclass(frozen=True)
class Sight:
    """What one window can tell: the limit's gap needs `needed` people a group; `smallest` shows."""

    people: int
    needed: int | None
    smallest: float | None
    level: float


def member_level(level: float, comparisons: int, looks: int) -> float:
    """Return the level of each interval when several comparisons and looks share the error.

    By Bonferroni: at worst as wide as this.
    """
    return 1 - (1 - level) / (max(comparisons, 1) * max(looks, 1))


def reach(level: float, power: float = POWER) -> float:
    """Return how many standard errors a gap must be for its interval to leave equality out."""
    normal = NormalDist()
    return normal.inv_cdf(0.5 + level / 2) + normal.inv_cdf(power)


def people_for_difference(first: float, second: float, level: float, power: float = POWER) -> int:
    """Return the people a group needs to tell two shares apart."""
    variance = first * (1 - first) + second * (1 - second)
    return math.ceil(reach(level, power) ** 2 * variance / (first - second) ** 2)


def people_for_ratio(first: float, second: float, level: float, power: float = POWER) -> int:
    """Return the people a group needs to tell the ratio of two shares from 1."""
    variance = (1 - first) / first + (1 - second) / second
    return math.ceil(reach(level, power) ** 2 * variance / math.log(first / second) ** 2)


def people_for_mean(gap: float, spread: float, level: float, power: float = POWER) -> int:
    """Return the people a group needs to see a gap between means of this standard deviation."""
    return math.ceil(2 * (reach(level, power) * spread / gap) ** 2)


def people_for_share(share: float, limit: float, level: float, power: float = POWER) -> int:
    """Return the people needed to tell one share from its limit."""
    return math.ceil(reach(level, power) ** 2 * share * (1 - share) / (share - limit) ** 2)


def sight_of_difference(share: float, gap: float, people: int, level: float) -> Sight:
    """What a limit on a difference of two shares can see; `share` is the larger one."""
    lower = share - gap
    needed = people_for_difference(share, lower, level) if 0 < gap < share else None
    smallest = _smallest(
        lambda one: people_for_difference(share, share - one, level), share - 1e-9, people
    )
    return Sight(people, needed, smallest, level)


def sight_of_ratio(share: float, ratio: float, people: int, level: float) -> Sight:
    """What a limit on a ratio of two shares can see; `smallest` is the ratio nearest to 1."""
    below = ratio if ratio < 1 else 1 / ratio
    needed = people_for_ratio(share, share * below, level) if 0 < below < 1 else None
    gap = _smallest(lambda one: people_for_ratio(share, share * math.exp(-one), level), 6.0, people)
    return Sight(people, needed, None if gap is None else math.exp(-gap), level)


def sight_of_price_ratio(spread: float, ratio: float, people: int, level: float) -> Sight:
    """What a limit on a ratio of mean prices can see; `spread` is the deviation over the mean."""
    gap = abs(math.log(ratio)) if ratio > 0 else 0.0
    needed = people_for_mean(gap, spread, level) if gap else None
    smallest = reach(level) * spread * math.sqrt(2 / people) if people > 0 else None
    return Sight(people, needed, None if smallest is None else math.exp(smallest), level)


def _smallest(people_for: Callable[[float], int], largest: float, people: int) -> float | None:
    """Return the smallest gap that `people` suffice for; None when there is none.

    More is not always easier: a ratio near 0 rests on few events. So the first that does is sought
    from below, then narrowed down by halving.
    """
    steps = [largest * (number / STEPS) ** 2 for number in range(1, STEPS + 1)]
    high = next((step for step in steps if people_for(step) <= people), None)
    if people <= 0 or high is None:
        return None
    low = max((step for step in steps if step < high), default=high / 1e6)
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if people_for(middle) > people else (low, middle)
    return high
