"""People who return: sums over those who are in two windows, one aggregation on the engine.

What the sums mean for the evidence of a pair stands in `evidence`; nothing of a person is kept.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from methods.columns import binary_labels, number, value_text
from methods.errors import BadInput
from methods.fairness.cube import Array, GroupCube, Key, outcome_of
from methods.fairness.rates import OUTCOMES

if TYPE_CHECKING:
    import ibis


@dataclass(frozen=True)
class Panel:
    """The returning people of a window, by way of grouping and group.

    `sums[by][key]` is (4, 4): over people of the group in both windows, their outcomes in this
    window times those in the window before. `returning` counts people of the window before,
    `returning_later` those of the window before that one; None when there was none.
    """

    sums: Mapping[Key, Mapping[Key, Array]]
    returning: int
    returning_later: int | None


def collect_returning(
    windows: "tuple[ibis.Table, ibis.Table, ibis.Table | None]",
    cube: GroupCube,
    columns: Mapping[str, list[str]],
    *,
    positive: str | None = None,
    threshold: float | Literal["median"] | None = None,
) -> Panel:
    """Return the sums over people who are in this window and in the one before.

    Parameters
    ----------
    windows : this one, the one before and the one before that, on one engine
    cube : of this window
    positive, threshold : as the cube was collected; a cut at the median differs from window to
        window, so none is read with it

    Raises
    ------
    BadInput : without a subject column, or with a cut at the median
    """
    if "subject" not in columns or threshold == "median":
        raise BadInput("Returning people need a subject column and a cut that stays the same.")
    now, then, earlier = windows
    subject = columns["subject"][0]
    sums = {
        by: _sums(
            _people(now, cube, by, columns, positive, threshold),
            _people(then, cube, by, columns, positive, threshold),
            len(cube.controls) + len(by),
        )
        for by in cube.attributes
    }
    present = now.select(subject=now[subject]).distinct()
    counts = [
        None
        if other is None
        else int(
            present.semi_join(other.select(subject=other[subject]), "subject").count().execute()
        )
        for other in (then, earlier)
    ]
    return Panel(sums, counts[0] or 0, counts[1])


def _people(
    table: "ibis.Table",
    cube: GroupCube,
    by: Key,
    columns: Mapping[str, list[str]],
    positive: str | None,
    threshold: float | None,
) -> "ibis.Table":
    """Return each person's sums of the four outcomes, in each of his groups."""
    import ibis

    names = [*cube.controls, *by]
    truth = columns.get("y_true", [None])[0]
    weight = columns.get("weight", [None])[0]
    selected = _labelled(table, columns, positive, threshold)
    deserving = _flag(table, truth, "y_true", positive) if truth else ibis.literal(False)
    rows = table.select(
        **{f"k{place}": value_text(table[name]) for place, name in enumerate(names)},
        subject=table[columns["subject"][0]],
        selected=selected,
        deserving=deserving,
        w=number(table[weight], weight, "weight") if weight else ibis.literal(1.0),
    )
    flags = {
        OUTCOMES[outcome_of(yes, chosen)]: (rows.deserving == yes) & (rows.selected == chosen)
        for yes in (True, False)
        for chosen in (True, False)
    }
    keys = [f"k{place}" for place in range(len(names))]
    return rows.group_by(["subject", *keys]).agg(
        **{name: ibis.ifelse(flag, rows.w, 0.0).sum() for name, flag in flags.items()}
    )


def _labelled(
    table: "ibis.Table",
    columns: Mapping[str, list[str]],
    positive: str | None,
    threshold: float | None,
) -> Any:
    if "y_pred" in columns:
        return _flag(table, columns["y_pred"][0], "y_pred", positive)
    name = columns["score"][0]
    return number(table[name], name, "score") >= threshold


def _flag(table: "ibis.Table", name: str, role: str, positive: str | None) -> Any:
    text = value_text(table[name])
    seen = table.select(label=text).distinct().to_pyarrow().to_pydict()["label"]
    labels = binary_labels(seen, name, role, positive)
    chosen = [value for value, yes in labels.items() if yes]
    return reduce(or_, (text == value for value in chosen)) if chosen else text.isnull()


def _sums(now: "ibis.Table", then: "ibis.Table", width: int) -> dict[Key, Array]:
    keys = [f"k{place}" for place in range(width)]
    left = now.rename(**{f"{name}_now": name for name in OUTCOMES})
    right = then.rename(**{f"{name}_then": name for name in OUTCOMES})
    both = left.inner_join(right, ["subject", *keys])
    measures = {
        f"m{i}{j}": (both[f"{first}_now"] * both[f"{second}_then"]).sum()
        for i, first in enumerate(OUTCOMES)
        for j, second in enumerate(OUTCOMES)
    }
    found = both.group_by(keys).agg(**measures).to_pyarrow().to_pydict()
    return {
        tuple(found[key][row] for key in keys): np.array(
            [[found[f"m{i}{j}"][row] for j in range(4)] for i in range(4)], dtype=np.float64
        )
        for row in range(len(found["m00"]))
    }
