"""What a file's columns hold, told as plain data: types, distinct values, gaps, first rows.

Looks at the first rows only and says so; what the columns mean is suggested elsewhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

LOOKED_AT = 200_000
SHOWN = 8
LISTED = 20
LONGEST_CELL = 80
DISTINCT_AT_MOST = 200_000
ZONED = r"(?i)^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?\s?(Z|UTC|[+-]\d{2}:?\d{2})$"
DATED = r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}.*)?$"
NUMBER = r"^-?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$"
MARKS = {"0", "1", "true", "false"}


@dataclass
class ColumnProfile:
    """One column of the looked-at rows."""

    name: str
    kind: str  # a word of `_WORDS`, or nothing
    missing: float
    distinct: int
    values: list[tuple[str, int]] = field(default_factory=list)  # when there are few
    marks: bool = False  # every value is 0 or 1, true or false
    smallest: str = ""
    largest: str = ""


@dataclass
class FileProfile:
    """The looked-at rows of a file."""

    rows: int
    whole: bool
    columns: list[ColumnProfile]
    first: list[list[str]]

    def column(self, name: str) -> ColumnProfile | None:
        return next((one for one in self.columns if one.name == name), None)

    def as_plain(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_plain(cls, given: dict[str, Any]) -> FileProfile:
        columns = [
            ColumnProfile(**{**one, "values": [(str(a), int(n)) for a, n in one["values"]]})
            for one in given["columns"]
        ]
        return cls(given["rows"], given["whole"], columns, given["first"])


class _Seen:
    """What has been seen of one column so far."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.overflow = 0
        self.missing = 0
        self.types: set[str] = set()


def profile_of(batches: Iterable[pa.RecordBatch], looked_at: int = LOOKED_AT) -> FileProfile:
    """Return the profile of the first rows."""
    seen: dict[str, _Seen] = {}
    first: list[list[str]] = []
    rows, whole = 0, True
    for part in batches:
        room = looked_at - rows
        if part.num_rows > room:
            whole = False
            if not room:
                break
        batch = part.slice(0, room)
        for name in batch.schema.names:
            kept = seen.setdefault(name, _new(rows))
            _look(batch.column(batch.schema.get_field_index(name)), kept)
        for name in set(seen) - set(batch.schema.names):
            seen[name].missing += batch.num_rows
        if len(first) < SHOWN:
            first += _rows(batch, list(seen), SHOWN - len(first))
        rows += batch.num_rows
        if not whole:
            break
    width = len(seen)
    padded = [row + [""] * (width - len(row)) for row in first]
    return FileProfile(
        rows, whole, [_column(name, one, rows) for name, one in seen.items()], padded
    )


def _new(rows: int) -> _Seen:
    made = _Seen()
    made.missing = rows
    return made


def _look(column: pa.Array, seen: _Seen) -> None:
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.dictionary_decode()
        kind = column.type
    seen.missing += column.null_count
    if pa.types.is_nested(kind):
        seen.types.add("lists")
        return
    if pa.types.is_timestamp(kind):
        seen.types.add("zoned" if kind.tz else "unzoned")
    elif pa.types.is_date(kind):
        seen.types.add("date")
    elif pa.types.is_boolean(kind):
        seen.types.add("flag")
    elif pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        seen.types.add("number")
    try:
        texts = column.cast(pa.string()).drop_null()
    except pa.ArrowException:  # bytes that are no text, spans of time
        seen.types.add("lists")
        return
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        seen.types |= _text_types(texts)
    for pair in pc.value_counts(texts):
        value, count = pair["values"].as_py(), pair["counts"].as_py()
        if value in seen.counts or len(seen.counts) < DISTINCT_AT_MOST:
            seen.counts[value] += count
        else:
            seen.overflow += 1


def _text_types(texts: pa.Array) -> set[str]:
    import pyarrow.compute as pc

    if not len(texts):
        return set()
    for word, pattern in (("zoned", ZONED), ("number", NUMBER), ("dates", DATED)):
        if pc.all(pc.match_substring_regex(texts, pattern)).as_py():
            if word != "dates":
                return {word}
            longest = pc.max(pc.utf8_length(texts)).as_py()
            return {"date" if longest == 10 else "unzoned"}
    return {"text"}


def _rows(batch: pa.RecordBatch, names: list[str], count: int) -> list[list[str]]:
    rows = batch.slice(0, count).to_pylist()
    return [[_cell(row.get(name)) for name in names] for row in rows]


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return text if len(text) <= LONGEST_CELL else text[: LONGEST_CELL - 1] + "…"


_WORDS = {
    "zoned": "time with zone",
    "unzoned": "time without zone",
    "date": "date",
    "number": "number",
    "flag": "yes or no",
    "lists": "no plain values",
    "text": "text",
}


def _column(name: str, seen: _Seen, rows: int) -> ColumnProfile:
    distinct = len(seen.counts) + seen.overflow
    known = next(iter(seen.types)) if len(seen.types) == 1 else "text"
    few = len(seen.counts) <= LISTED and not seen.overflow
    ordered = sorted(seen.counts)
    return ColumnProfile(
        name=name,
        kind=_WORDS[known] if distinct or seen.types else "nothing",
        missing=seen.missing / rows if rows else 0.0,
        distinct=distinct,
        values=[(_cell(value), count) for value, count in seen.counts.most_common()] if few else [],
        marks=bool(seen.counts) and {one.lower() for one in seen.counts} <= MARKS,
        smallest=_cell(ordered[0]) if ordered else "",
        largest=_cell(ordered[-1]) if ordered else "",
    )
