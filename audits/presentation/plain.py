"""A report as text for a terminal: verdict, sentences, tables, what it does not show."""

import shutil
import textwrap
from collections.abc import Iterable, Sequence

from methods.report import Measurement, Report
from methods.sentences import verdict_sentence

_MARKS = {
    "pass": "+",
    "fail": "x",
    "inconclusive": "?",
    "not_applicable": "-",
    None: " ",
}
_COLOURS = {"pass": "32", "fail": "31", "inconclusive": "33", "not_applicable": "33"}
CONTRASTS_SHOWN = 12
RATES_ACROSS = 4


def report_text(report: Report, *, color: bool = False, width: int | None = None) -> str:
    """Return the report as text that ends in a newline."""
    width = width or min(max(shutil.get_terminal_size((100, 24)).columns, 72), 120)
    lines = [report.title, f"{report.method}, version {report.version}", ""]
    lines += [_painted(_headline(report), report.verdict, color), ""]
    for row in report.judged():
        mark = _painted(_MARKS[row.verdict], row.verdict, color)
        sentence = verdict_sentence(row, row.unit)
        by = f" [by {' and '.join(row.by)}]" if row.by and not row.comparison else ""
        body = textwrap.wrap(f"{row.metric}{by}: {sentence}", width - 4)
        lines += [f"  {mark} {body[0]}", *(f"    {line}" for line in body[1:])]
    if report.judged():
        lines.append("")
    lines += _rates(report) + _contrasts(report) + _tables(report)
    if report.limits:
        lines.append("What this does not show")
        for text in report.limits:
            lines += textwrap.wrap(text, width - 2, initial_indent="  - ", subsequent_indent="    ")
        lines.append("")
    lines += _origin(report)
    return "\n".join(lines).rstrip() + "\n"


def _headline(report: Report) -> str:
    if report.verdict is None:
        return "No limit was given: this report measures and does not judge."
    words = {
        "pass": "PASS: every limit holds, with its whole interval.",
        "fail": "FAIL: a limit is broken, with its whole interval.",
        "inconclusive": "INCONCLUSIVE: the data do not decide every limit.",
    }
    return words.get(report.verdict, report.verdict.upper())


def _painted(text: str, verdict: str | None, color: bool) -> str:
    code = _COLOURS.get(verdict or "")
    return f"\x1b[1;{code}m{text}\x1b[0m" if color and code else text


def _rates(report: Report) -> list[str]:
    """Return the metrics of single slices: one block for the whole, one per grouping."""
    single = [
        row for row in report.measurements if row.comparison is None and row.value is not None
    ]
    lines: list[str] = []
    for by in dict.fromkeys(row.by for row in single):
        rows = [row for row in single if row.by == by]
        metrics = list(dict.fromkeys(row.metric for row in rows))
        slices = list(dict.fromkeys(tuple(row.slice.items()) for row in rows))
        title = f"By {' and '.join(by)}" if by else "Overall"
        if len(slices) == 1 and len(metrics) > 1:
            body = [[row.metric, cell(row), f"{row.n:,}", row.note] for row in rows]
            lines += [
                title,
                *grid(["metric", "value [interval]", rows[0].unit, ""], body),
                "",
            ]
            continue
        for start in range(0, len(metrics), RATES_ACROSS):
            part = metrics[start : start + RATES_ACROSS]
            found = {(tuple(row.slice.items()), row.metric): row for row in reversed(rows)}
            body = [
                [
                    ", ".join(value for _, value in key) or "all",
                    f"{max(row.n for row in rows if tuple(row.slice.items()) == key):,}",
                    *(cell(found[key, m]) if (key, m) in found else "" for m in part),
                ]
                for key in slices
            ]
            lines += [title, *grid(["group", rows[0].unit, *part], body), ""]
    return lines


def _contrasts(report: Report) -> list[str]:
    """Return the disparities of each grouping, then the widest contrasts of a limited metric."""
    compared = [row for row in report.measurements if row.comparison is not None]
    lines: list[str] = []
    for by in dict.fromkeys(row.by for row in compared):
        rows = [row for row in compared if row.by == by]
        first = list(
            {(row.metric, tuple(row.slice.items())): row for row in reversed(rows)}.values()
        )
        chosen = [row for row in reversed(first) if row.threshold is None or row in rows]
        limited = [row for row in rows if row.threshold is not None and row not in chosen]
        shown = chosen + limited[:CONTRASTS_SHOWN]
        body = [
            [
                row.metric,
                _sides(row),
                cell(row),
                f"{row.n:,}",
                (row.verdict or "").replace("_", " "),
            ]
            for row in shown
        ]
        head = [
            "disparity",
            "widest contrast",
            "value [interval]",
            rows[0].unit,
            "verdict",
        ]
        lines += [f"Between groups by {' and '.join(by)}", *grid(head, body), ""]
    return lines


def _sides(row: Measurement) -> str:
    if row.comparison is None:
        return ""
    of, to = row.comparison.of, row.comparison.to
    stratum = ", ".join(row.slice.values())
    own = ", ".join(value for name, value in of.items() if name not in row.slice)
    other = ", ".join(value for name, value in to.items() if name not in row.slice) or "all"
    return f"{own} : {other}" + (f" ({stratum})" if stratum else "")


def _tables(report: Report) -> list[str]:
    """Return the tables that are not the groups shown above."""
    lines: list[str] = []
    for table in report.tables:
        if table["title"].startswith("Groups by"):
            continue
        body = [[figure(part) for part in row] for row in table["rows"][:10]]
        lines += [table["title"], *grid(table["columns"], body)]
        if len(table["rows"]) > 10:
            lines.append(f"  and {len(table['rows']) - 10} more")
        lines.append("")
    return lines


def _origin(report: Report) -> list[str]:
    columns = "; ".join(f"{role} = {', '.join(n)}" for role, n in report.inputs["columns"].items())
    lines = [f"{report.inputs['rows']:,} rows; {columns}"]
    if report.inputs.get("sha256"):
        lines.append(f"sha256 {report.inputs['sha256']}")
    lines.append(f"seed {report.seed}; {report.engine}; {report.created_at}")
    return lines


def cell(row: Measurement) -> str:
    """Return a value with its interval."""
    if row.value is None:
        return "not known"
    if row.low is None and row.high is None:
        return figure(row.value)
    low, high = ("..." if end is None else figure(end) for end in (row.low, row.high))
    return f"{figure(row.value)} [{low}, {high}]"


def figure(value: object) -> str:
    """Return a number with three decimals, a whole one with separators, text as it is."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return "" if value is None else str(value)
    if isinstance(value, int) or (value.is_integer() and abs(value) >= 10):
        return f"{int(value):,}"
    return f"{value:.3f}" if abs(value) >= 0.0005 or value == 0 else f"{value:.2g}"


def grid(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return aligned lines: text to the left, figures to the right."""
    body = [list(row) for row in rows]
    table = [list(head), *body]
    widths = [max(len(row[i]) for row in table) for i in range(len(head))]
    right = [
        all(row[i][:1].isdigit() and " " not in row[i] for row in body) for i in range(len(head))
    ]

    def line(row: Sequence[str]) -> str:
        parts = [
            text.rjust(size) if flush else text.ljust(size)
            for text, size, flush in zip(row, widths, right, strict=True)
        ]
        return ("  " + "  ".join(parts)).rstrip()

    return [
        line(head),
        "  " + "  ".join("-" * size for size in widths),
        *map(line, body),
    ]
