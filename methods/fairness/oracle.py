"""The recorded numbers: fairlearn's MetricFrame on the cube, once for all ways of grouping.

Grouping, wholes, differences and ratios are fairlearn's; the rate of one group is one division of
counts, `kernel.rate`. A run of fairlearn on raw rows gives the same numbers; the tests hold that.
"""

import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from methods.fairness import kernel
from methods.fairness.cube import Array, GroupCube, Key
from methods.fairness.rates import KINDS, OUTCOMES, SCALARS, Kind

Rows = dict[Any, dict[str, float]]


@dataclass(frozen=True)
class Recorded:
    """Values by (rate, key) per margin key, and disparities and scalars by stratum."""

    by_group: dict[tuple[str, Key], float]
    overall: dict[tuple[str, Key], float]
    disparities: dict[tuple[str, Kind, Key], float]
    scalars: dict[tuple[str, Key], float]


def load() -> None:
    """Import what `record` needs, so that its first call need not."""
    for name in ("fairlearn.metrics", "pandas"):
        import_module(name)


def record(
    cube: GroupCube, ways: Iterable[Key], rates: Sequence[str], method: str
) -> dict[Key, Recorded]:
    """Return fairlearn's numbers for each way of grouping; `method` is of the disparities."""
    import fairlearn.metrics as fl
    import pandas as pd

    ways, width = tuple(ways), len(cube.controls)
    # A stratum of a way of grouping is a control, a key's place within it the group.
    families = [(by, stratum) for by in ways for stratum in cube.margins[()].keys]
    places: dict[tuple[Key, Key], tuple[int, int]] = {}
    sizes = [0] * len(families)
    cells: list[tuple[int, int, int, float]] = []
    for by in ways:
        margin = cube.margins[by]
        for key, counts in zip(margin.keys, margin.counts, strict=True):
            family = families.index((by, key[:width]))
            places[by, key] = family, sizes[family]
            sizes[family] += 1
            cells += [(*places[by, key], outcome, n) for outcome, n in enumerate(counts) if n > 0]
    frame = pd.DataFrame(cells, columns=["family", "place", "outcome", "n"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        metric = fl.MetricFrame(
            metrics={rate: _metric(rate) for rate in rates},
            # A rate gets both columns of a group's rows: which of OUTCOMES, and how many.
            y_true=frame["outcome"],
            y_pred=frame["n"],
            control_features=frame["family"],
            sensitive_features=frame["place"],
        )
        values = _rows(metric.by_group)
        wholes = _rows(metric.overall)
        disparities: dict[Kind, Rows] = {
            "difference": _rows(metric.difference(method=method)),
            "ratio": _rows(metric.ratio(method=method)),
        }
    found: dict[Key, Recorded] = {}
    for by in ways:
        own = [(number, stratum) for number, (way, stratum) in enumerate(families) if way == by]
        gaps = {
            (rate, kind, stratum): disparities[kind][number][rate]
            for kind in KINDS
            for rate in rates
            for number, stratum in own
        }
        found[by] = Recorded(
            {
                (rate, key): values[places[by, key]][rate]
                for rate in rates
                for key in cube.margins[by].keys
            },
            {(rate, stratum): wholes[number][rate] for rate in rates for number, stratum in own},
            gaps,
            _scalars(gaps, rates, [stratum for _, stratum in own]),
        )
    return found


def _rows(frame: Any) -> Rows:
    """Return a frame as row -> rate -> value."""
    rows: Rows = frame.to_dict("index")
    return rows


def _scalars(
    gaps: dict[tuple[str, Kind, Key], float], rates: Sequence[str], strata: Iterable[Key]
) -> dict[tuple[str, Key], float]:
    """Return fairlearn's named scalars: the worst disparity of their rates."""
    return {
        (name, stratum): (max if scalar.kind == "difference" else min)(
            gaps[rate, scalar.kind, stratum] for rate in scalar.rates
        )
        for name, scalar in SCALARS.items()
        if set(scalar.rates) <= set(rates)
        for stratum in strata
    }


def _metric(rate: str) -> Callable[..., float]:
    """Return a rate as fairlearn calls it: over the rows of one group."""

    def value(outcome: NDArray[np.int64], n: Array) -> float:
        counts = np.bincount(outcome, weights=n, minlength=len(OUTCOMES)).astype(np.float64)
        return float(kernel.rate(rate, counts))

    return value
