"""A report's content as one page that stands alone: drawings inline, no script, ready to print.

Says nothing of its own; every word comes from the content.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

from audits.reports.content import Content, Table
from audits.reports.groups import Figure, GroupTable
from governance.charts import Drawn
from governance.charts.figures import count, interval

STYLE = Path(__file__).with_name("report.css")


def report_html(content: Content) -> str:
    """Return a whole HTML document."""
    title, style = escape(content.title), STYLE.read_text("utf-8")
    body = "\n".join(part for part in _parts(content) if part)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{style}</style></head>\n"
        f"<body><main>\n{body}\n</main></body></html>\n"
    )


def _parts(content: Content) -> list[str]:
    return [
        f"<h1>{escape(content.title)}</h1>",
        f'<p class="quiet">{escape(content.subtitle)}</p>',
        f'<p class="verdict {escape(content.verdict)}">{escape(content.headline)}</p>',
        f'<p class="sentence">{escape(content.sentence)}</p>',
        _listed("Read this first", content.warnings, css="warning"),
        _listed("", content.judged),
        *(_chart(one) for one in content.charts),
        *(_table(group_rows(one)) for one in content.groups),
        _listed("Findings", content.findings),
        _listed("What this does not show", content.limits),
        _table(content.measurements),
        *(_table(one) for one in content.tables),
        _facts("Origin", content.origin),
        _proof(content),
    ]


def _listed(title: str, items: Sequence[str], css: str = "") -> str:
    if not items:
        return ""
    head = f"<h2>{escape(title)}</h2>" if title else ""
    body = "".join(f"<li>{escape(item)}</li>" for item in items)
    return f'<section class="{css}">{head}<ul>{body}</ul></section>'


def _chart(drawn: Drawn) -> str:
    """The drawing, and its figures as a table for whoever does not see it."""
    note = f'<p class="quiet">{escape(drawn.note)}</p>' if drawn.note else ""
    twin = _rows(f"{drawn.title}, as a table", drawn.columns, drawn.rows, ())
    return (
        f'<section class="chart-part"><h2>{escape(drawn.title)}</h2>'
        f'<div class="wide" tabindex="0" role="region" aria-label="{escape(drawn.title)}, drawn">'
        f"{drawn.svg}</div>{note}"
        f"<details><summary>The same as a table</summary>{twin}</details></section>"
    )


def group_rows(table: GroupTable) -> Table:
    """Return a group table as texts; a contrast that nothing was measured for has no column."""
    contrasts = [
        (title, name)
        for title, name, shown in (
            ("Difference to", "difference", table.has_difference),
            ("Ratio to", "ratio", table.has_ratio),
        )
        if shown
    ]
    head = [
        "Group",
        table.unit.capitalize(),
        "Value (interval)",
        *(f"{title} {table.reference}" for title, _ in contrasts),
        "Verdict",
    ]
    rows = []
    for row in table.rows:
        if row.hidden:
            rows.append((row.label, "hidden", row.hidden, *[""] * (len(contrasts) + 1)))
            continue
        figures = ["reference"] * len(contrasts)
        if not row.is_reference:
            figures = [figure_words(getattr(row, name)) for _, name in contrasts]
        verdict = (row.verdict or "").replace("_", " ")
        rows.append((row.label, count(row.n), figure_words(row.rate), *figures, verdict))
    hidden = f"{table.hidden} of these groups are too small to be shown." if table.hidden else ""
    kinds = (False, *[True] * (len(head) - 2), False)
    return Table(table.title, tuple(head), tuple(rows), kinds, hidden)


def figure_words(figure: Figure | None) -> str:
    return "" if figure is None else interval(figure.value, figure.low, figure.high)


def _table(table: Table) -> str:
    note = f'<p class="quiet">{escape(table.note)}</p>' if table.note else ""
    body = _rows(table.title, table.columns, table.rows, table.figures)
    return f"<section><h2>{escape(table.title)}</h2>{body}{note}</section>"


def _rows(
    title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
    figures: Sequence[bool],
) -> str:
    top = "".join(f'<th scope="col">{escape(name)}</th>' for name in columns)

    def cell(at: int, text: str) -> str:
        css = ' class="num"' if at < len(figures) and figures[at] else ""
        return f"<td{css}>{escape(text)}</td>"

    body = "".join(
        "<tr>" + "".join(cell(at, text) for at, text in enumerate(row)) + "</tr>" for row in rows
    )
    table = f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"
    name = escape(title)
    return f'<div class="wide" tabindex="0" role="region" aria-label="{name}">{table}</div>'


def _facts(title: str, facts: Sequence[tuple[str, str]]) -> str:
    body = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in facts
    )
    return f"<section><h2>{escape(title)}</h2><dl>{body}</dl></section>"


def _proof(content: Content) -> str:
    about = content.about
    if about is None or not about.digest:
        return ""
    return _facts("Where to check this report", proof_facts(content))


def proof_facts(content: Content) -> list[tuple[str, str]]:
    """Return the digest of the report and the ledger's entry that holds it."""
    about = content.about
    if about is None:
        return []
    found = [("SHA-256 of the report as canonical JSON", about.digest)]
    if about.entry:
        found.append(("Ledger entry that holds this digest", about.entry))
    if about.url:
        found.append(("This run", about.url))
    return found
