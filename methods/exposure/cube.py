"""The item cube: how often every item was shown, and by how many independent units.

With a subject column people are spread over at most BUCKETS buckets by the engine's own hash;
buckets stand for clusters of rows. Measures are not here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from methods.columns import check_weights, number, require_columns, value_text
from methods.errors import BadInput
from methods.pushing import pull, pull_one
from methods.soundness import counted, distinct, require

if TYPE_CHECKING:
    import ibis

Array = NDArray[np.float64]

BUCKETS = 200
MAX_ITEMS = 5_000_000
MAX_SPREAD = 20_000_000


@dataclass(frozen=True)
class ItemCube:
    """Impressions (sums of weights) per item, most shown first, and what intervals need."""

    items: tuple[str, ...]
    shown: Array  # (items,) sum of weights
    squares: Array  # (items,) sum of squared weights
    unit: Literal["subjects", "rows"]
    units: int
    rows: int
    weighted: bool
    buckets: Array | None  # (clusters, items) sums of weights, when there are subjects
    bucket_function: str
    providers: tuple[str, ...] | None  # of each item

    @property
    def cell_count(self) -> int:
        """Return the items."""
        return len(self.items)

    @property
    def subject_count(self) -> int:
        """Return the people, or rows."""
        return self.units

    def check(self) -> None:
        """Refuse a cube that was not collected: wrong shapes, odd numbers."""
        size = len(self.items)
        distinct(self.items, "items")
        counted(self.shown, (size,), "impressions")
        counted(self.squares, (size,), "squares")
        require(float(self.shown.sum()) > 0, "nothing was shown")
        require(bool((np.diff(self.shown) <= 0).all()), "items are not in order")
        require((self.buckets is None) == (self.unit == "rows"), "buckets are missing")
        if self.buckets is not None:
            counted(self.buckets, (len(self.buckets), size), "buckets")
        if self.providers is not None:
            require(len(self.providers) == size, "an item has no provider")
        require(self.rows > 0 and self.units > 0, "it has no rows")


def collect(table: "ibis.Table", columns: Mapping[str, list[str]]) -> ItemCube:
    """Run one GROUP BY over items, and over buckets of people when subjects are given."""
    require_columns(table, columns)
    item, subject, provider, weight = (
        columns.get(role, [None])[0] for role in ("item", "subject", "provider", "weight")
    )
    assert item is not None
    dims: dict[str, Any] = {"item": table[item]}
    if provider is not None:
        dims["provider"] = table[provider]
    if weight is not None:
        dims["w"] = number(table[weight], weight, "weight")
    if subject is not None:
        dims["subject"] = table[subject]
    rows = table.select(**dims)
    keys = ["item"] + (["provider"] if provider else [])
    measures: dict[str, Any] = {}
    if weight is not None:
        measures = {
            "w1": rows.w.sum(),
            "w2": (rows.w * rows.w).sum(),
            "least": rows.w.min(),
            "empty": rows.w.isnull().sum(),
        }
    cells = rows.group_by(keys).agg(n=rows.count(), **measures)
    text = {key: value_text(cells[key]) for key in keys}
    too_many = f"The column {item!r} (item) has more than {MAX_ITEMS:,} values."
    found = pull(cells.mutate(**text), most=MAX_ITEMS, too_many=too_many)
    if found.num_rows == 0:
        raise BadInput("The data have no rows.")
    result = found.to_pydict()
    if weight is not None:
        least = [part for part in result["least"] if part is not None]
        check_weights(min(least, default=None), sum(result["empty"]), weight)
    cube = _item_cube(result, item, provider)
    if subject is None:
        return cube
    return _with_subjects(cube, rows, subject, weight is not None)


def _item_cube(result: Mapping[str, list[Any]], item: str, provider: str | None) -> ItemCube:
    names = result["item"]
    if provider is not None and len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise BadInput(f"The item {twice!r} of {item!r} has more than one value of {provider!r}.")
    rows = np.array(result["n"], dtype=np.float64)
    shown = np.array(result.get("w1", result["n"]), dtype=np.float64)
    squares = np.array(result.get("w2", result["n"]), dtype=np.float64)
    if shown.sum() <= 0:
        raise BadInput("All weights are 0.")
    order = sorted(range(len(names)), key=lambda i: (-shown[i], names[i]))
    total = int(rows.sum())
    return ItemCube(
        tuple(names[i] for i in order),
        shown[order],
        squares[order],
        "rows",
        total,
        total,
        "w1" in result,
        None,
        "",
        tuple(result["provider"][i] for i in order) if provider is not None else None,
    )


def _with_subjects(cube: ItemCube, rows: "ibis.Table", subject: str, weighted: bool) -> ItemCube:
    people = pull_one(
        rows.aggregate(empty=rows.subject.isnull().sum(), units=rows.subject.nunique())
    )
    if people["empty"]:
        raise BadInput(f"The column {subject!r} (subject) is empty in {people['empty']:,} rows.")
    units = int(people["units"])
    bucket = ((rows.subject.cast("string").hash() % BUCKETS) + BUCKETS) % BUCKETS
    spread = rows.mutate(bucket=bucket)
    spread = spread.group_by(["bucket", "item"]).agg(
        w1=spread.w.sum() if weighted else spread.count()
    )
    too_many = f"People and the column of items make more than {MAX_SPREAD:,} cells."
    result = pull(
        spread.mutate(item=value_text(spread.item)), most=MAX_SPREAD, too_many=too_many
    ).to_pydict()
    place = {name: i for i, name in enumerate(cube.items)}
    numbers = {name: i for i, name in enumerate(sorted(set(result["bucket"])))}
    buckets = np.zeros((len(numbers), len(cube.items)))
    np.add.at(
        buckets,
        ([numbers[b] for b in result["bucket"]], [place[i] for i in result["item"]]),
        np.array(result["w1"], dtype=np.float64),
    )
    return ItemCube(
        cube.items,
        cube.shown,
        cube.squares,
        "subjects",
        units,
        cube.rows,
        cube.weighted,
        buckets,
        f"{rows.get_backend().name} hash mod {BUCKETS}",
        cube.providers,
    )
