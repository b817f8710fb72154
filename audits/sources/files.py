"""Files as audit input: CSV, TSV, Parquet and JSON lines, one file or a glob, on a locked DuckDB.

The engine can read the named files and nothing else. Stored outputs are not opened here.
"""

import csv
import glob
import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from methods.errors import BadInput

if TYPE_CHECKING:
    import duckdb
    import ibis

FORMATS = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".parquet": "parquet",
    ".jsonl": "json",
    ".ndjson": "json",
}
_NAMES = {
    "csv": "comma-separated text",
    "tsv": "tab-separated text",
    "parquet": "a Parquet file",
    "json": "JSON lines",
}
_READERS = {
    # Nothing is guessed: a guessing reader drops lines that do not fit. Every value stays the
    # text that stands in the file: '007' is not the group '7'.
    "csv": "read_csv({files}, auto_detect=false, header=true, {shape}, quote='\"', escape='\"')",
    "tsv": "read_csv({files}, auto_detect=false, header=true, {shape}, quote='\"', escape='\"')",
    "parquet": "read_parquet({files})",
    "json": "read_json({files}, format='newline_delimited', sample_size=-1)",
}
_MAGIC = {
    b"PAR1": "a Parquet file",
    b"PK\x03\x04": "a zip archive or a spreadsheet",
    b"\x1f\x8b": "a gzip archive",
    b"BZh": "a bzip2 archive",
    b"\x28\xb5\x2f\xfd": "a zstd archive",
    b"SQLite format 3": "a SQLite database",
    b"ARROW1": "an Arrow file",
    b"%PDF": "a PDF",
    b"\xd0\xcf\x11\xe0": "an old spreadsheet",
}
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
    import duckdb

    files = find_files(paths)
    kind = _format(files)
    for file in files:
        check_content(file, kind)
    connection = duckdb.connect(":memory:")
    try:
        with engine_errors(files):
            table = _locked_table(connection, files, kind, memory_limit, threads)
            rows = int(table.count().execute())
        if rows == 0:
            raise BadInput(f"{_called(files)} has no rows.")
        inputs = {"rows": rows, "sha256": digest(files)}
        with engine_errors(files):
            yield Source(table, inputs, _warnings(table))
    finally:
        connection.close()


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


def check_content(file: Path, kind: str) -> None:
    """Refuse a file that is empty, unreadable or not what its name says."""
    try:
        with file.open("rb") as stream:
            start = stream.read(65_536)
    except OSError as error:
        raise BadInput(f"{file.name} cannot be read: {error.strerror}.") from None
    if not start.strip():
        raise BadInput(f"{file.name} is empty.")
    really = _really(start)
    if kind == "parquet":
        if really != _NAMES["parquet"]:
            raise BadInput(f"{file.name} is not a Parquet file: it looks like {really}.")
        return
    if really != "text":
        raise BadInput(f"{file.name} is not {_NAMES[kind]}: it looks like {really}.")
    first = start.decode("utf-8", "replace").lstrip("\ufeff").strip().splitlines()[0]
    other = _other_text(first, kind)
    if other:
        raise BadInput(f"{file.name} is not {_NAMES[kind]}: it looks like {other}.")


def _really(start: bytes) -> str:
    for magic, name in _MAGIC.items():
        if start.startswith(magic):
            return name
    if b"\x00" in start:
        return "a binary file"
    try:
        start.decode("utf-8")
    except UnicodeDecodeError as error:
        # The sample may end in the middle of a character.
        if error.start < len(start) - 4:
            return "text that is not UTF-8"
    return "text"


def _other_text(first: str, kind: str) -> str | None:
    """Return what the first line shows the text to be, when that is not its kind."""
    is_object = first.startswith("{") and _parses(first)
    if kind == "json":
        return None if is_object else "a JSON array" if first.startswith("[") else "other text"
    if is_object:
        return _NAMES["json"]
    if first.startswith(("{", "[")):
        return "JSON"
    if first.lower().startswith(("<!doctype", "<html", "<?xml")):
        return "a web page or XML"
    if kind == "csv" and "\t" in first and "," not in first:
        return _NAMES["tsv"]
    if kind == "tsv" and "," in first and "\t" not in first:
        return _NAMES["csv"]
    return None


def _parses(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


def _format(files: Sequence[Path]) -> str:
    kinds = set()
    for file in files:
        kind = FORMATS.get(file.suffix.lower())
        if kind is None:
            raise BadInput(f"{file.name} does not end in one of {', '.join(FORMATS)}.")
        kinds.add(kind)
    if len(kinds) > 1:
        raise BadInput("The files are of several kinds; one audit reads one kind.")
    return kinds.pop()


def _locked_table(
    connection: "duckdb.DuckDBPyConnection",
    files: Sequence[Path],
    kind: str,
    memory_limit: str,
    threads: int | None,
) -> "ibis.Table":
    """Attach Ibis, then take away everything but the named files; the order matters."""
    import ibis

    backend = ibis.duckdb.from_connection(connection)
    shape = _shape(files, kind) if kind in ("csv", "tsv") else ""
    listed = "[" + ", ".join(_quoted(str(file)) for file in files) + "]"
    reader = _READERS[kind].format(files=listed, shape=shape)
    for statement in (
        f"SET memory_limit={_quoted(memory_limit)}",
        f"SET threads={threads}" if threads else "RESET threads",
        "SET enable_progress_bar=false",
        f"SET allowed_paths={listed}",
        "SET enable_external_access=false",
        "SET lock_configuration=true",
        f"CREATE VIEW input AS SELECT * FROM {reader}",
    ):
        connection.execute(statement)
    return backend.table("input")


def _shape(files: Sequence[Path], kind: str) -> str:
    """Return the separator and the columns of text files, as their first lines say."""
    separator = "\t"
    names: list[str] | None = None
    for file in files:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            if kind == "csv":
                line = stream.readline()
                separator = max(",;|", key=line.count)
                stream.seek(0)
            own = next(csv.reader(stream, delimiter=separator), [])
        own = [name or f"column{place}" for place, name in enumerate(own)]
        if names is not None and own != names:
            raise BadInput(f"{file.name} has other columns than {files[0].name}.")
        names = own
    twice = [name for name, times in Counter(n.lower() for n in names or ()).items() if times > 1]
    if twice:
        raise BadInput(f"{_called(files)} has the column {twice[0]!r} more than once.")
    columns = ", ".join(f"{_quoted(name)}: 'VARCHAR'" for name in names or ())
    return f"delim={_quoted(separator)}, columns={{{columns}}}"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


@contextmanager
def engine_errors(files: Sequence[Path]) -> Iterator[None]:
    """Turn what the engine says of unreadable content into one sentence."""
    import duckdb

    try:
        yield
    except duckdb.OutOfMemoryException:
        raise BadInput(f"{_called(files)} needs more memory than the engine may use.") from None
    except duckdb.Error as error:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        reason = lines[0].rstrip(".") if lines else type(error).__name__
        raise BadInput(f"{_called(files)} cannot be read: {reason[:300]}.") from None


def _called(files: Sequence[Path]) -> str:
    more = f" (with {len(files) - 1} more)" if len(files) > 1 else ""
    return f"{files[0].name}{more}"


def _warnings(table: "ibis.Table") -> tuple[str, ...]:
    if len(table.columns) == 1:
        return (f"The data have one column only, {table.columns[0]!r}: is the separator right?",)
    return ()
