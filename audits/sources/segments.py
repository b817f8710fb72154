"""The table a run reads: Parquet segments of one window, joined with their mature outcomes.

DuckDB may open the listed files and nothing else. Which files belong to a run is decided by the
caller.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from audits.sources.lockdown import locked_duckdb, quoted, quoted_list

if TYPE_CHECKING:
    import ibis


@dataclass(frozen=True)
class SegmentSelection:
    """The files of a run and the part of them it may see."""

    outputs: Sequence[Path]
    unversioned: Sequence[Path]  # logs of several versions, told apart by `model_version`
    outcomes: Sequence[Path]
    window_start: datetime
    window_end: datetime
    version: str | None = None
    label_maturity: timedelta = timedelta(0)

    @property
    def files(self) -> list[Path]:
        return [*self.outputs, *self.unversioned, *self.outcomes]


@dataclass(frozen=True)
class OpenTable:
    """A table and the way to stop whatever is being computed on it."""

    table: ibis.Table
    rows: int
    backend: ibis.backends.duckdb.Backend

    @property
    def engine(self) -> str:
        """What a report calls the engine."""
        from methods.run import engine_of

        return engine_of(self.table)

    def interrupt(self) -> None:
        """Stop the running query from another thread."""
        self.backend.con.interrupt()


@contextmanager
def open_segments(selection: SegmentSelection) -> Iterator[OpenTable]:
    """Open the audited table on a DuckDB that can reach nothing but the selected files."""
    with locked_duckdb(selection.files) as backend:
        backend.raw_sql(f"CREATE VIEW audited AS {_query(backend, selection)}")
        table = backend.table("audited")
        ((rows,),) = backend.raw_sql("SELECT count(*) FROM audited").fetchall()
        yield OpenTable(table, rows, backend)


def _query(backend: ibis.backends.duckdb.Backend, selection: SegmentSelection) -> str:
    parts = []
    if selection.outputs:
        parts.append(f"SELECT * FROM {_scan(selection.outputs)}")
    if selection.unversioned:
        filtered = (
            ""
            if selection.version is None
            else f" WHERE model_version = {quoted(selection.version)}"
        )
        parts.append(f"SELECT * FROM {_scan(selection.unversioned)}{filtered}")
    outputs = " UNION ALL BY NAME ".join(parts)
    window = (
        f"SELECT * FROM ({outputs}) "
        f"WHERE occurred_at >= TIMESTAMPTZ {quoted(selection.window_start.isoformat())} "
        f"AND occurred_at < TIMESTAMPTZ {quoted(selection.window_end.isoformat())}"
    )
    if not selection.outcomes:
        return window
    mature = ""
    if selection.label_maturity:
        microseconds = selection.label_maturity // timedelta(microseconds=1)
        mature = f"WHERE outcome.observed_at <= shown.occurred_at + to_microseconds({microseconds})"
    described = backend.raw_sql(f"DESCRIBE {outputs}").fetchall()
    labelled = {"y_true", "observed_at"} & {str(row[0]) for row in described}
    own = {name: f"coalesce(label.{name}, shown.{name}) AS {name}" for name in labelled}
    replaced = f" REPLACE ({', '.join(own.values())})" if own else ""
    added = "".join(f", label.{name}" for name in ("y_true", "observed_at") if name not in labelled)
    shown = f"shown.*{replaced}"
    return (
        f"WITH shown AS ({window}), label AS (SELECT outcome.output_id, "
        "arg_max(outcome.y_true, outcome.observed_at) AS y_true, "
        "max(outcome.observed_at) AS observed_at "
        f"FROM {_scan(selection.outcomes)} AS outcome JOIN shown USING (output_id) {mature} "
        f"GROUP BY outcome.output_id) "
        f"SELECT {shown}{added} FROM shown LEFT JOIN label USING (output_id)"
    )


def _scan(files: Sequence[Path]) -> str:
    return f"read_parquet({quoted_list(files)}, union_by_name = true)"
