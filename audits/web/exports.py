"""Measurements and findings as CSV; a cell that could run as a formula is made a text."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from audits.models import Finding

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
FINDING_COLUMNS = (
    "id",
    "found_at",
    "system",
    "version",
    "plan",
    "window_start",
    "window_end",
    "metric",
    "slice",
    "value",
    "low",
    "high",
    "n",
    "unit",
    "limit",
    "severity",
    "state",
    "owner",
    "due",
    "note",
    "sentence",
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


def findings_csv(findings: Iterable[Finding]) -> str:
    """Return one row a finding."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(FINDING_COLUMNS)
    for one in findings:
        row = (
            one.pk,
            one.created_at.isoformat(),
            one.plan.system.key,
            one.run.version.key if one.run.version else "",
            one.plan.key,
            one.run.window_start.isoformat(),
            one.run.window_end.isoformat(),
            one.metric,
            _group(one.slice),
            one.value,
            one.low,
            one.high,
            one.n,
            one.unit,
            f"{one.threshold_op} {one.threshold_value:g}",
            one.severity,
            one.state,
            one.owner.email if one.owner else "",
            one.due_at.date().isoformat() if one.due_at else "",
            one.note,
            one.sentence,
        )
        writer.writerow([safe_cell(part) for part in row])
    return out.getvalue()


def _group(columns: dict[str, str]) -> str:
    return ", ".join(f"{column}={value}" for column, value in columns.items())


def _comparison(comparison: dict[str, Any] | None) -> str:
    if comparison is None:
        return ""
    of, to = _group(comparison["of"]), _group(comparison["to"])
    return f"{comparison['kind']} of {of or 'everyone'} to {to or 'everyone'}"
