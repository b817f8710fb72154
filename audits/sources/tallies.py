"""Sources that are counts: a file whose every line is a cell and how many rows it stands for.

Counts become as many equal rows, made inside the engine, so that every method reads them
unchanged. What was put on labels before they were counted is refused where no method takes it out.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from audits.sources.folders import open_files
from audits.sources.locations import CubeLocation
from audits.sources.reach import files_below_roots
from audits.sources.reading import Place
from governance.core.errors import Invalid

if TYPE_CHECKING:
    import ibis

CELLS_AT_MOST = 1_000_000
ROWS_AT_MOST = 2_000_000_000
STEP = 65_536
# Methods that estimate what the labels were before they were flipped.
TAKES_NOISE_OUT = frozenset({"fairness.groups"})
AGGREGATED = "The data came as counts of rows: which rows belong to one person is not known."


@contextmanager
def open_tally(location: CubeLocation) -> Iterator[Place]:
    """Open a file of counts as its cells, one row each; `rows_of` makes rows of them.

    Raises
    ------
    Invalid : with one sentence, when counts are missing, not whole numbers, or too many
    """
    with open_files(files_below_roots(location.path)) as place:
        cells = _checked(place.table, location)

        def measure(part: ibis.Table) -> tuple[int, str]:
            rows = part[location.count].sum().execute()
            return (0 if rows is None or rows != rows else int(rows)), place.measure(cells)[1]

        yield Place(cells, place.interrupt, measure, (AGGREGATED,))


def rows_of(cells: ibis.Table, count: str) -> ibis.Table:
    """Return as many equal rows as every cell stands for; the engine makes them while it reads.

    In two steps, so that no list of rows is longer than `STEP`.
    """
    import ibis

    stepped = cells.mutate(tally_from=ibis.range(0, cells[count], STEP).unnest())
    left = stepped[count] - stepped.tally_from
    each = stepped.mutate(tally_row=ibis.range(0, ibis.least(left, STEP)).unnest())
    return each.drop(count, "tally_from", "tally_row")


def _checked(table: ibis.Table, location: CubeLocation) -> ibis.Table:
    name = location.count
    if name not in table.columns:
        raise Invalid(
            f"The cube has no column {name!r} that counts; it has {', '.join(table.columns[:12])}."
        )
    number = table[name].cast("float64")
    known = table.aggregate(
        cells=table.count(),
        empty=table[name].isnull().sum(),
        odd=((number < 0) | (number != number.floor())).sum(),
        rows=number.sum(),
    )
    told = known.to_pyarrow().to_pylist()[0]
    if not told["cells"]:
        raise Invalid("The cube has no cell.")
    if told["empty"] or told["odd"]:
        raise Invalid(f"The column {name!r} of the cube holds a value that is no whole count.")
    if told["cells"] > CELLS_AT_MOST:
        raise Invalid(f"The cube has more than {CELLS_AT_MOST:,} cells: aggregate it first.")
    if told["rows"] > ROWS_AT_MOST:
        raise Invalid(f"The cube stands for more than {ROWS_AT_MOST:,} rows.")
    return table.mutate(**{name: number.cast("int64")})


def refuse_noise(location: CubeLocation, method: str) -> None:
    """Refuse counts of randomised labels where the method would take them for the true ones."""
    if not location.randomised or method in TAKES_NOISE_OUT:
        return
    told = ", ".join(f"{role} with epsilon {e:g}" for role, e in location.randomised.items())
    raise Invalid(
        f"The cube's labels were randomised before they were counted ({told}), and {method} does "
        "not take that noise out: its rates would be drawn towards one half and each other. Give "
        "a cube whose counts were corrected for it, and say so in its title."
    )
