"""Sources that are counts: a file whose every line is a cell and how many rows it stands for.

Plain counts become as many equal rows, made inside the engine, so that every method reads them
unchanged. Counts of randomised labels stay a cube: only a method that knows the noise reads them.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from audits.sources.folders import open_files
from audits.sources.locations import CubeLocation
from audits.sources.reach import files_below_roots
from audits.sources.reading import Place
from governance.core.errors import Invalid

if TYPE_CHECKING:
    import ibis
    import pyarrow as pa

CELLS_AT_MOST = 1_000_000
ROWS_AT_MOST = 2_000_000_000
STEP = 65_536
FORMAT = b"tactful.tally"
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


@dataclass(frozen=True)
class Tally:
    """Counts that came instead of rows, with the noise that was put on their labels."""

    cells: pa.Table
    count: str
    randomised: dict[str, float]  # role -> epsilon of the randomised response


def pack_tally(cells: ibis.Table, count: str, randomised: Mapping[Any, float]) -> bytes:
    """Return cells as bytes that say how their labels were randomised."""
    import pyarrow as pa

    table = cells.to_pyarrow()
    told = json.dumps({"count": count, "randomised": randomised}, sort_keys=True)
    table = table.replace_schema_metadata({FORMAT: told.encode()})
    out = io.BytesIO()
    with pa.ipc.new_stream(out, table.schema) as writer:
        writer.write_table(table)
    return out.getvalue()


def unpack_tally(data: bytes) -> Tally:
    """Return what `pack_tally` wrote."""
    import pyarrow as pa

    with pa.ipc.open_stream(pa.BufferReader(data)) as reader:
        table = reader.read_all()
    told: dict[str, Any] = json.loads(table.schema.metadata[FORMAT])
    return Tally(table.replace_schema_metadata(None), told["count"], told["randomised"])
