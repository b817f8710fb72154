"""Files as input of one audit by hand: one file, several or a glob, on a locked DuckDB.

The engine can read the named files and nothing else. Stored outputs are not opened here, nor
folders of a source that is watched.
"""

import glob
import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audits.sources.formats import called, check_content, format_of, scan_of
from audits.sources.lockdown import locked_duckdb
from methods.errors import BadInput

if TYPE_CHECKING:
    import ibis

MEMORY_LIMIT = "4GB"


@dataclass(frozen=True)
class Source:
    """An opened input: its Ibis table, what a report says of it, and warnings in words."""

    table: "ibis.Table"
    inputs: dict[str, Any]
    warnings: tuple[str, ...] = field(default=())


@contextmanager
def open_source(
    paths: str | Path | Sequence[str | Path],
    *,
    memory_limit: str = MEMORY_LIMIT,
    threads: int | None = None,
) -> Iterator[Source]:
    """Open a file, a glob or several files as one Ibis table; closed on leaving.

    Raises
    ------
    BadInput : when nothing is there, a file is empty or is not what its name says, or the engine
        cannot read it; also for what the engine finds only while the audit reads
    """
    files = find_files(paths)
    kind = format_of(files)
    for file in files:
        check_content(file, kind)
    with locked_duckdb(files, memory_limit, threads) as backend, engine_errors(files):
        backend.raw_sql(f"CREATE VIEW input AS SELECT * FROM {scan_of(files, kind)}")
        table = backend.table("input")
        rows = int(table.count().execute())
        if rows == 0:
            raise BadInput(f"{called(files)} has no rows.")
        yield Source(table, {"rows": rows, "sha256": digest(files)}, _warnings(table))


open_files = open_source


def find_files(paths: str | Path | Sequence[str | Path]) -> list[Path]:
    """Return the files named, globs expanded, sorted and each once."""
    given = [paths] if isinstance(paths, (str, Path)) else list(paths)
    found: set[Path] = set()
    for each in given:
        text = str(each)
        # A file whose name looks like a pattern is still that file.
        matches = [text] if Path(text).exists() else glob.glob(text, recursive=True)  # noqa: PTH207 (an absolute pattern too)
        if not matches:
            raise BadInput(f"There is no file {text!r}.")
        found |= {Path(match).resolve() for match in matches if not Path(match).is_dir()}
        if not found:
            raise BadInput(
                f"{text!r} is a folder: name a file, or a pattern such as '{text}/*.csv'."
            )
    return sorted(found)


def digest(files: Sequence[Path]) -> str:
    """Return the sha256 of one file, or of the sorted `digest  name` lines of several."""
    sums = []
    for file in files:
        with file.open("rb") as stream:
            sums.append(hashlib.file_digest(stream, "sha256").hexdigest())
    if len(files) == 1:
        return sums[0]
    lines = sorted(f"{value}  {file.name}\n" for value, file in zip(sums, files, strict=True))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


@contextmanager
def engine_errors(files: Sequence[Path]) -> Iterator[None]:
    """Turn what the engine says of unreadable content into one sentence."""
    import duckdb

    try:
        yield
    except duckdb.InterruptException:
        raise  # who interrupted knows why
    except duckdb.OutOfMemoryException:
        raise BadInput(f"{called(files)} needs more memory than the engine may use.") from None
    except duckdb.Error as error:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        reason = lines[0].rstrip(".") if lines else type(error).__name__
        raise BadInput(f"{called(files)} cannot be read: {reason[:300]}.") from None


def _warnings(table: "ibis.Table") -> tuple[str, ...]:
    if len(table.columns) == 1:
        return (f"The data have one column only, {table.columns[0]!r}: is the separator right?",)
    return ()
