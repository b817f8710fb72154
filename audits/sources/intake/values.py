"""Reads (subject, value) out of a file for the vault; subjects become pseudonyms on the way."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from consent.identity import pseudonym_of
from governance.core.errors import Invalid

if TYPE_CHECKING:
    import pyarrow as pa

LONGEST_VALUE = 200
LARGEST_ROWS = 5_000_000
MOST_VALUES = 100  # an attribute has groups; a column of names or dates is something else


def write_values(
    batches: Iterable[pa.RecordBatch], target: Path, column: str, pepper: bytes
) -> int:
    """Write one line `[pseudonym, value]` a person; rows without a value are left out.

    The values stand in the column `value`, or in one named as the attribute is.
    """
    seen: set[str] = set()
    kinds: set[str] = set()
    number = 0
    with target.open("w", encoding="utf-8") as out:
        for batch in batches:
            subjects, values = _texts(batch, column)
            for subject, value in zip(subjects, values, strict=True):
                number += 1
                text = (value or "").strip()
                if not text:
                    continue
                if not subject:
                    raise Invalid(f"Row {number:,} of the file has a value but no subject.")
                if len(text) > LONGEST_VALUE:
                    raise Invalid(f"The value of row {number:,} has more than 200 signs.")
                name = pseudonym_of(pepper, subject)
                if name in seen:
                    raise Invalid(f"The subject of row {number:,} comes twice in the file.")
                seen.add(name)
                kinds.add(text)
                out.write(json.dumps([name, text]) + "\n")
            _check(len(seen), len(kinds))
    if not seen:
        raise Invalid("The file holds no value.")
    return len(seen)


def _check(people: int, kinds: int) -> None:
    if people > LARGEST_ROWS:
        raise Invalid(f"More than {LARGEST_ROWS:,} people came at once: send smaller parts.")
    if kinds > MOST_VALUES:
        raise Invalid(
            f"The file has {kinds:,} different values or more; an attribute has {MOST_VALUES} at "
            "most: group them first (ages into bands, places into regions)."
        )


def _texts(batch: pa.RecordBatch, column: str) -> tuple[list[str | None], list[str | None]]:
    import pyarrow as pa

    names = batch.schema.names
    value = "value" if "value" in names else column
    if "subject" not in names or value not in names:
        raise Invalid(
            f"The file must have the columns subject and value, found were {', '.join(names)}."
        )
    try:
        subjects, values = (_text(batch.column(names.index(name))) for name in ("subject", value))
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        raise Invalid("Subjects and values are texts, numbers or yes and no.") from None
    return subjects, values


def _text(column: pa.Array) -> list[str | None]:
    import pyarrow as pa

    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    texts: list[str | None] = column.cast(pa.string()).to_pylist()
    return texts
