"""How many different people stand behind a log of which only a known share of rows was kept.

Counts in, an estimate with bounds out. Reading the log is done elsewhere.
"""

import math
from typing import NamedTuple

_TAIL = 1.959963984540054  # the 97.5 % quantile of the standard normal


class Estimate(NamedTuple):
    """A number with the bounds it lies between."""

    value: float
    low: float
    high: float


def distinct_total(seen: int, once: int, rate: float) -> Estimate:
    """Estimate the number of distinct values of a log from a Bernoulli sample of its rows.

    Parameters
    ----------
    seen : distinct values in the sample
    once : how many of them the sample holds exactly once, at most `seen`
    rate : the probability with which each row was kept, in (0, 1]

    The value is the guaranteed-error estimator: what was seen more than once counts once, what was
    seen once counts 1/sqrt(rate) times. The low bound is what was seen, which is certain. The high
    bound takes the upper 97.5 % Poisson limit of `once`, 1/rate times: its expectation is the true
    number where every value stands on one row, and above it everywhere else.

    Source: M. Charikar, S. Chaudhuri, R. Motwani, V. Narasayya, Towards estimation error
    guarantees for distinct values, PODS 2000, section 4; Poisson limit: D. P. Byar's
    approximation, in N. E. Breslow, N. E. Day, Statistical Methods in Cancer Research II (1987) 69.
    """
    if not 0 <= once <= seen:
        raise ValueError("`once` lies between 0 and `seen`.")
    if not 0 < rate <= 1:
        raise ValueError("`rate` lies in (0, 1].")
    if rate == 1:
        return Estimate(seen, seen, seen)
    repeated = seen - once
    high = repeated + poisson_upper(once) / rate
    return Estimate(repeated + once / math.sqrt(rate), seen, high)


def poisson_upper(count: int) -> float:
    """Return the upper end of Byar's 95 % interval for a Poisson mean, `count` events seen."""
    more = count + 1
    return float(more * (1 - 1 / (9 * more) + _TAIL / (3 * math.sqrt(more))) ** 3)


def poisson_lower(count: int) -> float:
    """Return the lower end of the same interval; nothing seen bounds nothing."""
    if count == 0:
        return 0.0
    root = 1 - 1 / (9 * count) - _TAIL / (3 * math.sqrt(count))
    return float(count * max(root, 0.0) ** 3)
