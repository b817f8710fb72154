"""Files as they were sent, part by part, nothing guessed: texts of CSV and JSON stay texts.

For looking at uploads, renaming their columns and filling the vault; runs in the limited child.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from audits.sources.readers import (
    ARROW,
    CSV,
    JSON_LINES,
    PARQUET,
    batches_of,
    check_width,
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
_ARROW_FILE_START = b"ARROW1"


def media_type_of(file_name: str, start: bytes = b"") -> str:
    """The media type that a file's name stands for; of Arrow's two, the start decides."""
    from audits.sources.readers import ARROW_FILE

    found = SUFFIXES.get(Path(file_name).suffix.lower())
    if found is None:
        raise Invalid(f"{file_name!r} must end in {', '.join(SUFFIXES)}.")
    return ARROW_FILE if found == ARROW and start.startswith(_ARROW_FILE_START) else found


def decoded(data: Path, kind: str) -> Iterator[pa.RecordBatch]:
    """Yield the file's rows in parts; raise `Invalid` with one sentence when unreadable."""
    import pyarrow as pa

    if data.stat().st_size == 0:
        raise Invalid("The file is empty.")
    try:
        if kind == CSV:
            batches = _csv(data)
        elif kind == JSON_LINES:
            batches = _json_lines(data)
        else:
            batches = batches_of(data, kind)
        for batch in batches:
            check_columns(batch.schema.names)
            yield batch
    except (pa.ArrowException, OSError, UnicodeDecodeError, csv.Error) as problem:
        reason = (str(problem).strip().splitlines() or [type(problem).__name__])[0]
        raise Invalid(f"The file is not readable as {kind}: {reason.rstrip('.')[:300]}.") from None


def check_columns(names: list[str]) -> None:
    """Refuse too many columns, nameless ones and names that come twice."""
    check_width(len(names))
    if "" in names:
        raise Invalid(f"Column {names.index('') + 1} has no name.")
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise Invalid(f"The column {twice!r} comes twice.")


def records_of(file: TextIO) -> Iterator[list[str]]:
    """Yield the records of an open CSV file, the header first."""
    csv.field_size_limit(LONGEST_LINE)
    records = csv.reader(_lines(file))
    header = next(records, [])
    check_columns(header)
    yield header
    yield from records


def objects_of(file: TextIO) -> Iterator[dict[str, Any]]:
    """Yield the objects of an open file of JSON lines."""
    for number, line in enumerate(_lines(file), start=1):
        if not line.strip():
            continue
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise Invalid(f"Line {number} of the file is not a JSON object.")
        yield found


def _lines(file: TextIO) -> Iterator[str]:
    while line := file.readline(LONGEST_LINE):
        if len(line) == LONGEST_LINE:
            raise Invalid("A line of the file is longer than a megabyte.")
        yield line


def _csv(data: Path) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    with data.open(encoding="utf-8-sig", newline="") as file:
        records = records_of(file)
        names = next(records)
        while part := list(islice(records, ROWS)):
            if ragged := next((row for row in part if len(row) not in (0, len(names))), None):
                raise Invalid(
                    f"A row has {len(ragged)} values, the first line names {len(names)} columns."
                )
            rows = [row for row in part if row]
            columns = zip(*rows, strict=True) if rows else [()] * len(names)
            arrays = [pa.array([one or None for one in column], pa.string()) for column in columns]
            yield pa.RecordBatch.from_arrays(arrays, names=names)


def _json_lines(data: Path) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    with data.open(encoding="utf-8-sig") as file:
        objects = objects_of(file)
        while rows := list(islice(objects, ROWS)):
            names = list(dict.fromkeys(name for row in rows for name in row))
            check_columns(names)
            arrays = [_array([row.get(name) for row in rows]) for name in names]
            yield pa.RecordBatch.from_arrays(arrays, names=names)


def _array(values: list[Any]) -> pa.Array:
    import pyarrow as pa

    try:
        return pa.array(values)
    except (pa.ArrowException, OverflowError):
        texts = [one if one is None or isinstance(one, str) else json.dumps(one) for one in values]
        return pa.array(texts, pa.string())
