"""Measurements as CSV; a cell that a spreadsheet would take for a formula is made a text."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

COLUMNS = (
    "metric",
    "definition",
    "slice",
    "comparison",
    "value",
    "low",
    "high",
    "level",
    "interval",
    "n",
    "unit",
    "limit",
    "verdict",
    "missing_units",
    "note",
)
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def safe_cell(value: object) -> str | int | float:
    """Return the cell; numbers stay numbers, a text that could be a formula gets an apostrophe."""
    if value is None:
        return ""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    text = str(value)
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA_STARTS) else text


def measurements_csv(measurements: Sequence[dict[str, Any]]) -> str:
    """Return one row a measurement."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for one in measurements:
        threshold, missing = one["threshold"], one["missing"]
        flat = {
            **one,
            "slice": _group(one["slice"]),
            "comparison": _comparison(one["comparison"]),
            "limit": f"{threshold['op']} {threshold['value']:g}" if threshold else "",
            "missing_units": missing["units"] if missing else "",
        }
        writer.writerow([safe_cell(flat[name]) for name in COLUMNS])
    return out.getvalue()


def _group(columns: dict[str, str]) -> str:
    return ", ".join(f"{column}={value}" for column, value in columns.items())


def _comparison(comparison: dict[str, Any] | None) -> str:
    if comparison is None:
        return ""
    of, to = _group(comparison["of"]), _group(comparison["to"])
    return f"{comparison['kind']} of {of or 'everyone'} to {to or 'everyone'}"
