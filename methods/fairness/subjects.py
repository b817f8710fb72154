"""Two-level aggregation per person: sums within a person, then cross products over people.

Portable SQL without a hash, so the clustered interval is the same on every engine. The cube of
rows is not built here.
"""

from collections.abc import Mapping
from functools import reduce
from itertools import combinations_with_replacement
from operator import add, mul
from typing import TYPE_CHECKING, Any

import numpy as np

from methods.fairness.rates import DENOMINATORS, OUTCOMES
from methods.pushing import pull
from methods.statistics.clusters import POWERS

if TYPE_CHECKING:
    import ibis

    from methods.fairness.cube import GroupCube, Key, Margin

_PRODUCTS = tuple(combinations_with_replacement(range(4), 2))


def subject_margins(
    source: "ibis.Table",
    cube: "GroupCube",
    truths: Mapping[str, bool],
    preds: Mapping[str, bool],
) -> "dict[Key, Margin]":
    """Return the cube's margins with moments and units counted over people.

    `source` has text columns k0, k1, ... (controls, then groups), `truth`?, `pred`, `subject`
    and the weight `w`.
    """
    import ibis

    selected = source.pred.isin([text for text, yes in preds.items() if yes])
    deserving = (
        source.truth.isin([text for text, yes in truths.items() if yes])
        if truths
        else ibis.literal(False)
    )
    outcome = {
        "tp": selected & deserving,
        "fp": selected & ~deserving,
        "fn": ~selected & deserving,
        "tn": ~selected & ~deserving,
    }
    flagged = source.mutate(
        **{name: ibis.ifelse(flag, source.w, 0.0) for name, flag in outcome.items()}
    )
    # Everyone comes first: whoever is counted more often elsewhere stands in several groups.
    whole, everyone = _margin(flagged, cube, cube.margins[()], None)
    margins: dict[Key, Margin] = {(): whole}
    for by, margin in cube.margins.items():
        if by:
            margins[by], _ = _margin(flagged, cube, margin, everyone)
    return margins


def _margin(
    flagged: "ibis.Table", cube: "GroupCube", margin: "Margin", everyone: int | None
) -> "tuple[Margin, int]":
    """Return a margin counted over people, and how often people are counted in it."""
    from methods.fairness.cube import Margin

    width = len(cube.controls)
    names = [f"k{i}" for i in range(width)]
    names += [f"k{width + cube.groups.index(name)}" for name in margin.by]
    people = flagged.group_by(["subject", *names]).agg(
        **{name: flagged[name].sum() for name in OUTCOMES}
    )
    sizes = people.mutate(
        **{
            f"d_{name}": reduce(
                add, (people[o] for o, part in zip(OUTCOMES, form, strict=True) if part)
            )
            for name, form in DENOMINATORS.items()
        }
    )
    measures: dict[str, Any] = {"people": sizes.count()}
    measures |= {f"m{i}{j}": (sizes[OUTCOMES[i]] * sizes[OUTCOMES[j]]).sum() for i, j in _PRODUCTS}
    for name in DENOMINATORS:
        size = sizes[f"d_{name}"]
        measures[f"u_{name}"] = (size > 0).sum()
        for power in POWERS:
            # Products: an engine's power function costs many times as much.
            measures[f"p{power}_{name}"] = reduce(mul, [size] * power).sum()
    result = sizes.group_by(names).agg(**measures) if names else sizes.aggregate(**measures)
    found = pull(result).to_pydict()
    moments, units = np.zeros((len(margin.keys), 4, 4)), np.zeros((len(margin.keys), 4))
    powers = np.zeros((len(margin.keys), 4, len(POWERS)))
    for row in range(len(found["m00"])):
        at = margin.keys.index(tuple(found[name][row] for name in names))
        for i, j in _PRODUCTS:
            moments[at, i, j] = moments[at, j, i] = found[f"m{i}{j}"][row]
        units[at] = [found[f"u_{name}"][row] for name in DENOMINATORS]
        powers[at] = [[found[f"p{p}_{name}"][row] for p in POWERS] for name in DENOMINATORS]
    counted = int(sum(found["people"]))
    spanning = everyone is not None and counted > everyone
    cross = _cross(people, names, width, margin) if spanning else {}
    return Margin(margin.by, margin.keys, margin.counts, moments, units, powers, cross), counted


def _cross(
    people: "ibis.Table", names: list[str], width: int, margin: "Margin"
) -> dict[tuple[int, int], Any]:
    """Return cross products of people who stand in two groups of one stratum; mostly none."""
    strata = ["subject", *names[:width]]
    spread = people.group_by(strata).agg(groups=people.count())
    several = people.semi_join(spread.filter(spread.groups > 1), strata)
    # The unit separator cannot be confused with a character of a group's name.
    label = several[names[width]]
    for name in names[width + 1 :]:
        label = label + "\x1f" + several[name]
    ends = {"subject": several.subject, "label": label}
    ends |= {name: several[name] for name in (*names, *OUTCOMES)}
    left = several.select(**{f"{name}_a": value for name, value in ends.items()})
    right = several.select(**{f"{name}_b": value for name, value in ends.items()}).view()
    joined = left.join(right, [(f"{name}_a", f"{name}_b") for name in strata])
    pairs = joined.filter(joined.label_a < joined.label_b)
    keys = [f"{name}_{side}" for side in "ab" for name in names]
    measures = {
        f"m{i}{j}": (pairs[f"{OUTCOMES[i]}_a"] * pairs[f"{OUTCOMES[j]}_b"]).sum()
        for i in range(4)
        for j in range(4)
    }
    found = pull(pairs.group_by(keys).agg(**measures)).to_pydict()
    cross: dict[tuple[int, int], Any] = {}
    for row in range(len(found["m00"])):
        first, second = (
            margin.keys.index(tuple(found[key][row] for key in part))
            for part in (keys[: len(names)], keys[len(names) :])
        )
        products = [[found[f"m{i}{j}"][row] for j in range(4)] for i in range(4)]
        cross[first, second] = np.array(products, dtype=np.float64)
    return cross
