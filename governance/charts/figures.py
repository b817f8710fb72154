"""How a figure is written: numbers, shares, intervals and counts as text, the same everywhere.

Pure text; nothing here draws.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

NO_VALUE = "no value"
_MINUS = "\u2212"
_RAISED = str.maketrans(
    "-0123456789", "\u207b\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079"
)


def is_finite(value: float | None) -> bool:
    """Whether there is a number to show at all."""
    return value is not None and math.isfinite(value)


def figure(value: float | None, *, apart_from: Iterable[float] = ()) -> str:
    """Write a measured value with the digits it needs: `0.85`, `12.4`, `1,792`, `0.0031`.

    A value that only rounding makes equal to one of `apart_from` (its limits) gets more digits,
    so that 0.7996 never reads as the limit 0.80 it misses.
    """
    if value is None or math.isnan(value):
        return NO_VALUE
    if math.isinf(value):
        return "\u221e" if value > 0 else f"{_MINUS}\u221e"
    magnitude = abs(value)
    if magnitude >= 1e12 or 0 < magnitude < 1e-4:
        mantissa, exponent = f"{value:.1e}".split("e")
        power = str(int(exponent)).translate(_RAISED)
        return f"{mantissa} \u00d7 10{power}".replace("-", _MINUS)
    if magnitude >= 100:
        digits = 0
    elif magnitude >= 10:
        digits = 1
    elif magnitude >= 0.01 or magnitude == 0:
        digits = 2
    else:
        digits = 1 - math.floor(math.log10(magnitude))
    others = [other for other in apart_from if other != value]
    while digits < 8 and any(round(value, digits) == round(other, digits) for other in others):
        digits += 1
    return f"{value:,.{digits}f}".replace("-", _MINUS)


def count(number: int | None) -> str:
    """Write how many: `1,792`."""
    return NO_VALUE if number is None else f"{number:,}".replace("-", _MINUS)


def share(value: float | None, *, digits: int = 1) -> str:
    """Write a proportion as a percentage: `81.4 %`."""
    if value is None or not math.isfinite(value):
        return NO_VALUE
    return f"{value * 100:,.{digits}f} %".replace("-", _MINUS)


def interval(
    value: float | None,
    low: float | None,
    high: float | None,
    *,
    apart_from: Iterable[float] = (),
) -> str:
    """Write a value with its interval: `0.85 (0.77 to 0.95)`."""
    limits = tuple(apart_from)
    text = figure(value, apart_from=limits)
    if not is_finite(value) or low is None or high is None:
        return text
    if math.isnan(low) or math.isnan(high):
        return text
    return f"{text} ({figure(low, apart_from=limits)} to {figure(high, apart_from=limits)})"
