"""The group cube: one GROUP BY over groups, controls and labels, and its margins.

With a subject column a two-level aggregation per margin adds what clustered intervals need: sums
and cross products over people. After `collect` no row of the data is needed again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, reduce
from operator import mul
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from methods.columns import (
    binary_labels,
    check_weights,
    number,
    require_columns,
    value_text,
)
from methods.errors import BadInput
from methods.fairness.rates import DENOMINATORS, OUTCOMES
from methods.fairness.sides import Side
from methods.pushing import pull, pull_one
from methods.soundness import counted, distinct, require, shaped
from methods.statistics.clusters import POWERS

if TYPE_CHECKING:
    import ibis

Array = NDArray[np.float64]
Key = tuple[str, ...]

MAX_CELLS = 100_000
MAX_GROUPS = 100


@dataclass(frozen=True)
class Margin:
    """One way of grouping: for every key (controls first, then groups) its sums over outcomes."""

    by: tuple[str, ...]
    keys: tuple[Key, ...]
    counts: Array  # (keys, 4) sums of weights over tp, fp, fn, tn
    moments: Array  # (keys, 4, 4) sums of cross products over units
    units: Array  # (keys, 4) units in each denominator, in the order of DENOMINATORS
    powers: Array  # (keys, 4, 3) sums of POWERS of the units' sizes in each denominator
    cross: Mapping[tuple[int, int], Array] = field(default_factory=dict)

    @cached_property
    def sides(self) -> tuple[Side, ...]:
        """Return every key with its rates, made once."""
        parts = zip(self.counts, self.moments, self.units, self.powers, strict=True)
        return tuple(Side(*part) for part in parts)

    def covariance(self, first: int, second: int) -> Array:
        """Return the cross products of units that belong to both keys."""
        if (first, second) in self.cross:
            return self.cross[first, second]
        if (second, first) in self.cross:
            return self.cross[second, first].T
        return np.zeros((4, 4))

    def check(self, width: int) -> None:
        """Refuse sums that cannot be a margin's; `width` is the length of its keys."""
        size = len(self.keys)
        require(all(len(key) == width for key in self.keys), "a key has another length")
        distinct(self.keys, "keys")
        counted(self.counts, (size, 4), "counts")
        shaped(self.moments, (size, 4, 4), "moments")
        counted(self.units, (size, 4), "units")
        counted(self.powers, (size, 4, len(POWERS)), "powers")
        for ends, products in self.cross.items():
            require(all(0 <= end < size for end in ends), "people of no group")
            shaped(products, (4, 4), "cross")


@dataclass(frozen=True)
class GroupCube:
    """Everything `measure` needs to know about the data."""

    groups: tuple[str, ...]
    controls: tuple[str, ...]
    margins: Mapping[tuple[str, ...], Margin]
    unit: Literal["subjects", "rows"]
    weighted: bool
    has_truth: bool
    rows: int

    @property
    def exact(self) -> bool:
        """Whether units are unweighted rows, so that binomial intervals apply."""
        return self.unit == "rows" and not self.weighted

    @property
    def attributes(self) -> tuple[tuple[str, ...], ...]:
        """Return the ways of grouping reported: each column alone, then all crossed."""
        alone = tuple((name,) for name in self.groups)
        return alone if len(self.groups) == 1 else (*alone, self.groups)

    @property
    def finest(self) -> Margin:
        """Return the margin with all group columns crossed."""
        return self.margins[self.groups]

    @property
    def spanning(self) -> bool:
        """Whether some person belongs to more than one group."""
        return any(margin.cross for margin in self.margins.values())

    @property
    def cell_count(self) -> int:
        """Return the cells of groups, controls and outcomes."""
        return 4 * len(self.finest.keys)

    @property
    def subject_count(self) -> int:
        """Return the units counted; somebody in two strata of the controls counts in both."""
        return round(float(self.margins[()].units[:, 0].sum()))

    def check(self) -> None:
        """Refuse a cube that was not collected: missing margins, wrong shapes, odd numbers."""
        distinct((*self.controls, *self.groups), "columns")
        require(bool(self.groups), "it has no group column")
        ways = {(), self.groups, *self.attributes}
        require(set(self.margins) == ways, "its margins are not those of its columns")
        for by, margin in self.margins.items():
            require(margin.by == by and bool(margin.keys), "a margin is not what it is called")
            margin.check(len(self.controls) + len(by))
        whole = float(self.finest.counts.sum())
        for margin in self.margins.values():
            total = float(margin.counts.sum())
            require(abs(total - whole) <= 1e-9 * max(whole, 1.0), "its margins do not add up")
        require(self.rows > 0, "it has no rows")


def collect(
    table: "ibis.Table",
    columns: Mapping[str, list[str]],
    *,
    positive: str | None,
    threshold: float | Literal["median"] | None,
) -> GroupCube:
    """Collect the cube; one aggregation, and per margin one more when subjects are given."""
    import ibis

    require_columns(table, columns)
    groups, controls = tuple(columns["group"]), tuple(columns.get("control", ()))
    if set(groups) & set(controls):
        raise BadInput(f"{min(set(groups) & set(controls))!r} is both group and control.")
    weight = columns.get("weight", [None])[0]
    truth = columns.get("y_true", [None])[0]
    predicted, role = _prediction(columns, threshold)
    # Short aliases: a column of the data may bear any name, even one of ours.
    dims = {f"k{i}": table[name] for i, name in enumerate((*controls, *groups))}
    if truth is not None:
        dims["truth"] = table[truth]
    dims["pred"] = table[predicted]
    if role == "score":
        score = number(table[predicted], predicted, role)
        # Local Law 144 counts who scores above the median of all.
        dims["pred"] = score > _median(score) if threshold == "median" else score >= threshold
    measures: dict[str, Any] = {}
    subject = columns.get("subject", [None])[0]
    own = {} if subject is None else {"nobody": table[subject].isnull()}
    rows = table.select(**dims, **own)
    if weight is not None:
        rows = table.select(**dims, **own, w=number(table[weight], weight, "weight"))
        measures = {
            "w1": rows.w.sum(),
            "w2": (rows.w * rows.w).sum(),
            **{f"w{power}": reduce(mul, [rows.w] * power).sum() for power in POWERS},
            "least": rows.w.min(),
            "empty": rows.w.isnull().sum(),
        }
    if subject is not None:
        measures["nobody"] = rows.nobody.sum()
    cells = rows.group_by(list(dims)).agg(n=rows.count(), **measures)
    text = {name: value_text(cells[name]) for name in dims}
    too_many = f"The group and control columns make more than {MAX_CELLS:,} cells."
    result = pull(cells.mutate(**text), most=MAX_CELLS, too_many=too_many).to_pydict()
    if not result["n"]:
        raise BadInput("The data have no rows.")
    truths = _labels(result.get("truth"), truth, "y_true", positive)
    preds = _labels(result["pred"], predicted, role, None if role == "score" else positive)
    _check_positive(truths, preds, positive, role)
    if weight is not None:
        least = [part for part in result["least"] if part is not None]
        check_weights(min(least, default=None), sum(result["empty"]), weight)
    finest = _finest(result, groups, controls, truths, preds)
    for index, name in enumerate(groups):
        distinct = len({key[len(controls) + index] for key in finest.keys})
        if distinct > MAX_GROUPS:
            raise BadInput(
                f"The column {name!r} has {distinct:,} values: a group column has at most "
                f"{MAX_GROUPS}."
            )
    cube = GroupCube(
        groups,
        controls,
        margins_of(finest, groups, controls),
        "rows",
        weight is not None,
        truth is not None,
        int(sum(result["n"])),
    )
    if subject is None:
        return cube
    if nobody := sum(result["nobody"]):
        raise BadInput(f"The column {subject!r} (subject) is empty in {nobody:,} rows.")
    from methods.fairness.subjects import subject_margins

    source = table.select(
        **{name: value_text(value) for name, value in dims.items()},
        subject=table[subject],
        w=number(table[weight], weight, "weight") if weight else ibis.literal(1.0),
    )
    margins = subject_margins(source, cube, truths, preds)
    return GroupCube(
        groups, controls, margins, "subjects", cube.weighted, cube.has_truth, cube.rows
    )


def _prediction(columns: Mapping[str, list[str]], threshold: float | str | None) -> tuple[str, str]:
    if "y_pred" in columns:
        return columns["y_pred"][0], "y_pred"
    if "score" in columns and threshold is not None:
        return columns["score"][0], "score"
    raise BadInput(
        "fairness.groups needs the role 'y_pred', or 'score' with --set threshold=VALUE."
    )


def _median(score: Any) -> float:
    table = score.name("score").as_table()
    return float(pull_one(table.aggregate(median=table.score.median()))["median"])


def _labels(
    values: Sequence[str] | None, column: str | None, role: str, positive: str | None
) -> dict[str, bool]:
    if values is None or column is None:
        return {}
    return binary_labels(values, column, role, positive)


def _check_positive(
    truths: Mapping[str, bool],
    preds: Mapping[str, bool],
    positive: str | None,
    role: str,
) -> None:
    if positive is None or role == "score" or any(truths.values()) or any(preds.values()):
        return
    seen = ", ".join(sorted({*truths, *preds})[:6])
    raise BadInput(f"No label has the positive value {positive!r}: the labels are {seen}.")


def _finest(
    result: Mapping[str, list[Any]],
    groups: Key,
    controls: Key,
    truths: Mapping[str, bool],
    preds: Mapping[str, bool],
) -> Margin:
    width = len(groups) + len(controls)
    keys = list(zip(*(result[f"k{i}"] for i in range(width)), strict=True))
    distinct = tuple(sorted(set(keys)))
    position = {key: i for i, key in enumerate(distinct)}
    counts, squares, rows = (np.zeros((len(distinct), 4)) for _ in range(3))
    powers = np.zeros((len(distinct), 4, len(POWERS)))
    for i, key in enumerate(keys):
        outcome = outcome_of(
            truths.get(result["truth"][i], False) if truths else False,
            preds[result["pred"][i]],
        )
        cell = position[key], outcome
        rows[cell] += result["n"][i]
        counts[cell] += result["w1"][i] if "w1" in result else result["n"][i]
        squares[cell] += result["w2"][i] if "w2" in result else result["n"][i]
        powers[cell] += [result[f"w{p}" if "w2" in result else "n"][i] for p in POWERS]
    return _row_margin(groups, distinct, counts, squares, rows, powers)


def outcome_of(truth: bool, predicted: bool) -> int:
    """Return the position in OUTCOMES of a row with these labels."""
    return OUTCOMES.index(("t" if truth == predicted else "f") + ("p" if predicted else "n"))


def _row_margin(
    by: Key, keys: tuple[Key, ...], counts: Array, squares: Array, rows: Array, powers: Array
) -> Margin:
    moments = np.zeros((len(keys), 4, 4))
    moments[:, range(4), range(4)] = squares
    forms = np.array(list(DENOMINATORS.values()), dtype=np.float64)
    sizes = np.einsum("kop,do->kdp", powers, forms)
    return Margin(by, keys, counts, moments, rows @ forms.T, sizes)


def margins_of(finest: Margin, groups: Key, controls: Key) -> dict[Key, Margin]:
    """Sum the finest margin over the columns each coarser one leaves out."""
    ways: list[Key] = [(), *((name,) for name in groups), groups]
    margins: dict[Key, Margin] = {}
    for by in ways:
        keep = [
            *range(len(controls)),
            *(len(controls) + groups.index(name) for name in by),
        ]
        keys = [tuple(key[i] for i in keep) for key in finest.keys]
        distinct = tuple(sorted(set(keys)))
        position = {key: i for i, key in enumerate(distinct)}
        index = np.array([position[key] for key in keys])

        def total(
            values: Array, index: NDArray[np.int64] = index, size: int = len(distinct)
        ) -> Array:
            summed = np.zeros((size, *values.shape[1:]))
            np.add.at(summed, index, values)
            return summed

        margins[by] = Margin(
            by,
            distinct,
            total(finest.counts),
            total(finest.moments),
            total(finest.units),
            total(finest.powers),
        )
    return margins
