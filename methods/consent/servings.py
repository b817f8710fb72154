"""The cube of servings: what was served against what the consent check had answered.

Per way of grouping, sums and cross products over people of six counts: personalised or not, by
whether the check allowed it, refused it, or was not there. Shares and verdicts are not here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import combinations_with_replacement
from operator import add, mul
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from methods.columns import MISSING, binary_labels, require_columns, value_text
from methods.errors import BadInput
from methods.pushing import pull, pull_one
from methods.soundness import counted, distinct, require, shaped
from methods.statistics.clusters import POWERS

if TYPE_CHECKING:
    import ibis

Array = NDArray[np.float64]
Key = tuple[str, ...]

MAX_KEYS = 1_000
# Personalised servings first, then the others; in each, what the check had answered.
COUNTS = (
    "personalised_allowed",
    "personalised_refused",
    "personalised_unchecked",
    "other_allowed",
    "other_refused",
    "other_unchecked",
)
# Which servings a share is among.
AMONG: dict[str, tuple[int, ...]] = {
    "all": (1, 1, 1, 1, 1, 1),
    "personalised": (1, 1, 1, 0, 0, 0),
}
_PRODUCTS = tuple(combinations_with_replacement(range(len(COUNTS)), 2))


@dataclass(frozen=True)
class Servings:
    """One way of grouping: for every key its sums over COUNTS and what intervals need."""

    by: Key
    keys: tuple[Key, ...]
    counts: Array  # (keys, 6) servings
    moments: Array  # (keys, 6, 6) sums of cross products over units
    units: Array  # (keys, 2) units in each denominator, in the order of AMONG
    powers: Array  # (keys, 2, 3) sums of POWERS of the units' sizes in each denominator


@dataclass(frozen=True)
class ServingCube:
    """Servings as a whole and by each column."""

    margins: Mapping[Key, Servings]
    unit: Literal["subjects", "rows"]
    rows: int

    @property
    def cell_count(self) -> int:
        """Return the cells of columns and counts."""
        return sum(part.counts.size for part in self.margins.values())

    @property
    def subject_count(self) -> int:
        """Return the people, or servings."""
        return round(float(self.margins[()].units[0, 0]))

    def check(self) -> None:
        """Refuse a cube that was not collected: missing margins, wrong shapes, odd numbers."""
        require(() in self.margins and self.margins[()].keys == ((),), "it has no whole")
        for by, part in self.margins.items():
            size, width = len(part.keys), len(COUNTS)
            require(part.by == by and size > 0, "a margin is not what it is called")
            require(all(len(key) == len(by) for key in part.keys), "a key has another length")
            distinct(part.keys, "keys")
            counted(part.counts, (size, width), "counts")
            shaped(part.moments, (size, width, width), "moments")
            counted(part.units, (size, len(AMONG)), "units")
            counted(part.powers, (size, len(AMONG), len(POWERS)), "powers")
        require(self.rows > 0, "it has no rows")


def collect(
    table: "ibis.Table",
    columns: Mapping[str, list[str]],
    *,
    allowing: Sequence[str],
    max_age: float | None,
) -> ServingCube:
    """Aggregate to people, then sum over them; one aggregation for each column and the whole."""
    import ibis

    require_columns(table, columns)
    served, answer = columns["y_pred"][0], columns["text"][0]
    subject = columns.get("subject", [None])[0]
    named = [
        name for role in ("model_version", "scenario", "group") for name in columns.get(role, [])
    ]
    if len(set(named)) < len(named):
        raise BadInput("A column stands for version, surface or group twice.")
    dims: dict[str, Any] = {f"k{i}": value_text(table[name]) for i, name in enumerate(named)}
    dims |= {"served": value_text(table[served]), "answer": value_text(table[answer])}
    if max_age is not None:
        dims["stale"] = _stale(table, columns, max_age)
    if subject is not None:
        dims["subject"] = table[subject]
    rows = table.select(**dims)
    checks = {"n": rows.count()}
    if subject is not None:
        checks["unknown"] = rows.subject.isnull().sum()
    seen = pull_one(rows.aggregate(**checks))
    if not seen["n"]:
        raise BadInput("The data have no rows.")
    if seen.get("unknown"):
        raise BadInput(f"The column {subject!r} (subject) is empty in {seen['unknown']:,} rows.")
    values = pull(rows.served.name("v").as_table().distinct().limit(100)).to_pydict()["v"]
    labels = binary_labels(values, served, "y_pred", None)
    yes = rows.served.isin([text for text, on in labels.items() if on])
    valid = rows.answer != MISSING
    if max_age is not None:
        valid = valid & ~rows.stale
    allowed = valid & rows.answer.lower().isin([text.lower() for text in allowing])
    states = {"allowed": allowed, "refused": valid & ~allowed, "unchecked": ~valid}
    flagged = rows.mutate(
        **{
            f"{kind}_{name}": ibis.ifelse(
                flag & (yes if kind == "personalised" else ~yes), 1.0, 0.0
            )
            for kind in ("personalised", "other")
            for name, flag in states.items()
        }
    )
    ways: list[tuple[Key, list[str]]] = [((), [])]
    ways += [((name,), [f"k{i}"]) for i, name in enumerate(named)]
    margins = {by: _margin(flagged, by, names, subject is not None) for by, names in ways}
    return ServingCube(margins, "rows" if subject is None else "subjects", int(seen["n"]))


def _stale(table: "ibis.Table", columns: Mapping[str, list[str]], max_age: float) -> Any:
    """Return whether a check came after its serving, or too long before it."""
    if "occurred_at" not in columns or "observed_at" not in columns:
        raise BadInput(
            "max_age needs the roles 'occurred_at' (served) and 'observed_at' (checked)."
        )
    served, checked = table[columns["occurred_at"][0]], table[columns["observed_at"][0]]
    for column, role in ((served, "occurred_at"), (checked, "observed_at")):
        if not column.type().is_timestamp():
            raise BadInput(f"The column {column.get_name()!r} ({role}) does not hold times.")
    age = (served.epoch_seconds() - checked.epoch_seconds()).cast("float64")
    return (checked.isnull() | (age < 0) | (age > max_age)).fill_null(True)


def _margin(flagged: "ibis.Table", by: Key, names: list[str], by_person: bool) -> Servings:
    if by_person:
        people = flagged.group_by(["subject", *names]).agg(
            **{name: flagged[name].sum() for name in COUNTS}
        )
    else:
        people = flagged
    sizes = people.mutate(
        **{
            f"d_{name}": reduce(
                add, (people[c] for c, part in zip(COUNTS, form, strict=True) if part)
            )
            for name, form in AMONG.items()
        }
    )
    measures: dict[str, Any] = {name: sizes[name].sum() for name in COUNTS}
    measures |= {f"m{i}_{j}": (sizes[COUNTS[i]] * sizes[COUNTS[j]]).sum() for i, j in _PRODUCTS}
    for name in AMONG:
        size = sizes[f"d_{name}"]
        measures[f"u_{name}"] = (size > 0).sum()
        measures |= {f"p{power}_{name}": reduce(mul, [size] * power).sum() for power in POWERS}
    cells = sizes.group_by(names).agg(**measures) if names else sizes.aggregate(**measures)
    what = by[0] if by else "whole"
    found = pull(
        cells, most=MAX_KEYS, too_many=f"The column {what!r} has more than {MAX_KEYS:,} values."
    ).to_pylist()
    found.sort(key=lambda row: tuple(row[name] for name in names))
    size = len(found)
    moments = np.zeros((size, len(COUNTS), len(COUNTS)))
    for at, row in enumerate(found):
        for i, j in _PRODUCTS:
            moments[at, i, j] = moments[at, j, i] = row[f"m{i}_{j}"]
    return Servings(
        by,
        tuple(tuple(row[name] for name in names) for row in found),
        np.array([[float(row[name]) for name in COUNTS] for row in found]),
        moments,
        np.array([[float(row[f"u_{name}"]) for name in AMONG] for row in found]),
        np.array([[[float(row[f"p{p}_{n}"]) for p in POWERS] for n in AMONG] for row in found]),
    )
