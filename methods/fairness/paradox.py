"""Simpson's paradox: a gap between groups that turns round within the strata of the controls.

Works on the cube alone; the gaps within single strata are measured in `findings`.

Sources: E. H. Simpson, JRSS B 13 (1951) 238-241; P. J. Bickel, E. A. Hammel, J. W. O'Connell,
Science 187 (1975) 398-404.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from methods.fairness.contrasts import Pair, pair_interval
from methods.fairness.cube import Array, GroupCube, Key, Margin
from methods.fairness.kernel import rate as rate_of
from methods.fairness.rates import RATES
from methods.report import Table

# Gaps below a hundredth are no direction.
LEAST_GAP = 0.01


@dataclass(frozen=True)
class Reversal:
    """Two groups whose order in a rate is one overall and the other at equal controls."""

    by: Key
    rate: str
    of: Key
    to: Key
    overall: float
    adjusted: float


def reversals(cube: GroupCube, rates: Sequence[str], level: float) -> list[Reversal]:
    """Return the pairs whose gap turns round.

    The adjusted gap is the mean of the strata's gaps, each weighted by its rows of both groups
    (direct standardisation), over strata that hold both. The overall gap must be more than
    chance, except for weighted rows, whose weights may be counts of people.
    """
    if not cube.controls:
        return []
    found = []
    for by in cube.attributes:
        margin = cube.margins[by]
        pooled = _pooled(cube, margin)
        for name in rates:
            for first, second in combinations(range(len(pooled.margins[by].keys)), 2):
                one = _reversal(cube, pooled, Pair(by, name, "difference", first, second), level)
                found += [one] if one is not None else []
    return sorted(found, key=lambda one: -abs(one.overall))


def _reversal(cube: GroupCube, pooled: GroupCube, pair: Pair, level: float) -> Reversal | None:
    margin, whole = cube.margins[pair.by], pooled.margins[pair.by]
    of, to = whole.keys[pair.of], whole.keys[pair.to or 0]
    gap = float(rate_of(pair.rate, whole.counts[pair.of]))
    gap -= float(rate_of(pair.rate, whole.counts[pair.to or 0]))
    places = {key: i for i, key in enumerate(margin.keys)}
    below = RATES[pair.rate].denominator
    total = weighted = 0.0
    for stratum in cube.margins[()].keys:
        here = [places.get((*stratum, *key)) for key in (of, to)]
        if here[0] is None or here[1] is None:
            continue
        ends: list[Array] = [margin.counts[place] for place in here if place is not None]
        rows = [float(below @ counts) for counts in ends]
        if min(rows) > 0:
            values = [float(rate_of(pair.rate, counts)) for counts in ends]
            total += sum(rows)
            weighted += sum(rows) * (values[0] - values[1])
    adjusted = weighted / total if total else 0.0
    if gap * adjusted >= 0 or min(abs(gap), abs(adjusted)) < LEAST_GAP:
        return None
    if not (cube.weighted and cube.unit == "rows"):
        low, high = pair_interval(pooled, pair, level)[0]
        if low <= 0 <= high:
            return None
    if gap < 0:
        of, to, gap, adjusted = to, of, -gap, -adjusted
    return Reversal(pair.by, pair.rate, of, to, gap, adjusted)


def _pooled(cube: GroupCube, margin: Margin) -> GroupCube:
    """Return the cube of one way of grouping with its strata put together."""
    width = len(cube.controls)
    keys = tuple(sorted({key[width:] for key in margin.keys}))
    same = [[i for i, key in enumerate(margin.keys) if key[width:] == own] for own in keys]
    whole = Margin(
        margin.by,
        keys,
        _sum_of(margin.counts, same),
        _sum_of(margin.moments, same),
        _sum_of(margin.units, same),
        _sum_of(margin.powers, same),
    )
    return GroupCube(
        cube.groups, (), {margin.by: whole}, cube.unit, cube.weighted, cube.has_truth, cube.rows
    )


def _sum_of(values: Array, same: Sequence[Sequence[int]]) -> Array:
    return np.stack([values[list(rows)].sum(axis=0) for rows in same])


def warnings(found: Sequence[Reversal], controls: Key) -> list[str]:
    """Return a sentence for each of the widest reversals."""
    said = []
    for one in found[:3]:
        of, to = (
            ", ".join(f"{n} {v}" for n, v in zip(one.by, k, strict=True)) for k in (one.of, one.to)
        )
        said.append(
            f"Simpson's paradox: the {one.rate.replace('_', ' ')} of {of} is {one.overall:.3f} "
            f"above that of {to} overall, but {-one.adjusted:.3f} below it at equal "
            f"{' and '.join(controls)}. Neither number alone says who is treated worse."
        )
    if len(found) > 3:
        said.append(f"{len(found) - 3:,} more gaps turn round at equal {' and '.join(controls)}.")
    return said


def tables(found: Sequence[Reversal]) -> tuple[Table, ...]:
    """Return the reversals as a table; none without any."""
    if not found:
        return ()
    rows = [
        [
            one.rate,
            *(
                ", ".join(f"{n} {v}" for n, v in zip(one.by, key, strict=True))
                for key in (one.of, one.to)
            ),
            one.overall,
            one.adjusted,
        ]
        for one in found
    ]
    columns = ["metric", "of", "to", "difference overall", "difference at equal controls"]
    return ({"title": "Simpson's paradox: gaps that turn round", "columns": columns, "rows": rows},)
