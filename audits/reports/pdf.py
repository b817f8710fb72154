"""A report's content as a tagged PDF: what is printed of it, and how its drawings are described.

How a document is set stands in `typesetting`.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from audits.reports.content import Content, Table
from audits.reports.html import group_rows, proof_facts
from audits.reports.typesetting import set_pdf, without_controls
from governance.charts import Drawn
from governance.charts.svg import FONT

TEMPLATE = Path(__file__).with_name("report.typ")
MEASUREMENTS = 120
ROWS = 60
CHARTS = 12
POINTS_PER_MM = 720 / 170  # a chart of 720 units fills the width of the page


def report_pdf(content: Content) -> bytes:
    """Return the PDF."""
    files = {}
    charts = []
    for at, drawn in enumerate(content.charts[:CHARTS]):
        name = f"chart-{at}.svg"
        files[name] = _printed(drawn).encode()
        charts.append({"file": name, **_described(drawn)})
    return set_pdf(TEMPLATE, _data(content, charts), files=files)


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
    return without_controls(drawn.svg.replace(FONT, "Libertinus Serif"))
