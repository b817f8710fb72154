"""Turns what a customer sends into one Parquet segment, or says in one sentence what is wrong.

Arrow stream, Parquet, JSON lines and CSV become the same typed columns; subjects become
pseudonyms on the way. Where segments are listed is not known here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audits.sources.readers import (
    ARROW,
    ARROW_FILE,
    CSV,
    JSON_LINES,
    MEDIA_TYPES,
    PARQUET,
    TEXT_ROLES,
    TIME_ROLES,
    batches_of,
    check_width,
)
from governance.core.errors import Invalid

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "CSV",
    "JSON_LINES",
    "MEDIA_TYPES",
    "OUTCOME_ROLES",
    "OUTPUT_ROLES",
    "PARQUET",
    "Written",
    "copy_as_parquet",
    "kind_of",
    "write_segment",
]

LARGEST_ROWS = 20_000_000
LARGEST_BATCH = 256 * 1024 * 1024  # decoded bytes: a small file may hold very long texts
LABEL_ROLES = ("y_true", "y_pred")
NUMBER_ROLES = ("score", "propensity", "weight", "price", "watch_time")
OUTPUT_ROLES = ("output_id", "occurred_at")
OUTCOME_ROLES = ("output_id", "y_true", "observed_at")


@dataclass(frozen=True)
class Written:
    """What a segment holds."""

    rows: int
    columns: list[str]
    earliest: datetime
    latest: datetime
    shown: int
    clicked: int


def kind_of(media_type: str) -> str:
    """Return the format a media type names."""
    kind = MEDIA_TYPES.get(media_type.split(";", 1)[0].strip().lower())
    if kind is None:
        raise Invalid(
            f"The media type {media_type!r} is not read here: send {ARROW}, {ARROW_FILE}, "
            f"{PARQUET}, {JSON_LINES} or {CSV}."
        )
    return kind


def write_segment(
    data: Path,
    media_type: str,
    target: Path,
    *,
    required: tuple[str, ...],
    time_role: str,
    pseudonymise: Callable[[str], str],
) -> Written:
    """Write `data` to `target` as Parquet; raise `Invalid` with one sentence when it cannot be."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    kind = kind_of(media_type)
    rows = shown = clicked = 0
    names: list[str] = []
    identifiers: list[pa.Array] = []
    moments: list[datetime] = []
    writer: pq.ParquetWriter | None = None
    try:
        for batch in batches_of(data, kind):
            if not names:
                names = _checked_names(batch.schema, required)
            if batch.nbytes > LARGEST_BATCH:
                raise Invalid("The rows are too wide: a block decodes to more than 256 MB.")
            rows += batch.num_rows
            if rows > LARGEST_ROWS:
                raise Invalid(f"More than {LARGEST_ROWS:,} rows came at once: send smaller parts.")
            if not batch.num_rows:
                continue
            columns = {
                name: _typed(name, batch.column(index), pseudonymise)
                for index, name in enumerate(names)
            }
            for name in required:
                _refuse_gaps(name, columns[name])
            table = pa.table(columns)
            if table.nbytes > LARGEST_BATCH:
                raise Invalid("The rows are too wide: a block decodes to more than 256 MB.")
            if writer is None:
                writer = pq.ParquetWriter(target, table.schema, compression="zstd")
            writer.write_table(table)
            identifiers.append(columns["output_id"])
            bounds = pc.min_max(columns[time_role]).as_py()
            moments += [bounds["min"], bounds["max"]]
            if "clicked" in columns:
                shown += len(columns["clicked"]) - columns["clicked"].null_count
                clicked += pc.sum(columns["clicked"]).as_py() or 0
    except _unreadable_kinds() as problem:
        raise _unreadable(kind, problem) from None
    finally:
        if writer is not None:
            writer.close()
    if not rows:
        raise Invalid("The data holds no row.")
    if time_role == "occurred_at":
        _refuse_repeats(identifiers)
    return Written(rows, names, min(moments), max(moments), shown, clicked)


def copy_as_parquet(data: Path, media_type: str, target: Path) -> int:
    """Write `data` to `target` as Parquet, columns as they are; return how many rows there are."""
    import pyarrow.parquet as pq

    kind = kind_of(media_type)
    rows = 0
    writer: pq.ParquetWriter | None = None
    try:
        for batch in batches_of(data, kind):
            if batch.nbytes > LARGEST_BATCH:
                raise Invalid("The rows are too wide: a block decodes to more than 256 MB.")
            rows += batch.num_rows
            if writer is None:
                writer = pq.ParquetWriter(target, batch.schema, compression="zstd")
            writer.write_batch(batch)
    except _unreadable_kinds() as problem:
        raise _unreadable(kind, problem) from None
    finally:
        if writer is not None:
            writer.close()
    if not rows:
        raise Invalid("The data holds no row.")
    return rows


def _unreadable_kinds() -> tuple[type[Exception], ...]:
    import pyarrow as pa

    return (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OSError)


def _unreadable(kind: str, problem: Exception) -> Invalid:
    lines = str(problem).strip().splitlines() or [type(problem).__name__]
    return Invalid(f"The data is not readable as {kind}: {lines[0].rstrip('.')[:300]}.")


def _checked_names(schema: pa.Schema, required: tuple[str, ...]) -> list[str]:
    names = list(schema.names)
    check_width(len(names))
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise Invalid(f"The column {twice[0]!r} comes twice.")
    for name in required:
        if name not in names:
            raise Invalid(
                f"The column {name!r} is missing: {', '.join(required)} must be there, "
                f"found were {', '.join(names)}."
            )
    return names


def _typed(name: str, column: pa.Array, pseudonymise: Callable[[str], str]) -> pa.Array:
    """Return one column in the type its role has everywhere."""
    import pyarrow as pa

    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.dictionary_decode()
        kind = column.type
    if pa.types.is_nested(kind):
        raise Invalid(f"The column {name!r} holds lists or objects; columns are flat.")
    if name in TIME_ROLES:
        return _times(name, column)
    if name == "clicked":
        return _clicks(column)
    try:
        if name == "subject":
            return _pseudonyms(column.cast(pa.string()), pseudonymise)
        if name in TEXT_ROLES:
            return column.cast(pa.string())
        if name in NUMBER_ROLES:
            return column.cast(pa.float64())
        if name == "position":
            return column.cast(pa.int32())
        if name in LABEL_ROLES and pa.types.is_boolean(kind):
            return column.cast(pa.int64())
        if pa.types.is_null(kind) or pa.types.is_large_string(kind):
            return column.cast(pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as problem:
        raise Invalid(
            f"The column {name!r} is not usable in its role: {str(problem).splitlines()[0]}."
        ) from None
    return column


def _times(name: str, column: pa.Array) -> pa.Array:
    import pyarrow as pa

    kind = column.type
    named = pa.types.is_timestamp(kind) and kind.tz is not None
    if not named and not pa.types.is_string(kind) and not pa.types.is_large_string(kind):
        raise Invalid(
            f"The column {name!r} is {kind}: it must hold times with a zone, "
            "such as 2026-01-31T09:00:00Z."
        )
    try:
        return column.cast(pa.timestamp("us", "UTC"), safe=False)
    except pa.ArrowInvalid:
        raise Invalid(
            f"The column {name!r} holds a text that is no time with a zone, "
            "such as 2026-01-31T09:00:00Z."
        ) from None


def _clicks(column: pa.Array) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        clicks = column.cast(pa.int8())
        bounds = pc.min_max(clicks).as_py()
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        bounds = {"min": -1, "max": -1}
    if not {bounds["min"], bounds["max"]} <= {0, 1, None}:
        raise Invalid("The column 'clicked' must hold 0 or 1, or false or true.")
    return clicks


def _pseudonyms(column: pa.Array, pseudonymise: Callable[[str], str]) -> pa.Array:
    import pyarrow as pa

    coded = column.dictionary_encode()
    known = pa.array([pseudonymise(one) for one in coded.dictionary.to_pylist()], pa.string())
    return pa.DictionaryArray.from_arrays(coded.indices, known).dictionary_decode()


def _refuse_gaps(name: str, column: Any) -> None:
    if column.null_count:
        raise Invalid(f"The column {name!r} is empty in {column.null_count:,} rows.")


def _refuse_repeats(identifiers: list[pa.Array]) -> None:
    import pyarrow as pa
    import pyarrow.compute as pc

    counts = pc.value_counts(pa.chunked_array(identifiers))
    if len(counts) == sum(len(part) for part in identifiers):
        return
    repeated = counts.filter(pc.greater(counts.field("counts"), 1))
    raise Invalid(f"The output_id {repeated[0]['values'].as_py()!r} occurs more than once.")
