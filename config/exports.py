"""The kinds of export and the formats they are written in. What is in them: `exports` of a room."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from html import escape
from typing import Final, TextIO

from consent.exports import consent
from governance.core.exports import Cell, Export
from governance.registry.exports import inventory, record_of_processing
from governance.reviews.exports import evidence, model_cards, system_cards

KINDS: Final[dict[str, Callable[[], Export]]] = {
    "ropa": record_of_processing,
    "inventory": inventory,
    "evidence": evidence,
    "model-card": model_cards,
    "system-card": system_cards,
    "consent": consent,
}


class _Counted:
    """Rows as they pass by."""

    def __init__(self, export: Export) -> None:
        self.export, self.count = export, 0

    def __iter__(self) -> Iterator[Sequence[Cell]]:
        for row in self.export.rows:
            self.count += 1
            yield row


def _text(cell: Cell) -> str:
    if isinstance(cell, list):
        return "; ".join(cell)
    if isinstance(cell, bool):
        return str(cell).lower()
    return "" if cell is None else str(cell)


def _csv_text(cell: Cell) -> str:
    """A spreadsheet takes a text that begins like this for a formula; what people wrote is none."""
    text = _text(cell)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def _write_json(export: Export, rows: _Counted, now: datetime, out: TextIO) -> None:
    head = {"title": export.title, "made_at": now.isoformat(), "limits": list(export.limits)}
    out.write(json.dumps(head, ensure_ascii=False)[:-1] + ', "rows": [')
    for number, row in enumerate(rows):
        named = dict(zip(export.columns, row, strict=True))
        out.write((",\n" if number else "\n") + json.dumps(named, ensure_ascii=False))
    out.write("\n]}\n")


def _write_csv(export: Export, rows: _Counted, now: datetime, out: TextIO) -> None:
    writer = csv.writer(out)
    writer.writerow(export.columns)
    writer.writerows([_csv_text(cell) for cell in row] for row in rows)


def _write_html(export: Export, rows: _Counted, now: datetime, out: TextIO) -> None:
    title = escape(export.title)
    out.write(
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        "<style>body{font:1rem/1.4 sans-serif;margin:2rem}table{border-collapse:collapse}"
        "th,td{border:1px solid #888;padding:.3rem .5rem;text-align:left;vertical-align:top}"
        f"</style></head>\n<body><h1>{title}</h1>\n"
        f"<p>Made at {escape(now.isoformat(timespec='seconds'))}.</p>\n<ul>"
    )
    out.writelines(f"<li>{escape(each)}</li>" for each in export.limits)
    out.write("</ul>\n<table><thead><tr>")
    out.writelines(f'<th scope="col">{escape(name)}</th>' for name in export.columns)
    out.write("</tr></thead><tbody>\n")
    for row in rows:
        cells = "".join(f"<td>{escape(_text(cell))}</td>" for cell in row)
        out.write(f"<tr>{cells}</tr>\n")
    out.write("</tbody></table></body></html>\n")


FORMATS: Final[dict[str, Callable[[Export, _Counted, datetime, TextIO], None]]] = {
    "json": _write_json,
    "csv": _write_csv,
    "html": _write_html,
}


def write_export(*, kind: str, format: str, now: datetime, out: TextIO) -> int:  # noqa: A002
    """Write an export row by row; return how many rows it has."""
    export = KINDS[kind]()
    rows = _Counted(export)
    FORMATS[format](export, rows, now, out)
    return rows.count
