"""Reading a file of choices in batches from where the last chunk ended. Decides nothing."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from governance.core.errors import Invalid

#: One record may not be longer: a missing quote would read the whole file as one.
LONGEST_FIELD = 131_072


@dataclass(frozen=True, slots=True)
class Record:
    """A row by column name, the lines it stands on, and where the next one begins."""

    line: int
    values: dict[str, str]
    cursor: int
    last_line: int


def digest_of(path: Path) -> str:
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def form_of(name: str) -> str:
    """`csv` or `parquet`, by the file's name."""
    ending = name.lower().rpartition(".")[2]
    if ending in ("parquet", "pq"):
        return "parquet"
    if ending in ("csv", "txt"):
        return "csv"
    raise Invalid("Give a .csv or a .parquet file.")


def columns_of(path: Path, form: str) -> list[str]:
    """The names of the columns."""
    if form == "parquet":
        from consent.audience.row_batches import parquet_columns

        return parquet_columns(path)
    with path.open("rb") as source:
        header = source.readline(LONGEST_FIELD).decode("utf-8-sig", "replace")
    names = next(iter(csv.reader([header])), [])
    if not names:
        raise Invalid("The file is empty: its first line names the columns.")
    return [name.strip() for name in names]


def records(path: Path, form: str, *, cursor: int = 0, line: int = 0) -> Iterator[Record]:
    """Every record from `cursor` (bytes of a CSV, rows of a Parquet file) on."""
    if form == "parquet":
        from consent.audience.row_batches import parquet_rows

        for number, values in parquet_rows(path, start=cursor):
            yield Record(number + 1, values, number + 1, number + 1)
        return
    yield from _csv_records(path, cursor, line)


def _csv_records(path: Path, cursor: int, line: int) -> Iterator[Record]:
    csv.field_size_limit(LONGEST_FIELD)
    names = columns_of(path, "csv")
    with path.open("rb") as source:
        if cursor:
            source.seek(cursor)
        else:
            cursor, line = len(source.readline()), 1
        place = [cursor]

        def lines() -> Iterator[str]:
            for raw in source:
                place[0] += len(raw)
                yield raw.decode("utf-8", "replace")

        reader = csv.reader(lines())
        while True:
            begun, before, broken = line + 1, reader.line_num, False
            try:
                values = next(reader)
            except StopIteration:
                return
            except csv.Error:
                values, broken = [], True
            line += reader.line_num - before
            if values or broken:
                yield Record(begun, dict(zip(names, values, strict=False)), place[0], line)
