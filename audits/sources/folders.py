"""Sources that are files: a file, a folder or a glob below an allowed root, on a locked DuckDB.

Which folders are open is decided in `reach`; objects of a bucket come here once fetched.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from audits.sources.files import engine_errors
from audits.sources.formats import called, check_content, format_of, scan_of
from audits.sources.locations import FilesLocation
from audits.sources.lockdown import locked_duckdb
from audits.sources.marks import Mark, digest_of
from audits.sources.reach import files_below_roots
from audits.sources.reading import Place
from governance.core.errors import Invalid
from methods.errors import BadInput

if TYPE_CHECKING:
    import ibis

ARROW_SUFFIXES = (".arrow", ".arrows", ".feather")


@contextmanager
def open_folder(location: FilesLocation) -> Iterator[Place]:
    """Open the files of a location as one table."""
    with open_files(files_below_roots(location.path)) as place:
        yield place


@contextmanager
def open_files(files: Sequence[Path]) -> Iterator[Place]:
    """Open files as one table; on leaving, refuse what was read from files that changed.

    Raises
    ------
    Invalid : with one sentence, when a file is not what its name says, cannot be read or changed
    """
    marks = [Mark.of(file) for file in files]
    with tempfile.TemporaryDirectory(prefix="tactful-decoded-") as folder, _one_sentence():
        readable, kind = _readable(files, Path(folder))
        try:
            with locked_duckdb(readable) as backend, engine_errors(files):
                backend.raw_sql(f"CREATE VIEW audited AS SELECT * FROM {scan_of(readable, kind)}")
                yield Place(
                    table=backend.table("audited"),
                    interrupt=backend.con.interrupt,
                    measure=lambda part: (_rows(part), digest_of(marks)),
                )
        except Exception:
            # What stumbles over a file being written says what it stumbled over; that the file
            # changed is the truer sentence.
            _check(marks)
            raise
        _check(marks)


def _readable(files: Sequence[Path], folder: Path) -> tuple[list[Path], str]:
    """Return files the engine reads, and their kind; Arrow is decoded to Parquet on the way."""
    arrow = [file for file in files if file.suffix.lower() in ARROW_SUFFIXES]
    if not arrow:
        kind = format_of(files)
        for file in files:
            check_content(file, kind)
        return list(files), kind
    if len(arrow) < len(files):
        raise Invalid("The files are of several kinds; one source reads one kind.")
    from audits.sources.decoding import decode_as_parquet

    decoded = [folder / f"{place}.parquet" for place in range(len(files))]
    for file, target in zip(files, decoded, strict=True):
        decode_as_parquet(file, target, called=called([file]))
    return decoded, "parquet"


def _check(marks: Sequence[Mark]) -> None:
    for mark in marks:
        mark.check()


def _rows(part: ibis.Table) -> int:
    return int(part.count().execute())


@contextmanager
def _one_sentence() -> Iterator[None]:
    try:
        yield
    except BadInput as problem:
        raise Invalid(str(problem)) from None
