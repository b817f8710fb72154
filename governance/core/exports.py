"""What an export is: named columns, rows that may be many, and what it does not hold. No rows here.

Each room makes its own in `exports.py`; `config.exports` writes them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Cell = str | int | float | bool | list[str] | None

#: Stands where a record that law asks for has a field that nobody keeps in Tactful.
NOT_HELD = "not held in Tactful"


@dataclass(frozen=True)
class Export:
    """Rows under columns, read while they are written; `limits` say what is not in them."""

    title: str
    columns: Sequence[str]
    rows: Iterable[Sequence[Cell]]
    limits: Sequence[str] = ()
