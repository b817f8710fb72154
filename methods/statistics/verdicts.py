"""From an interval and a limit to a verdict, and to how many more units would decide it."""

import math
from typing import Literal

Verdict = Literal["pass", "fail", "inconclusive", "not_applicable"]
Operator = Literal[">=", "<="]

# A study this large would be a different study; beyond it no number is given.
MOST_UNITS = 10_000_000_000


def judge(low: float | None, high: float | None, op: Operator, limit: float) -> Verdict:
    """Return pass only if the whole interval is inside the limit, fail only if wholly outside."""
    if low is None or high is None or math.isnan(low) or math.isnan(high):
        return "inconclusive"
    if op == ">=":
        return "pass" if low >= limit else "fail" if high < limit else "inconclusive"
    return "pass" if high <= limit else "fail" if low > limit else "inconclusive"


def units_to_decide(
    value: float, low: float, high: float, limit: float, n: int, *, log: bool = False
) -> int | None:
    """Return how many more units would bring the interval to one side of the limit.

    Assumes that the value stays and the half-width shrinks with the square root of n; for ratios
    (`log`) both are measured on the log scale. None when no number would do.
    """
    if log:
        if min(value, limit) <= 0 or low <= 0 or math.isinf(high):
            return None
        value, low, high, limit = (math.log(part) for part in (value, low, high, limit))
    distance = abs(value - limit)
    # The end that has to cross: the one on the limit's side of the value.
    half = value - low if limit <= value else high - value
    if not math.isfinite(half) or distance <= 0 or n <= 0:
        return None
    needed = n * (half / distance) ** 2 - n
    return max(1, math.ceil(needed)) if needed < MOST_UNITS else None
