"""Files as they were sent, part by part, nothing guessed: CSV columns stay texts.

For looking at uploads and for the vault; what a run reads goes through `audits.sources`.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from audits.sources.ingest import (
    ARROW,
    CSV,
    JSON_LINES,
    LARGEST_BATCH,
    LARGEST_COLUMNS,
    MEDIA_TYPES,
    PARQUET,
)
from governance.core.errors import Invalid

if TYPE_CHECKING:
    import pyarrow as pa

ROWS = 8_192
LONGEST_LINE = 1024 * 1024
SUFFIXES = {
    ".csv": CSV,
    ".parquet": PARQUET,
    ".jsonl": JSON_LINES,
    ".ndjson": JSON_LINES,
    ".arrow": ARROW,
    ".arrows": ARROW,
}


def media_type_of(file_name: str) -> str:
    """The media type that a file's name stands for."""
    found = SUFFIXES.get(Path(file_name).suffix.lower())
    if found is None:
        raise Invalid(f"{file_name!r} must end in {', '.join(SUFFIXES)}.")
    return found


def kind_of(media_type: str) -> str:
    """The one name of a media type, whatever it was called."""
    kind = MEDIA_TYPES.get(media_type.split(";", 1)[0].strip().lower())
    if kind is None:
        raise Invalid(f"The media type {media_type!r} is not read here.")
    return kind


def decoded(data: Path, kind: str) -> Iterator[pa.RecordBatch]:
    """Yield the file's rows in small parts; raise `Invalid` with one sentence when unreadable."""
    import pyarrow as pa

    if data.stat().st_size == 0:
        raise Invalid("The file is empty.")
    readers = {ARROW: _arrow, PARQUET: _parquet, JSON_LINES: _json_lines, CSV: _csv}
    try:
        for batch in readers[kind](data):
            check_columns(batch.schema.names)
            if batch.nbytes > LARGEST_BATCH:
                raise Invalid("The rows are too wide: a block decodes to more than 256 MB.")
            yield batch
    except (pa.ArrowException, OSError, UnicodeDecodeError, csv.Error) as problem:
        reason = str(problem).strip().splitlines()[0].rstrip(".")
        raise Invalid(f"The file is not readable as {kind}: {reason}.") from None


def check_columns(names: list[str]) -> None:
    """Refuse too many columns, nameless ones and names that come twice."""
    if len(names) > LARGEST_COLUMNS:
        raise Invalid(f"There are {len(names):,} columns; {LARGEST_COLUMNS} are read at most.")
    if "" in names:
        raise Invalid(f"Column {names.index('') + 1} has no name.")
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise Invalid(f"The column {twice!r} comes twice.")


def header_of(file: TextIO) -> list[str]:
    """Read the first record of a CSV file and leave the file at the second."""
    lines = iter(lambda: _line(file), "")
    names = next(csv.reader(lines), [])
    check_columns(names)
    return names


def _line(file: TextIO) -> str:
    line = file.readline(LONGEST_LINE)
    if len(line) == LONGEST_LINE:
        raise Invalid("A line of the file is longer than a megabyte.")
    return line


def _arrow(data: Path) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    with pa.OSFile(str(data)) as source, pa.ipc.open_stream(source) as reader:
        yield from reader


def _parquet(data: Path) -> Iterator[pa.RecordBatch]:
    import pyarrow.parquet as pq

    with pq.ParquetFile(data) as file:
        check_columns(file.schema_arrow.names)
        yield from file.iter_batches(batch_size=ROWS)


def _csv(data: Path) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    with data.open(encoding="utf-8-sig", newline="") as file:
        names = header_of(file)
    options = arrow_csv.ConvertOptions(
        column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=True, null_values=[""]
    )
    with arrow_csv.open_csv(data, convert_options=options) as reader:
        yield from reader


def _json_lines(data: Path) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    with data.open(encoding="utf-8-sig") as file:
        lines = iter(lambda: _line(file), "")
        number = 0
        while part := list(islice(lines, ROWS)):
            rows = [
                _object(line, number + place) for place, line in enumerate(part) if line.strip()
            ]
            number += len(part)
            names = list(dict.fromkeys(name for row in rows for name in row))
            arrays = [_array([row.get(name) for row in rows]) for name in names]
            if rows:
                yield pa.RecordBatch.from_arrays(arrays, names=names)


def _object(line: str, number: int) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise Invalid(f"Line {number + 1} of the file is not a JSON object.")
    return found


def _array(values: list[Any]) -> pa.Array:
    import pyarrow as pa

    try:
        return pa.array(values)
    except pa.ArrowException:
        texts = [
            None if one is None else one if isinstance(one, str) else json.dumps(one)
            for one in values
        ]
        return pa.array(texts, pa.string())
