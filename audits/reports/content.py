"""What a report says, in the order it is read: one content for page, PDF and mail.

Pure: made of a report and of what is known about its run. How it looks is not here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from audits.reports.groups import GroupTable, group_tables, is_hidden
from audits.reports.pictures import charts_of
from audits.wording import measurement_sentence, run_sentence, worst_measurement
from governance.charts import Drawn, draw_all
from governance.charts.figures import count, figure, interval

SENTENCES = 12
MEASUREMENTS = 500
HEADLINES = {
    "pass": "Pass: every limit holds, with its whole interval.",
    "fail": "Fail: a limit is broken, with its whole interval.",
    "inconclusive": "Inconclusive: the data do not decide every limit.",
    "none": "No limit was given: this report measures and does not judge.",
}
# What a reader must know before the numbers, by how the methods begin to say it.
_WARNINGS = (
    "Simpson's paradox",
    "Guard-rail",
    "Negative transfer",
    "People are not split",
    "A few ",
    "more gaps turn round",
)


@dataclass(frozen=True)
class About:
    """What a run adds to its report: whose, when, under which plan, and where to check it."""

    question: str
    system: str
    version: str
    window: str
    purpose: str
    facts: tuple[tuple[str, str], ...] = ()
    limits_note: str = ""
    findings: tuple[str, ...] = ()
    digest: str = ""
    entry: str = ""
    url: str = ""


@dataclass(frozen=True)
class Table:
    """A table of texts; `figures` says which columns hold figures."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    figures: tuple[bool, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Content:
    """A report, ready to be written down."""

    title: str
    subtitle: str
    verdict: str
    headline: str
    sentence: str
    warnings: tuple[str, ...]
    judged: tuple[str, ...]
    charts: tuple[Drawn, ...]
    groups: tuple[GroupTable, ...]
    measurements: Table
    tables: tuple[Table, ...]
    limits: tuple[str, ...]
    origin: tuple[tuple[str, str], ...]
    about: About | None = None
    findings: tuple[str, ...] = field(default=())


def content_of(report: Mapping[str, Any], about: About | None = None) -> Content:
    """Return what a report says."""
    verdict = str(report["verdict"] or "none")
    worst = worst_measurement(dict(report))
    others = [
        one for one in report["measurements"] if one["threshold"] is not None and one is not worst
    ]
    warnings, limits = warnings_of(report["limits"])
    if about is not None and about.limits_note:
        limits.append(f"How the limit was chosen: {about.limits_note}")
    return Content(
        title=about.question if about else str(report["title"]),
        subtitle=_subtitle(report, about),
        verdict=verdict,
        headline=HEADLINES.get(verdict, verdict.capitalize()),
        sentence=run_sentence(dict(report)),
        warnings=tuple(warnings),
        judged=_judged(others),
        charts=tuple(draw_all(charts_of(report))),
        groups=tuple(group_tables(report["measurements"], report["parameters"])),
        measurements=_measurements(report["measurements"]),
        tables=tuple(_table(one) for one in report["tables"] if one.get("rows")),
        limits=tuple(limits),
        origin=_origin(report, about),
        about=about,
        findings=about.findings if about else (),
    )


def _judged(others: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """What else was judged, the gravest first; cells that are kept back are told by number."""
    shown = [one for one in others if not is_hidden(one)]
    said = [measurement_sentence(one) for one in _gravest(shown)[:SENTENCES]]
    if len(shown) > SENTENCES:
        said.append(f"{len(shown) - SENTENCES:,} more were judged and stand in the table.")
    verdicts = [str(one["verdict"] or "not judged") for one in others if is_hidden(one)]
    if verdicts:
        told = ", ".join(
            f"{verdicts.count(name):,} {name.replace('_', ' ')}" for name in sorted(set(verdicts))
        )
        said.append(
            f"{len(verdicts):,} more that were judged rest on cells too small to be shown: {told}."
        )
    return tuple(said)


def warnings_of(limits: Sequence[str]) -> tuple[list[str], list[str]]:
    """Part what a report does not show: what comes before the numbers, and the rest."""
    before = [text for text in limits if any(mark in text[:60] for mark in _WARNINGS)]
    return before, [text for text in limits if text not in before]


def _gravest(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    rank = {"fail": 0, "inconclusive": 1, "not_applicable": 2}
    return [dict(one) for one in sorted(rows, key=lambda one: rank.get(one["verdict"] or "", 3))]


def _subtitle(report: Mapping[str, Any], about: About | None) -> str:
    method = f"{report['title']} ({report['method']}, version {report['version']})"
    if about is None:
        return f"{report['method']}, version {report['version']}"
    version = f", version {about.version}" if about.version else ""
    return f"{about.system}{version}; {about.window}; {about.purpose}; {method}"


def slice_words(one: Mapping[str, Any]) -> str:
    """Whom a measurement is about: `race Black, sex female`, or `those to these`."""
    compared = one["comparison"]
    if compared is None:
        return _words(one["slice"]) or "everyone"
    sides = f"{_words(compared['of'])} to {_words(compared['to']) or 'everyone'}"
    place = _words({k: v for k, v in one["slice"].items() if k not in compared["of"]})
    return f"{sides} ({place})" if place else sides


def _words(columns: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {value}" for name, value in columns.items())


def limit_words(threshold: Mapping[str, Any] | None) -> str:
    if threshold is None:
        return ""
    sign = {">=": "\u2265", "<=": "\u2264"}.get(threshold["op"], threshold["op"])
    warn = " (warning)" if threshold.get("severity") == "warn" else ""
    return f"{sign} {figure(threshold['value'])}{warn}"


def _measurements(rows: Sequence[Mapping[str, Any]]) -> Table:
    ranked = sorted(rows, key=lambda one: one["threshold"] is None)
    told = [
        (
            one["metric"].replace("_", " "),
            slice_words(one),
            f"{count(one['n'])} {one['unit']}",
            _interval(one),
            limit_words(one["threshold"]),
            (one["verdict"] or "").replace("_", " "),
            str(one["note"] or ""),
        )
        for one in ranked[:MEASUREMENTS]
    ]
    left = len(rows) - len(told)
    return Table(
        "Every measurement",
        ("Metric", "Group", "n", "Value (interval)", "Limit", "Verdict", "Note"),
        tuple(told),
        (False, False, True, True, True, False, False),
        f"{left:,} more stand in the JSON report." if left else "",
    )


def _interval(one: Mapping[str, Any]) -> str:
    limit = one["threshold"]
    apart = [limit["value"]] if limit else []
    return interval(one["value"], one["low"], one["high"], apart_from=apart)


def _table(table: Mapping[str, Any]) -> Table:
    rows: Sequence[Sequence[Any]] = table["rows"]
    return Table(
        str(table["title"]),
        tuple(str(name).replace("_", " ") for name in table["columns"]),
        tuple(tuple(_cell(part) for part in row) for row in rows),
        tuple(
            all(isinstance(row[at], int | float | None) for row in rows)
            for at in range(len(table["columns"]))
        ),
    )


def _cell(value: object) -> str:
    if value is None:
        return "no value"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return count(value)
    return figure(value) if isinstance(value, float) else str(value)


def _origin(report: Mapping[str, Any], about: About | None) -> tuple[tuple[str, str], ...]:
    inputs = report["inputs"]
    columns = "; ".join(f"{role}: {', '.join(n)}" for role, n in inputs["columns"].items())
    set_ = ", ".join(f"{k}={v}" for k, v in report["parameters"].items() if v not in (None, ""))
    found = [
        ("Method", f"{report['method']}, version {report['version']}"),
        ("Rows read", count(inputs["rows"])),
        ("Columns", columns),
        ("SHA-256 of the inputs", str(inputs.get("sha256") or "not known")),
        ("Parameters", set_ or "the method's own"),
        ("Seed", str(report["seed"])),
        ("Engine", str(report["engine"])),
        ("Made", str(report["created_at"])),
    ]
    if about is not None:
        found += about.facts
    return tuple(found)
