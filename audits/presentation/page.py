"""A report as one self-contained HTML page: drawings inline, no script, no request elsewhere."""

from collections.abc import Iterable, Sequence
from html import escape

from audits.presentation.plain import cell, figure
from governance.charts import ForestRow, Limit, forest_plot
from methods.report import Chart, Measurement, Report
from methods.sentences import verdict_sentence

FOREST_ROWS = 40
MEASUREMENTS_SHOWN = 500

_STYLE = """
:root { color-scheme: light dark; --ink: #1d2733; --quiet: #5b6876; --line: #dde3ea;
  --paper: #fff; --pass: #1a7f4b; --fail: #c0262d; --open: #95650a; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6ebf0; --quiet: #9aa7b4; --line: #33404d;
  --paper: #141a20; --pass: #4cc38a; --fail: #ff8080; --open: #e3b341; } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  max-width: 68rem; margin: 2rem auto; padding: 0 1rem; }
h1 { margin: 0 0 .25rem; } h2 { margin: 2rem 0 .5rem; } .quiet { color: var(--quiet); }
.verdict { font-weight: 700; font-size: 1.25rem; } .pass { color: var(--pass); }
.fail { color: var(--fail); } .inconclusive, .not_applicable { color: var(--open); }
.wide { overflow-x: auto; } svg { max-width: 100%; height: auto; color: var(--ink); }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .9rem; }
th, td { text-align: left; padding: .3rem .75rem .3rem 0; border-bottom: 1px solid var(--line);
  vertical-align: top; } code { overflow-wrap: anywhere; }
""".strip()


def report_page(report: Report) -> str:
    """Return a whole HTML document."""
    verdict = report.verdict or "none"
    words = {
        "pass": "Pass: every limit holds, with its whole interval.",
        "fail": "Fail: a limit is broken, with its whole interval.",
        "inconclusive": "Inconclusive: the data do not decide every limit.",
        "none": "No limit was given: this report measures and does not judge.",
    }[verdict]
    parts = [
        f"<h1>{escape(report.title)}</h1>",
        f'<p class="quiet">{escape(report.method)}, version {escape(report.version)}</p>',
        f'<p class="verdict {verdict}">{words}</p>',
        _listed(_sentence(row) for row in report.judged()),
        *(_forest(chart) for chart in report.charts if chart["kind"] == "forest"),
        _measurements(report),
        *(
            f"<h2>{escape(table['title'])}</h2>"
            + _table(table["columns"], [[figure(v) for v in row] for row in table["rows"]])
            for table in report.tables
        ),
        "<h2>What this does not show</h2>" if report.limits else "",
        _listed(escape(text) for text in report.limits),
        _origin(report),
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(report.title)}</title><style>{_STYLE}</style></head>\n<body><main>\n"
        + "\n".join(part for part in parts if part)
        + "\n</main></body></html>\n"
    )


def _sentence(row: Measurement) -> str:
    by = f" by {' and '.join(row.by)}" if row.by else ""
    return (
        f"<strong>{escape(row.metric)}{escape(by)}</strong>: "
        f"{escape(verdict_sentence(row, row.unit))}"
    )


def _listed(items: Iterable[str]) -> str:
    body = "".join(f"<li>{item}</li>" for item in items)
    return f"<ul>{body}</ul>" if body else ""


def _forest(chart: Chart) -> str:
    rows = chart["rows"][:FOREST_ROWS]
    limits = [Limit(limit["value"], limit["op"]) for limit in chart["limits"]]
    drawn = forest_plot(
        [
            ForestRow(
                row["label"],
                row["n"],
                row["value"],
                row["low"],
                row["high"],
                row["verdict"],
            )
            for row in rows
        ],
        limits[0] if limits else None,
        title=chart["title"],
    )
    more = len(chart["rows"]) - len(rows)
    note = f'<p class="quiet">and {more} more in the table</p>' if more > 0 else ""
    return f'<h2>{escape(chart["title"])}</h2><div class="wide">{drawn}</div>{note}'


def _measurements(report: Report) -> str:
    shown = report.measurements[:MEASUREMENTS_SHOWN]
    rows = [
        [
            row.metric,
            " and ".join(row.by) or "all",
            _what(row),
            cell(row),
            f"{row.n:,} {row.unit}",
            row.interval or "",
            (row.verdict or "").replace("_", " "),
            row.note,
        ]
        for row in shown
    ]
    head = (
        "metric",
        "by",
        "slice",
        "value [interval]",
        "n",
        "method",
        "verdict",
        "note",
    )
    more = len(report.measurements) - len(shown)
    note = f'<p class="quiet">and {more:,} more in the JSON report</p>' if more else ""
    return "<h2>Measurements</h2>" + _table(head, rows) + note


def _what(row: Measurement) -> str:
    own = ", ".join(f"{name} {value}" for name, value in row.slice.items())
    if row.comparison is None:
        return own or "all"
    sides = [
        ", ".join(f"{name} {value}" for name, value in part.items()) or "all"
        for part in (row.comparison.of, row.comparison.to)
    ]
    return f"{sides[0]} to {sides[1]}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    top = "".join(f'<th scope="col">{escape(name)}</th>' for name in head)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(text)}</td>" for text in row) + "</tr>" for row in rows
    )
    table = f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"
    return f'<div class="wide">{table}</div>'


def _origin(report: Report) -> str:
    columns = [f"{role}: {', '.join(n)}" for role, n in report.inputs["columns"].items()]
    rows = [
        ("Rows", f"{report.inputs['rows']:,}"),
        ("Columns", "; ".join(columns)),
        ("SHA-256", str(report.inputs.get("sha256") or "")),
        (
            "Parameters",
            ", ".join(f"{k}={v}" for k, v in report.parameters.items() if v is not None),
        ),
        ("Seed", str(report.seed)),
        ("Engine", report.engine),
        ("Made", report.created_at),
    ]
    return "<h2>Origin</h2>" + _table(("what", "value"), rows)
