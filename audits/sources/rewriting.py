"""Takes rows out of a segment by writing it anew; the old file stays until it is dropped.

One piece of the file is held at a time. Whose rows they are is decided by the caller.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from audits import storage

if TYPE_CHECKING:
    import pyarrow as pa

BATCH_ROWS = 65_536


@dataclass(frozen=True)
class Removed:
    """What left a segment: rows, and how many of them said clicked or not, and clicked."""

    rows: int = 0
    shown: int = 0
    clicked: int = 0


def rewrite_without(old: str, new: str, column: str, values: Collection[str]) -> Removed:
    """Write `old` to `new` without the rows whose column holds one of the values.

    Writes nothing when no such row is there.
    """
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    if not _holds(old, column, values):
        return Removed()
    rows = shown = clicked = 0
    with (
        storage.writing(new) as draft,
        pq.ParquetFile(storage.locate(old)) as source,
        pq.ParquetWriter(draft, source.schema_arrow, compression="zstd") as writer,
    ):
        for batch in source.iter_batches(batch_size=BATCH_ROWS):
            theirs = _theirs(batch.column(column), values)
            gone = batch.filter(theirs)
            rows += len(gone)
            if "clicked" in batch.schema.names:
                said = gone.column("clicked")
                shown += len(said) - said.null_count
                clicked += pc.sum(said).as_py() or 0
            writer.write_batch(batch.filter(pc.invert(theirs)))
    return Removed(rows, shown, clicked)


def rows_with(place: str, column: str, values: Collection[str]) -> Iterator[dict[str, Any]]:
    """Yield the rows of a segment whose column holds one of the values, as plain data."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    with pq.ParquetFile(storage.locate(place)) as source:
        for batch in source.iter_batches(batch_size=BATCH_ROWS):
            found = batch.filter(_theirs(batch.column(column), values))
            if len(found):
                texts = [
                    part.cast(pa.string()) if pa.types.is_temporal(part.type) else part
                    for part in found.columns
                ]
                yield from pa.table(texts, names=found.schema.names).to_pylist()


def values_where(place: str, wanted: str, column: str, value: str) -> set[str]:
    """Return what stands in one column of the rows whose other column holds a value."""
    import pyarrow.parquet as pq

    found: set[str] = set()
    with pq.ParquetFile(storage.locate(place)) as source:
        for batch in source.iter_batches(batch_size=BATCH_ROWS, columns=[wanted, column]):
            found.update(batch.filter(_theirs(batch.column(column), [value]))[wanted].to_pylist())
    return found


def _holds(place: str, column: str, values: Collection[str]) -> bool:
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    with pq.ParquetFile(storage.locate(place)) as source:
        batches = source.iter_batches(batch_size=BATCH_ROWS, columns=[column])
        return any(pc.any(_theirs(batch.column(column), values)).as_py() for batch in batches)


def _theirs(column: pa.Array, values: Collection[str]) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.is_in(column.cast(pa.string()), value_set=pa.array(list(values), pa.string()))
