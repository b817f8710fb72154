"""Writes a file anew under the names its columns have here; columns without a role stay behind.

The order of rows, their texts and the format stay as they were; Parquet leaves as an Arrow stream.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from audits.sources.intake.decoding import objects_of, records_of
from audits.sources.readers import ARROW, CSV, JSON_LINES, batches_of
from governance.core.errors import Invalid

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Renaming:
    """What becomes of a file's columns.

    `incoming` is stored name to name in the file. Without an output_id rows are numbered behind
    `prefix`; without an occurred_at all rows get `moment`.
    """

    incoming: Mapping[str, str]
    prefix: str
    moment: str = ""

    @property
    def numbered(self) -> bool:
        return "output_id" not in self.incoming

    @property
    def dated(self) -> bool:
        return "occurred_at" not in self.incoming and bool(self.moment)

    def check(self, names: list[str]) -> None:
        """Refuse a file that lacks a column, by its name in the file."""
        missing = [name for name in self.incoming.values() if name not in names]
        if missing:
            raise Invalid(
                f"The file has no column {missing[0]!r}; found were {', '.join(names)[:500]}."
            )

    def added(self) -> list[str]:
        return ["output_id"] * self.numbered + ["occurred_at"] * self.dated

    def values(self, number: int) -> list[str]:
        """What the added columns hold in a row."""
        return [f"{self.prefix}-{number}"] * self.numbered + [self.moment] * self.dated


def rename_columns(data: Path, kind: str, target: Path, renaming: Renaming) -> str:
    """Write `data` to `target` under the stored names; return the media type of what was written.

    Raises `Invalid` with one sentence when the file does not have the columns.
    """
    if kind == CSV:
        _csv(data, target, renaming)
        return CSV
    if kind == JSON_LINES:
        _json_lines(data, target, renaming)
        return JSON_LINES
    _arrow(batches_of(data, kind), target, renaming)
    return ARROW


def _csv(data: Path, target: Path, renaming: Renaming) -> None:
    with (
        data.open(encoding="utf-8-sig", newline="") as file,
        target.open("w", encoding="utf-8", newline="") as out,
    ):
        records = records_of(file)
        header = next(records)
        renaming.check(header)
        places = [header.index(name) for name in renaming.incoming.values()]
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow([*renaming.incoming, *renaming.added()])
        number = 0
        for row in records:
            if not row:
                continue
            number += 1
            if len(row) != len(header):
                raise Invalid(
                    f"Row {number:,} has {len(row)} values, the first line names {len(header)} "
                    "columns."
                )
            writer.writerow([*(row[place] for place in places), *renaming.values(number)])


def _json_lines(data: Path, target: Path, renaming: Renaming) -> None:
    with data.open(encoding="utf-8-sig") as file, target.open("w", encoding="utf-8") as out:
        seen: set[str] = set()
        added = renaming.added()
        for number, found in enumerate(objects_of(file), start=1):
            seen |= found.keys()
            row = {name: found.get(sent) for name, sent in renaming.incoming.items()}
            row |= dict(zip(added, renaming.values(number), strict=True))
            out.write(json.dumps(row) + "\n")
        renaming.check(sorted(seen))


def _arrow(batches: Iterator[pa.RecordBatch], target: Path, renaming: Renaming) -> None:
    import pyarrow as pa

    writer: pa.ipc.RecordBatchStreamWriter | None = None
    number = 0
    with pa.OSFile(str(target), "wb") as sink:
        try:
            for batch in batches:
                renaming.check(batch.schema.names)
                columns = {
                    name: batch.column(batch.schema.get_field_index(sent))
                    for name, sent in renaming.incoming.items()
                }
                rows = [renaming.values(number + place + 1) for place in range(batch.num_rows)]
                for place, name in enumerate(renaming.added()):
                    columns[name] = pa.array([row[place] for row in rows], pa.string())
                number += batch.num_rows
                made = pa.RecordBatch.from_pydict(columns)
                if writer is None:
                    writer = pa.ipc.new_stream(sink, made.schema)
                writer.write_batch(made)
        finally:
            if writer is not None:
                writer.close()
    if writer is None:
        raise Invalid("The file holds no row.")
