"""Streams of record batches out of a file that somebody sent, in any of five formats.

Every reader is bounded: it holds one piece of the file at a time. What the columns must be is
decided in `ingest`.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from audits.sources.formats import COMPRESSED, looks_like
from governance.core.errors import Invalid

if TYPE_CHECKING:
    import pyarrow as pa

ARROW = "application/vnd.apache.arrow.stream"
ARROW_FILE = "application/vnd.apache.arrow.file"
PARQUET = "application/vnd.apache.parquet"
JSON_LINES = "application/x-ndjson"
CSV = "text/csv"
MEDIA_TYPES = {
    ARROW: ARROW,
    ARROW_FILE: ARROW_FILE,
    PARQUET: PARQUET,
    "application/x-parquet": PARQUET,
    JSON_LINES: JSON_LINES,
    "application/jsonl": JSON_LINES,
    "application/jsonlines": JSON_LINES,
    CSV: CSV,
}
TIME_ROLES = ("occurred_at", "observed_at")
TEXT_ROLES = ("output_id", "subject", "item", "provider", "model_version", "text", "persona")

LARGEST_COLUMNS = 200
BATCH_ROWS = 65_536
PIECE = 16 * 1024 * 1024  # bytes of text read at a time; no line may be longer
HEADER = 1024 * 1024
_END_OF_STREAM = b"\xff\xff\xff\xff\x00\x00\x00\x00"


def batches_of(data: Path, kind: str) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a file in batches of at most `BATCH_ROWS`."""
    if data.stat().st_size == 0:
        raise Invalid("The data is empty.")
    readers = {
        ARROW: _stream,
        ARROW_FILE: _arrow_file,
        PARQUET: _parquet,
        JSON_LINES: _json_lines,
        CSV: _csv,
    }
    for batch in readers[kind](data):
        for start in range(0, max(batch.num_rows, 1), BATCH_ROWS):
            yield batch.slice(start, BATCH_ROWS)


def check_width(columns: int) -> None:
    """Refuse more columns than are read."""
    if columns > LARGEST_COLUMNS:
        raise Invalid(f"There are {columns:,} columns; {LARGEST_COLUMNS} are read at most.")


def _stream(data: Path) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    with data.open("rb") as file:
        file.seek(max(0, data.stat().st_size - len(_END_OF_STREAM)))
        ended = file.read() == _END_OF_STREAM
    with pa.OSFile(str(data)) as source, pa.ipc.open_stream(source) as reader:
        check_width(len(reader.schema))
        yield from reader
    if not ended:
        # A stream that breaks off between two batches reads like a shorter one.
        raise Invalid("The Arrow stream breaks off: its end mark is missing. Send it again.")


def _arrow_file(data: Path) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    with pa.OSFile(str(data)) as source, pa.ipc.open_file(source) as reader:
        check_width(len(reader.schema))
        for place in range(reader.num_record_batches):
            yield reader.get_batch(place)


def _parquet(data: Path) -> Iterator[pa.RecordBatch]:
    import pyarrow.parquet as pq

    with pq.ParquetFile(data) as file:
        check_width(file.metadata.num_columns)
        yield from file.iter_batches(batch_size=BATCH_ROWS)


def _check_text(data: Path, kind: str) -> None:
    with data.open("rb") as file:
        really = looks_like(file.read(65_536))
    if really != "text":
        hint = " Unpack it first." if really in COMPRESSED else ""
        raise Invalid(f"The data is not {kind}: it looks like {really}.{hint}")


def _json_lines(data: Path) -> Iterator[pa.RecordBatch]:
    """Read JSON lines a piece at a time: first what types the whole has, then the rows."""
    import pyarrow as pa

    _check_text(data, JSON_LINES)
    schemas: list[pa.Schema] = []
    for piece in _pieces(data):
        table = _json_table(piece, None)
        schemas.append(table.schema)
        if len(schemas) > 1:
            schemas = [pa.unify_schemas(schemas, promote_options="permissive")]
    if not schemas:
        return
    # Times stay text on the way, so that their zone is still to be seen.
    for piece in _pieces(data):
        yield from _json_table(piece, schemas[0]).to_batches(max_chunksize=BATCH_ROWS)


def _json_table(piece: bytes, schema: pa.Schema | None) -> pa.Table:
    import pyarrow as pa
    from pyarrow import json

    times = pa.schema([(name, pa.string()) for name in TIME_ROLES])
    options = json.ParseOptions(
        explicit_schema=times if schema is None else schema,
        unexpected_field_behavior="infer" if schema is None else "ignore",
    )
    reading = json.ReadOptions(use_threads=False, block_size=len(piece) + 1)
    table = json.read_json(pa.BufferReader(piece), read_options=reading, parse_options=options)
    check_width(table.num_columns)
    if schema is not None:
        return table.select(schema.names)
    absent = [name for name in TIME_ROLES if table.column(name).null_count == len(table)]
    return table.drop_columns(absent)


def _pieces(data: Path) -> Iterator[bytes]:
    """Yield the file in pieces that end where a line ends."""
    with data.open("rb") as file:
        rest = b""
        while chunk := file.read(PIECE):
            whole, newline, after = (rest + chunk).rpartition(b"\n")
            if not newline:
                rest = after
                _check_line(rest)
                continue
            rest = after
            _check_line(rest)
            if whole.strip():
                yield whole + newline
        if rest.strip():
            yield rest


def _check_line(line: bytes) -> None:
    if len(line) >= PIECE:
        raise Invalid(f"A line is longer than {PIECE // 1024**2} MB: a row is one short line.")


def _csv(data: Path) -> Iterator[pa.RecordBatch]:
    """Read comma-separated text twice: first what its columns hold, then the rows."""
    _check_text(data, CSV)
    names = _header(data)
    check_width(len(names))
    kinds = {name: [] if name in (*TEXT_ROLES, *TIME_ROLES) else list(_KINDS) for name in names}
    filled: set[str] = set()
    for batch in _csv_text(data, names):
        for name in names:
            column = batch.column(name)
            if column.null_count < len(column):
                filled.add(name)
                kinds[name] = [kind for kind in kinds[name] if _KINDS[kind](column) is not None]
    for batch in _csv_text(data, names):
        yield _typed_batch(batch, {name: kinds[name] if name in filled else [] for name in names})


def _typed_batch(batch: pa.RecordBatch, kinds: dict[str, list[str]]) -> pa.RecordBatch:
    import pyarrow as pa

    columns = [
        _KINDS[kinds[name][0]](batch.column(name)) if kinds[name] else batch.column(name)
        for name in kinds
    ]
    return pa.RecordBatch.from_arrays(columns, names=list(kinds))


def _header(data: Path) -> list[str]:
    with data.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        line = file.readline(HEADER)
        if len(line) == HEADER:
            raise Invalid("The first line is longer than a million signs: it must name columns.")
        file.seek(0)
        names = next(csv.reader(file), [])
    check_width(len(names))
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise Invalid(f"The column {twice[0]!r} comes twice.")
    return names


def _csv_text(data: Path, names: list[str]) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    converting = arrow_csv.ConvertOptions(
        column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=True, null_values=[""]
    )
    reading = arrow_csv.ReadOptions(use_threads=False, block_size=PIECE)
    parsing = arrow_csv.ParseOptions(newlines_in_values=True)
    with arrow_csv.open_csv(
        data, read_options=reading, parse_options=parsing, convert_options=converting
    ) as reader:
        yield from reader


def _whole_numbers(column: pa.Array) -> pa.Array | None:
    """'007' stays text: it is not the group '7'."""
    return _cast(column, "int64", r"^-?(0|[1-9][0-9]*)$")


def _numbers(column: pa.Array) -> pa.Array | None:
    return _cast(column, "float64", r"^-?(0|[1-9][0-9]*)?(\.[0-9]+)?([eE][-+]?[0-9]+)?$")


def _flags(column: pa.Array) -> pa.Array | None:
    return _cast(column, "bool", r"^(?i:true|false)$")


_KINDS = {"whole": _whole_numbers, "number": _numbers, "flag": _flags}


def _cast(column: pa.Array, kind: str, pattern: str) -> pa.Array | None:
    """Return the column in a type, or nothing when some value is written otherwise."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pc.all(pc.match_substring_regex(column, pattern)).as_py() is False:
        return None
    try:
        return column.cast(kind)
    except pa.ArrowInvalid:
        return None
