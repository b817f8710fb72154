"""The recorded numbers: fairlearn's own, computed on the cube with sample weights.

A row-by-row run of fairlearn gives the same numbers to rounding; the tests hold that.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from methods.fairness.cube import GroupCube, Key
from methods.fairness.rates import OUTCOMES, SCALARS


@dataclass(frozen=True)
class Recorded:
    """Values by (rate, key) per margin key, and scalars by (name, stratum)."""

    by_group: dict[tuple[str, Key], float]
    overall: dict[tuple[str, Key], float]
    scalars: dict[tuple[str, Key], float]


def record(cube: GroupCube, by: Key, rates: Sequence[str], method: str) -> Recorded:
    """Return fairlearn's numbers for one way of grouping; `method` is of the scalars."""
    import fairlearn.metrics as fl
    import pandas as pd
    from sklearn.metrics import accuracy_score, precision_score

    functions: dict[str, Any] = {
        name: getattr(fl, name) for name in rates if name not in ("accuracy", "precision")
    }
    if "accuracy" in rates:
        functions["accuracy"] = accuracy_score
    if "precision" in rates:
        functions["precision"] = precision_score
    margin = cube.margins[by]
    table: list[tuple[Any, ...]] = [
        (*key, int(outcome in ("tp", "fn")), int(outcome in ("tp", "fp")), count)
        for key, counts in zip(margin.keys, margin.counts, strict=True)
        for outcome, count in zip(OUTCOMES, counts, strict=True)
        if count > 0
    ]
    # Column names of the data may clash with each other's role: number them.
    names = [f"k{i}" for i in range(len(cube.controls) + len(by))]
    frame = pd.DataFrame(table, columns=[*names, "truth", "pred", "n"])
    controls, groups = names[: len(cube.controls)], names[len(cube.controls) :]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        metric = fl.MetricFrame(
            metrics=functions,
            y_true=frame["truth"],
            y_pred=frame["pred"],
            sensitive_features=frame[groups],
            control_features=frame[controls] if controls else None,
            sample_params={name: {"sample_weight": frame["n"]} for name in functions},
        )
        kinds = {
            "difference": metric.difference(method=method),
            "ratio": metric.ratio(method=method),
        }
    strata = sorted({key[: len(controls)] for key in margin.keys})
    by_group = {
        (rate, key): float(metric.by_group[rate][key if len(key) > 1 else key[0]])
        for rate in rates
        for key in margin.keys
    }
    overall = {(rate, s): float(_at(metric.overall, rate, s)) for rate in rates for s in strata}
    scalars: dict[tuple[str, Key], float] = {}
    for name, scalar in SCALARS.items():
        if set(scalar.rates) <= set(rates):
            for s in strata:
                parts = [float(_at(kinds[scalar.kind], rate, s)) for rate in scalar.rates]
                scalars[name, s] = max(parts) if scalar.kind == "difference" else min(parts)
    return Recorded(by_group, overall, scalars)


def _at(values: Any, rate: str, stratum: Key) -> Any:
    """Read one value of fairlearn's result: a series of rates, or a frame of strata x rates."""
    if not stratum:
        return values[rate]
    return values[rate][stratum if len(stratum) > 1 else stratum[0]]
