"""The file formats that audits read: how each is known, what its first bytes must look like.

Also the engine's words for reading each, with nothing guessed. No file is opened as a table here.
"""

import csv
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from audits.sources.lockdown import quoted, quoted_list
from methods.errors import BadInput

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
_SAMPLE = 65_536  # bytes of a file that its kind is judged by
COMPRESSED = (
    "a zip archive or a spreadsheet",
    "a gzip archive",
    "a bzip2 archive",
    "a zstd archive",
)
COLUMNS_AT_MOST = 2_000
HEADER_AT_MOST = 1024 * 1024  # characters


def scan_of(files: Sequence[Path], kind: str) -> str:
    """Return the engine's table function that reads files of one kind."""
    shape = _shape(files, kind) if kind in ("csv", "tsv") else ""
    return _READERS[kind].format(files=quoted_list(files), shape=shape)


def check_content(file: Path, kind: str) -> None:
    """Refuse a file that is empty, unreadable or not what its name says."""
    try:
        with file.open("rb") as stream:
            start = stream.read(_SAMPLE)
    except OSError as error:
        raise BadInput(f"{file.name} cannot be read: {error.strerror}.") from None
    if not start.strip():
        raise BadInput(f"{file.name} is empty.")
    really = looks_like(start)
    if kind == "parquet":
        if really != _NAMES["parquet"]:
            raise BadInput(f"{file.name} is not a Parquet file: it looks like {really}.")
        return
    if really != "text":
        raise BadInput(f"{file.name} is not {_NAMES[kind]}: it looks like {really}.")
    first = start.decode("utf-8", "replace").lstrip("\ufeff").strip().splitlines()[0]
    whole = b"\n" in start or len(start) < _SAMPLE
    other = _other_text(first, kind, whole)
    if other:
        raise BadInput(f"{file.name} is not {_NAMES[kind]}: it looks like {other}.")


def looks_like(start: bytes) -> str:
    """Return what the first bytes of a file show it to be: 'text', or another kind in words."""
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


def _other_text(first: str, kind: str, whole: bool) -> str | None:
    """Return what the first line shows the text to be, when that is not its kind."""
    is_object = first.startswith("{") and (not whole or _parses(first))
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


def format_of(files: Sequence[Path]) -> str:
    kinds = set()
    for file in files:
        kind = FORMATS.get(file.suffix.lower())
        if kind is None:
            raise BadInput(f"{file.name} does not end in one of {', '.join(FORMATS)}.")
        kinds.add(kind)
    if len(kinds) > 1:
        raise BadInput("The files are of several kinds; one audit reads one kind.")
    return kinds.pop()


def _shape(files: Sequence[Path], kind: str) -> str:
    """Return the separator and the columns of text files, as their first lines say."""
    separator = "\t"
    names: list[str] | None = None
    for file in files:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            line = stream.readline(HEADER_AT_MOST)
            if len(line) == HEADER_AT_MOST:
                raise BadInput(f"The first line of {file.name} is longer than a million signs.")
            if kind == "csv":
                separator = max(",;|", key=line.count)
            stream.seek(0)
            own = next(csv.reader(stream, delimiter=separator), [])
        if len(own) > COLUMNS_AT_MOST:
            raise BadInput(
                f"{file.name} has {len(own):,} columns; {COLUMNS_AT_MOST:,} are read at most."
            )
        own = [name or f"column{place}" for place, name in enumerate(own)]
        if names is not None and own != names:
            raise BadInput(f"{file.name} has other columns than {files[0].name}.")
        names = own
    twice = [name for name, times in Counter(n.lower() for n in names or ()).items() if times > 1]
    if twice:
        raise BadInput(f"{called(files)} has the column {twice[0]!r} more than once.")
    columns = ", ".join(f"{quoted(name)}: 'VARCHAR'" for name in names or ())
    return f"delim={quoted(separator)}, columns={{{columns}}}"


def called(files: Sequence[Path]) -> str:
    """Return how messages name files."""
    more = f" (with {len(files) - 1} more)" if len(files) > 1 else ""
    return f"{files[0].name}{more}"
