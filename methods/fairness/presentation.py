"""Tables, chart data and stated limits of `fairness.groups`: plain data, no drawing."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from methods.columns import MISSING
from methods.fairness.contrasts import side, stratum_indexes
from methods.fairness.cube import GroupCube
from methods.fairness.rates import OUTCOMES
from methods.report import Chart, Limit, Measurement, Table

if TYPE_CHECKING:
    from methods.fairness.design import Design


# Below so many degrees of freedom a group of at least so many units is carried by a few of them.
FEW_DEGREES, FEW_UNITS = 8, 30
# Categories with a smaller share may be left out under Local Law 144.
SMALL = 0.02


def tables(cube: GroupCube, rates: Sequence[str]) -> tuple[Table, ...]:
    """Return a table per way of grouping: size, outcomes and rates of every group."""
    found = []
    for by in cube.attributes:
        margin = cube.margins[by]
        rows = []
        for index, key in enumerate(margin.keys):
            part = side(margin, index)
            counts = dict(zip(OUTCOMES, map(float, part.counts), strict=True))
            rows.append(
                [
                    *key,
                    part.n("selection_rate"),
                    *counts.values(),
                    *(part.value(rate) for rate in rates),
                ]
            )
        found.append(
            {
                "title": "Groups by " + " and ".join(by),
                "columns": [*cube.controls, *by, cube.unit, *OUTCOMES, *rates],
                "rows": rows,
            }
        )
    return tuple(found)


def impact_ratios(cube: GroupCube) -> tuple[Table, ...]:
    """Return impact ratios as New York City's Local Law 144 has them published; none per stratum.

    The selection rate of a category over that of the most selected category, for each attribute
    and crossed. Categories below 2 % of the rows may be left out of the law's comparison; they
    are marked, not hidden.

    Source: 6 RCNY 5-300 and 5-301 (2023).
    """
    if cube.controls:
        return ()
    found = []
    for by in cube.attributes:
        parts = [(key, side(cube.margins[by], i)) for i, key in enumerate(cube.margins[by].keys)]
        everyone = sum(float(part.counts.sum()) for _, part in parts)
        shares = [float(part.counts.sum()) / everyone for _, part in parts]
        large = [part for (_, part), share in zip(parts, shares, strict=True) if share >= SMALL]
        most = max((part.value("selection_rate") for part in large), default=0.0)
        rows = []
        for (key, part), share in zip(parts, shares, strict=True):
            rate = part.value("selection_rate")
            ratio = rate / most if most > 0 else None
            few = "below 2 % of rows" if share < SMALL else ""
            rows.append([*key, part.n("selection_rate"), rate, ratio, few])
        found.append(
            {
                "title": f"Impact ratios by {' and '.join(by)} (NYC Local Law 144; no limit set)",
                "columns": [*by, cube.unit, "selection rate", "impact ratio", "note"],
                "rows": rows,
            }
        )
    return tuple(found)


def charts(measurements: Sequence[Measurement], limits: Sequence[Limit]) -> tuple[Chart, ...]:
    """Return a forest plot's data for every limited metric, or for the selection rates."""
    wanted = list(dict.fromkeys(limit.metric for limit in limits)) or ["selection_rate"]
    found = []
    for metric in wanted:
        rows = [m for m in measurements if m.metric == metric and m.value is not None]
        if rows:
            found.append(
                {
                    "kind": "forest",
                    "title": metric.replace("_", " ").capitalize(),
                    "metric": metric,
                    "limits": [limit.to_dict() for limit in limits if limit.metric == metric],
                    "rows": [
                        {
                            "label": label(m),
                            "value": m.value,
                            "low": m.low,
                            "high": m.high,
                            "n": m.n,
                            "unit": m.unit,
                            "verdict": m.verdict,
                        }
                        for m in rows
                    ],
                }
            )
    return tuple(found)


def label(measurement: Measurement) -> str:
    """Return a short name of what a measurement is about."""
    compared = measurement.comparison
    if compared is None:
        return _words(measurement.slice) or "all"
    return f"{_words(compared.of)} to {_words(compared.to) or 'all'}"


def _words(slice_: dict[str, str]) -> str:
    return ", ".join(f"{name} {value}" for name, value in slice_.items())


def limitations(audit: "Design") -> tuple[str, ...]:
    """Return what this report does not show."""
    cube, parameters = audit.cube, audit.parameters
    found = []
    if cube.unit == "rows":
        found.append(
            "No subject column was given: rows are taken as independent. If people appear more "
            "than once the intervals are too narrow."
        )
    if not cube.has_truth:
        found.append("Without y_true only selection rates are shown; errors are not.")
    if any(MISSING in key for key in cube.finest.keys):
        found.append(f"Rows without a group value form the group {MISSING}.")
    if parameters.looks > 1:
        found.append(
            f"The level is corrected for {parameters.looks} planned looks: {audit.level:.4%} each."
        )
    found.append("Intervals of single groups without a limit hold one at a time.")
    if any(m.cross for m in cube.margins.values()):
        found.append("Some people stand in several groups; their covariance is counted.")
    pairs = max(
        (len(m.keys) * (len(m.keys) - 1) // 2 for by, m in cube.margins.items() if by),
        default=0,
    )
    if pairs > parameters.listed_pairs and parameters.method == "between_groups":
        found.append(
            f"Per metric and grouping the {parameters.listed_pairs} widest contrasts are listed; "
            "all are judged."
        )
    found += _uncompared(audit)
    found += _carried_by_few(cube)
    if not cube.controls:
        found.append(
            "Impact ratios are counted as New York City's Local Law 144 defines them; the law sets "
            "no limit for them, and 0.80 is a rule of thumb of 29 CFR 1607.4(D)."
        )
    found.append("A difference between groups is not yet a cause: see the control columns.")
    return tuple(found)


def _uncompared(audit: "Design") -> list[str]:
    """Say where a group stands alone in its stratum."""
    alone = sum(
        len(stratum_indexes(audit.cube.margins[by], stratum)) < 2
        for by in audit.cube.attributes
        for stratum in audit.strata()
    )
    if not alone:
        return []
    where = "In one comparison" if alone == 1 else f"In {alone:,} comparisons"
    return [f"{where} a group stands alone: no gap is shown there, and no limit is met by that."]


def _carried_by_few(cube: GroupCube) -> list[str]:
    """Say where a few heavy units carry the numbers, however many light ones there are."""
    if cube.exact:
        return []
    few = [
        _words(dict(zip((*cube.controls, *by), key, strict=True)))
        for by in cube.attributes
        for index, key in enumerate(cube.margins[by].keys)
        if (part := side(cube.margins[by], index)).n("selection_rate") >= FEW_UNITS
        and part.estimate("selection_rate").df < FEW_DEGREES
    ]
    if not few:
        return []
    shown = "; ".join(few[:3]) + (f" and {len(few) - 3:,} more" if len(few) > 3 else "")
    return [
        (
            f"A few {cube.unit} carry most of what is known of {shown}: intervals there are wide, "
            "and more of the others would not narrow them."
        )
    ]
