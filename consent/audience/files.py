"""The three formats of an audience, in and out, batch by batch: Parquet, Arrow stream, newlines.

Heavy packages are imported where they are used. What is kept of a batch stands in `filtering`.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import IO, Any

#: Ids decoded at a time: what is made of them on the way stays in the processor's cache.
BATCH_ROWS = 131_072
MOST_ROWS = 50_000_000


class Format(StrEnum):
    """A format, named by its media type."""

    PARQUET = "application/vnd.apache.parquet"
    ARROW = "application/vnd.apache.arrow.stream"
    LINES = "text/plain"


SUFFIXES = {
    ".parquet": Format.PARQUET,
    ".arrow": Format.ARROW,
    ".arrows": Format.ARROW,
    ".txt": Format.LINES,
}


class BadAudience(Exception):
    """The file cannot be read as what it says it is; the text says why."""


class TooManyRows(Exception):
    """The file names more people than one call answers."""


def format_of_media(media: str) -> Format | None:
    """Return the format a Content-Type names."""
    name = media.split(";", 1)[0].strip().lower()
    return next((each for each in Format if each == name), None)


def _column(schema: Any, asked: str) -> str:
    """Return the name of the id column: the one asked for, `subject`, or the only one."""
    import pyarrow as pa

    names = list(schema.names)
    name = asked or ("subject" if "subject" in names else names[0] if len(names) == 1 else "")
    if not name:
        raise BadAudience(
            f"Name the column of the ids with column=; there are {', '.join(names[:20])}."
        )
    if names.count(name) != 1:
        raise BadAudience(f"There is no single column {name!r} in this file.")
    kind = schema.field(name).type
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
        raise BadAudience(f"The column {name!r} holds {kind}; ids are strings.")
    return name


class Ids:
    """The ids of one file: the name of their column, and batches of them as Arrow arrays."""

    def __init__(self, path: Path, kind: Format, column: str = "") -> None:
        import pyarrow as pa

        self.kind = kind
        try:
            self.column, self._batches = self._open(path, column)
        except (pa.ArrowException, OSError) as error:
            raise BadAudience(
                f"This is not a readable {kind.name.lower()} file: {error}"
            ) from error

    def _open(self, path: Path, column: str) -> tuple[str, Iterator[Any]]:
        import pyarrow as pa
        import pyarrow.parquet as pq

        if self.kind is Format.LINES:
            return "subject", _lines(path)
        if self.kind is Format.ARROW:
            source = pa.OSFile(str(path))
            reader = pa.ipc.open_stream(source)
            name = _column(reader.schema, column)
            return name, (part for batch in reader for part in _parts(batch.column(name)))
        file = pq.ParquetFile(path, memory_map=True)
        if file.metadata.num_rows > MOST_ROWS:
            raise TooManyRows
        name = _column(file.schema_arrow, column)
        batches = file.iter_batches(BATCH_ROWS, columns=[name], use_threads=False)
        return name, (batch.column(0) for batch in batches)

    def __iter__(self) -> Iterator[Any]:
        import pyarrow as pa

        rows = 0
        try:
            for batch in self._batches:
                if pa.types.is_dictionary(batch.type):
                    batch = batch.cast(batch.type.value_type)  # noqa: PLW2901
                batch.validate(full=True)
                rows += len(batch)
                if rows > MOST_ROWS:
                    raise TooManyRows
                yield batch
        except (pa.ArrowException, OSError) as error:
            raise BadAudience(f"The file breaks off or is damaged: {error}") from error


def _parts(array: Any) -> Iterator[Any]:
    for start in range(0, len(array), BATCH_ROWS):
        yield array.slice(start, BATCH_ROWS)


def _lines(path: Path) -> Iterator[Any]:
    import pyarrow as pa

    with path.open(encoding="utf-8", newline="\n") as lines:
        batch: list[str] = []
        try:
            for line in lines:
                text = line.rstrip("\r\n")
                if text:
                    batch.append(text)
                if len(batch) == BATCH_ROWS:
                    yield pa.array(batch, pa.string())
                    batch = []
        except UnicodeDecodeError as error:
            raise BadAudience("Ids on lines of their own are UTF-8 text.") from error
        if batch:
            yield pa.array(batch, pa.string())


class Writer:
    """Writes kept ids, and what was decided of each where that is asked for."""

    def __init__(self, sink: IO[bytes], kind: Format, column: str, *, outcomes: bool) -> None:
        self._kind, self._sink, self._column, self._outcomes = kind, sink, column, outcomes
        self._schema: Any = None
        self._open: Any = None

    def _writer(self, ids: Any) -> Any:
        import pyarrow as pa
        import pyarrow.parquet as pq

        fields = [pa.field(self._column, ids.type)]
        if self._outcomes:
            fields.append(pa.field("outcome", pa.string()))
        self._schema = pa.schema(fields)
        if self._kind is Format.ARROW:
            return pa.ipc.new_stream(self._sink, self._schema)
        return pq.ParquetWriter(
            self._sink,
            self._schema,
            compression="snappy",
            use_dictionary=["outcome"] if self._outcomes else False,
            write_statistics=False,
        )

    def write(self, ids: Any, outcomes: Any = None) -> None:
        """Write a batch of ids with their outcomes, if these are told."""
        import pyarrow as pa

        if self._kind is Format.LINES:
            self._sink.write(_as_lines(ids, outcomes))
            return
        if self._open is None:
            self._open = self._writer(ids)
        columns = [ids] if outcomes is None else [ids, outcomes]
        self._open.write_batch(pa.record_batch(columns, schema=self._schema))

    def close(self) -> None:
        """End the file; one without people is a file of its format too."""
        import pyarrow as pa

        if self._kind is not Format.LINES:
            if self._open is None:
                self._open = self._writer(pa.array([], pa.string()))
            self._open.close()


def _as_lines(ids: Any, outcomes: Any) -> bytes:
    lines = ids.to_pylist()
    if outcomes is not None:
        told = zip(lines, outcomes.to_pylist(), strict=True)
        lines = [f"{line}\t{outcome}" for line, outcome in told]
    return "".join(f"{line}\n" for line in lines).encode()
