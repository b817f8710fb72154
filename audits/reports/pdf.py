"""A report's content as a tagged PDF (PDF/UA-1), the same bytes for the same content.

Set by typst with the fonts of its own wheel, so no font of the machine changes a page.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from audits.reports.content import Content, Table
from audits.reports.html import group_rows, proof_facts
from governance.charts import Drawn
from governance.charts.svg import FONT

TEMPLATE = Path(__file__).with_name("report.typ")
STANDARD = "ua-1"
UNWRITTEN = (
    "Some names are written in a script that the fonts of this print may not hold: the HTML report "
    "shows them whole."
)
MEASUREMENTS = 120
ROWS = 60
CHARTS = 12
POINTS_PER_MM = 720 / 170  # a chart of 720 units fills the width of the page
# Nothing invisible or unassigned may break a page: control characters are left out.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def report_pdf(content: Content) -> bytes:
    """Return the PDF."""
    import typst

    files = {"main": TEMPLATE.read_bytes()}
    charts = []
    for at, drawn in enumerate(content.charts[:CHARTS]):
        name = f"chart-{at}.svg"
        files[name] = _printed(drawn).encode()
        charts.append({"file": name, **_described(drawn)})
    data = _clean(_data(content, charts))
    try:
        return _set(files, data, ignore_system_fonts=True, pdf_standards=STANDARD)
    except typst.TypstError as problem:
        if "could not be displayed" not in str(problem):
            raise
    # A script the wheel's fonts do not write: the machine's fonts may, and the reader is told.
    data["warnings"] = [*data["warnings"], UNWRITTEN]
    try:
        return _set(files, data, ignore_system_fonts=False, pdf_standards=STANDARD)
    except typst.TypstError:
        return _set(files, data, ignore_system_fonts=False)


def _set(files: Mapping[str, bytes], data: Mapping[str, Any], **chosen: Any) -> bytes:
    import typst

    whole = {**files, "report.json": json.dumps(data).encode()}
    made: bytes = typst.compile(whole, format="pdf", timestamp=0, **chosen)
    return made


def _data(content: Content, charts: list[dict[str, Any]]) -> dict[str, Any]:
    about = content.about
    digest = f"; report {about.digest[:16]}" if about and about.digest else ""
    return {
        "language": "en",
        "title": content.title,
        "subtitle": content.subtitle,
        "footer": f"Tactful{digest}",
        "verdict": content.verdict,
        "headline": content.headline,
        "sentence": content.sentence,
        "warnings": content.warnings,
        "judged": content.judged,
        "charts": charts,
        "groups": [_grid(group_rows(one), ROWS) for one in content.groups],
        "findings": content.findings,
        "limits": content.limits,
        "tables": [
            *(_grid(one, ROWS) for one in content.tables),
            _grid(content.measurements, MEASUREMENTS),
        ],
        "origin": content.origin,
        "proof": proof_facts(content),
    }


def _grid(table: Table, most: int) -> dict[str, Any]:
    left = len(table.rows) - most
    note = f"{left:,} more rows stand in the JSON report." if left > 0 else table.note
    return {
        "title": table.title,
        "columns": table.columns,
        "figures": table.figures,
        "rows": [list(row) for row in table.rows[:most]],
        "note": note,
    }


def _described(drawn: Drawn) -> dict[str, Any]:
    """What stands around a drawing; whoever does not see it hears its figures."""
    told = "; ".join(", ".join(part for part in row if part) for row in drawn.rows)
    width = re.search(r'viewBox="0 0 ([\d.]+) ', drawn.svg)
    return {
        "title": drawn.title,
        "alt": f"{drawn.title}. {', '.join(drawn.columns)}: {told}",
        "note": drawn.note,
        "width": float(width.group(1) if width else 720) / POINTS_PER_MM,
    }


def _printed(drawn: Drawn) -> str:
    """The drawing in the font of the page; the screen's font is not in the wheel."""
    return _CONTROL.sub(" ", drawn.svg.replace(FONT, "Libertinus Serif"))


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return _CONTROL.sub(" ", value)
    if isinstance(value, dict):
        return {key: _clean(part) for key, part in value.items()}
    if isinstance(value, Sequence):
        return [_clean(part) for part in value]
    return value
