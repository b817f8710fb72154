"""Rows of a Parquet file as texts, in batches from any row on: what an import reads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from governance.core.errors import Invalid

BATCH = 8_192


def _open(path: Path):  # type: ignore[no-untyped-def]  # pyarrow has no types
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.ParquetFile(path)
    except (pa.ArrowInvalid, OSError) as problem:
        raise Invalid("The file is not readable as Parquet.") from problem


def parquet_columns(path: Path) -> list[str]:
    """The names of the file's columns."""
    return [str(name) for name in _open(path).schema_arrow.names]


def parquet_rows(path: Path, *, start: int = 0) -> Iterator[tuple[int, dict[str, str]]]:
    """Every row from `start` on, with its number; times as ISO 8601, nothing as ''."""
    import pyarrow as pa

    source = _open(path)
    seen = 0
    groups = []
    for group in range(source.num_row_groups):
        size = source.metadata.row_group(group).num_rows
        if seen + size > start:
            groups.append(group)
        elif not groups:
            seen += size
    if not groups:
        return
    number = seen
    try:
        for batch in source.iter_batches(BATCH, row_groups=groups):
            if number + len(batch) > start:
                for row in batch.to_pylist():
                    if number >= start:
                        yield number, {name: _text(value) for name, value in row.items()}
                    number += 1
            else:
                number += len(batch)
    except (pa.ArrowInvalid, OSError) as problem:
        raise Invalid("The Parquet file is broken.") from problem


def _text(value: object) -> str:
    if value is None:
        return ""
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
