"""Measures of a group that are no share of people: F1, balanced accuracy, Matthews correlation.

Values follow scikit-learn, which fairlearn uses for them; each knows its first-order effects, so
that intervals stay cluster-robust. Plain rates are in `rates`.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from methods.fairness.rates import DENOMINATORS, KINDS, RATES, Kind, Rate, contrast_metric

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Composite:
    """A smooth measure of the counts (tp, fp, fn, tn) that scaling them leaves as it is."""

    name: str
    value: Callable[[Array], Array]  # (..., 4) -> (...); 0 where scikit-learn has 0
    influence: Callable[[Array], Array]  # (4,) -> (4,), zeros where it is not defined
    defined: Callable[[Array], bool]
    least: float
    words: str
    among: str = "all"
    needs_truth: bool = True
    on_request: bool = True


def _share(above: Array, below: Array) -> Array:
    return np.asarray(
        np.divide(above, below, out=np.zeros_like(below), where=below > 0), dtype=np.float64
    )


def _f1(counts: Array) -> Array:
    tp, fp, fn, _ = np.moveaxis(np.asarray(counts, dtype=np.float64), -1, 0)
    return np.asarray(_share(2 * tp, 2 * tp + fp + fn))


def _f1_influence(counts: Array) -> Array:
    tp, fp, fn, _ = counts
    below = 2 * tp + fp + fn
    if below <= 0:
        return np.zeros(4)
    value = 2 * tp / below
    return np.asarray(np.array([2 - 2 * value, -value, -value, 0.0]) / below)


def _balanced(counts: Array) -> Array:
    tp, fp, fn, tn = np.moveaxis(np.asarray(counts, dtype=np.float64), -1, 0)
    positive, negative = tp + fn, fp + tn
    classes = (positive > 0).astype(np.float64) + (negative > 0)
    return np.asarray(_share(_share(tp, positive) + _share(tn, negative), classes))


def _balanced_influence(counts: Array) -> Array:
    tp, fp, fn, tn = counts
    positive, negative = tp + fn, fp + tn
    found = np.zeros(4)
    if positive > 0:
        found += np.array([fn, 0.0, -tp, 0.0]) / positive**2
    if negative > 0:
        found += np.array([0.0, -tn, 0.0, fp]) / negative**2
    return found / max(int(positive > 0) + int(negative > 0), 1)


def _product(counts: Array) -> Array:
    tp, fp, fn, tn = np.moveaxis(np.asarray(counts, dtype=np.float64), -1, 0)
    return np.asarray(np.sqrt(tp + fp) * np.sqrt(tp + fn) * np.sqrt(tn + fp) * np.sqrt(tn + fn))


def _matthews(counts: Array) -> Array:
    tp, fp, fn, tn = np.moveaxis(np.asarray(counts, dtype=np.float64), -1, 0)
    return np.asarray(_share(tp * tn - fp * fn, _product(counts)))


def _matthews_influence(counts: Array) -> Array:
    tp, fp, fn, tn = counts
    product = float(_product(counts))
    if product <= 0:
        return np.zeros(4)
    above = tp * tn - fp * fn
    # d log of the square root of the product of the four sums.
    sums = {"p": 1 / (tp + fp), "y": 1 / (tp + fn), "n": 1 / (tn + fp), "m": 1 / (tn + fn)}
    logs = np.array(
        [
            sums["p"] + sums["y"],
            sums["p"] + sums["n"],
            sums["y"] + sums["m"],
            sums["n"] + sums["m"],
        ]
    )
    return np.asarray((np.array([tn, -fn, -fp, tp]) - above * logs / 2) / product)


COMPOSITES: dict[str, Composite] = {
    one.name: one
    for one in (
        Composite(
            "f1_score",
            _f1,
            _f1_influence,
            lambda c: bool(c[0] + c[1] + c[2] > 0),
            0.0,
            "F1, of precision and true positive rate",
        ),
        Composite(
            "balanced_accuracy",
            _balanced,
            _balanced_influence,
            lambda c: bool(c.sum() > 0),
            0.0,
            "the mean of true positive and true negative rate",
        ),
        Composite(
            "matthews_corrcoef",
            _matthews,
            _matthews_influence,
            lambda c: bool(_product(c) > 0),
            -1.0,
            "the correlation of decision and truth",
        ),
    )
}
COMPOSITE_CONTRASTS: dict[str, tuple[str, Kind]] = {
    contrast_metric(name, kind): (name, kind) for name in COMPOSITES for kind in KINDS
}
# Every measure of one group, and what may be compared.
FORMS: dict[str, Rate | Composite] = {**RATES, **COMPOSITES}
ALL = np.array(DENOMINATORS["all"], dtype=np.float64)


def transformed(value: float, variance: float, least: float) -> tuple[float, float, bool]:
    """Return value and variance on a scale without ends: logit, or Fisher's z from -1 to 1.

    The last is False where the value lies on an end, or nothing varies.
    """
    inside = least < value < 1 and 0 < variance < math.inf
    if not inside:
        return value, variance, False
    if least < 0:
        return math.atanh(value), variance / (1 - value * value) ** 2, True
    return math.log(value / (1 - value)), variance / (value * (1 - value)) ** 2, True


def back(value: float, least: float) -> float:
    """Return a value of that scale as it was."""
    if least < 0:
        return math.tanh(value)
    return 1 / (1 + math.exp(-value)) if value > -700 else 0.0
