"""Chart data as reports carry it, `{"kind": ..., "title": ...}`, drawn with its table beside it.

One renderer a kind; the table says everything the drawing says. Which charts a report has is for
its method to say.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from governance.charts.change import Change, change_chart
from governance.charts.concentration import concentration_curve
from governance.charts.evidence import EvidencePoint, evidence_path, status_word
from governance.charts.figures import count, figure, interval, share
from governance.charts.heat import HIDDEN, heat_map
from governance.charts.interval import ForestRow, Limit, forest_plot
from governance.charts.reliability import ReliabilitySeries, reliability_panels
from governance.charts.svg import Verdict, verdict_word
from governance.charts.trend import TrendPoint, trend

Chart = Mapping[str, Any]
FOREST_ROWS = 40


@dataclass(frozen=True, slots=True)
class Drawn:
    """A drawing and the same figures as a table; `note` says what the drawing leaves to it."""

    kind: str
    title: str
    svg: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


def draw(chart: Chart) -> Drawn:
    """Draw one chart of a report.

    Raises
    ------
    ValueError : when its kind has no renderer.
    """
    renderer = RENDERERS.get(str(chart.get("kind")))
    if renderer is None:
        raise ValueError(f"No chart of the kind {chart.get('kind')!r} can be drawn.")
    return renderer(chart)


def draw_all(charts: Iterable[Chart]) -> list[Drawn]:
    """Draw what can be drawn; a kind this version does not know is left to the tables."""
    return [draw(chart) for chart in charts if chart.get("kind") in RENDERERS]


def _forest(chart: Chart) -> Drawn:
    rows = [
        ForestRow(
            str(row["label"]),
            row.get("n"),
            row.get("value"),
            row.get("low"),
            row.get("high"),
            as_verdict(row.get("verdict")),
        )
        for row in chart["rows"]
    ]
    limits = _limits(chart)
    title = _title(chart)
    shown = sorted(rows, key=_gravity)[:FOREST_ROWS] if len(rows) > FOREST_ROWS else rows
    unit = next((str(row["unit"]) for row in chart["rows"] if row.get("unit")), "n")
    more = len(rows) - len(shown)
    return Drawn(
        "forest",
        title,
        forest_plot(
            shown,
            limits[0] if limits else None,
            title=title,
            reference=_finite(chart.get("reference")),
        ),
        ("Group", unit.capitalize(), "Value (interval)", "Verdict"),
        tuple(
            (
                row.label,
                count(row.n),
                interval(row.value, row.low, row.high, apart_from=[one.value for one in limits]),
                verdict_word(row.verdict),
            )
            for row in rows
        ),
        f"The {FOREST_ROWS} gravest are drawn; {more:,} more stand in the table." if more else "",
    )


def _gravity(row: ForestRow) -> int:
    return {"fail": 0, "inconclusive": 1, "pass": 2}.get(row.verdict or "", 3)


def _trend(chart: Chart) -> Drawn:
    points = [
        TrendPoint(
            str(one["label"]),
            one.get("value"),
            one.get("low"),
            one.get("high"),
            as_verdict(one.get("verdict")),
        )
        for one in chart["points"]
    ]
    limits = _limits(chart)
    title = _title(chart)
    return Drawn(
        "trend",
        title,
        trend(points, limits or None, title=title, unit=str(chart.get("unit") or "")),
        ("Window", "n", "Value (interval)", "Verdict"),
        tuple(
            (
                point.label,
                count(one.get("n")),
                interval(point.value, point.low, point.high, apart_from=[x.value for x in limits]),
                verdict_word(point.verdict),
            )
            for point, one in zip(points, chart["points"], strict=True)
        ),
    )


def _evidence(chart: Chart) -> Drawn:
    """`points` carry `evidence`, or its natural logarithm as `log_evidence`."""
    points = [
        EvidencePoint(str(one["label"]), _evidence_of(one), str(one.get("status", "ok")))
        for one in chart["points"]
    ]
    title = _title(chart)
    drawn = evidence_path(
        points, watch=float(chart["watch"]), alert=float(chart["alert"]), title=title
    )
    rows = tuple((one.label, figure(one.evidence), status_word(one.status)) for one in points)
    return Drawn("evidence", title, drawn, ("Window", "Evidence", "State"), rows)


def _evidence_of(point: Mapping[str, Any]) -> float | None:
    if (given := point.get("evidence")) is not None:
        return float(given)
    log = point.get("log_evidence")
    return None if log is None else math.exp(min(float(log), 700.0))


def _reliability(chart: Chart) -> Drawn:
    series = [
        ReliabilitySeries(str(one["label"]), tuple(one["x"]), tuple(one["y"]), tuple(one["n"]))
        for one in chart["series"]
    ]
    title = _title(chart)
    rows = [
        (one.label, count(n), figure(x), figure(y))
        for one in series
        for x, y, n in zip(one.scores, one.shares, one.counts, strict=True)
    ]
    columns = ("Group", "n", "Mean score", "Share that came true")
    return Drawn(
        "reliability", title, reliability_panels(series, title=title), columns, tuple(rows)
    )


def _concentration(chart: Chart) -> Drawn:
    places = [(0.0, 0.0), *zip(chart["x"], chart["y"], strict=True)]
    title = _title(chart)
    rows = tuple((share(x), share(y)) for x, y in places)
    drawn = concentration_curve(places, title=title)
    return Drawn("concentration", title, drawn, ("Most shown items", "Their share"), rows)


def _heat(chart: Chart) -> Drawn:
    """Two groupings: `rows` and `columns` name them, `cells` hold `{value, n, hidden, verdict}`."""
    cells: list[list[Mapping[str, Any] | None]] = chart["cells"]
    rows, columns = [str(one) for one in chart["rows"]], [str(one) for one in chart["columns"]]
    title = _title(chart)
    drawn = heat_map(
        rows,
        columns,
        [[_finite(cell.get("value")) if cell else None for cell in line] for line in cells],
        counts=[[cell.get("n") if cell else None for cell in line] for line in cells],
        hidden=[[bool(cell and cell.get("hidden")) for cell in line] for line in cells],
        verdicts=[[as_verdict(cell.get("verdict")) if cell else None for cell in x] for x in cells],
        title=title,
    )
    told = []
    for name, line in zip(rows, cells, strict=True):
        for column, cell in zip(columns, line, strict=True):
            told.append((name, column, *_cell(cell)))
    names = (str(chart.get("row_name") or "Row"), str(chart.get("column_name") or "Column"))
    head = (*names, "n", "Value (interval)", "Verdict")
    hidden = sum(row[3] == HIDDEN for row in told)
    note = f"{hidden:,} of {len(told):,} cells are too small to be shown." if hidden else ""
    return Drawn(str(chart["kind"]), title, drawn, head, tuple(told), note)


def _cell(cell: Mapping[str, Any] | None) -> tuple[str, str, str]:
    if cell is None:
        return "", "no such cell", ""
    if cell.get("hidden"):
        return "", HIDDEN, ""
    told = interval(_finite(cell.get("value")), cell.get("low"), cell.get("high"))
    verdict = as_verdict(cell.get("verdict"))
    return count(cell.get("n")), told, verdict_word(verdict) if verdict else ""


def _change(chart: Chart) -> Drawn:
    """Two sets of measurements in pairs: `rows` hold `{label, a, b}`, each side a measurement."""
    rows = [Change.of(one) for one in chart["rows"]]
    limits, title = _limits(chart), _title(chart)
    names = str(chart["a"]), str(chart["b"])
    svg = change_chart(rows, names=names, limit=limits[0] if limits else None, title=title)
    return Drawn(
        "change",
        title,
        svg,
        ("Group", *names, "Intervals"),
        tuple((row.label, row.text_a, row.text_b, row.words) for row in rows),
    )


RENDERERS: dict[str, Callable[[Chart], Drawn]] = {
    "forest": _forest,
    "strata": _forest,
    "trend": _trend,
    "evidence": _evidence,
    "reliability": _reliability,
    "concentration": _concentration,
    "heat": _heat,
    "matrix": _heat,
    "change": _change,
}


def as_verdict(value: object) -> Verdict:
    """A verdict that a marker can show; anything else is none."""
    if value == "pass":
        return "pass"
    if value == "fail":
        return "fail"
    return "inconclusive" if value == "inconclusive" else None


def _limits(chart: Chart) -> list[Limit]:
    given: Sequence[Any] = chart.get("limits") or ([chart["limit"]] if chart.get("limit") else [])
    return [
        Limit(float(one["value"]), str(one.get("op") or ""))
        if isinstance(one, Mapping)
        else Limit(float(one))
        for one in given
    ]


def _title(chart: Chart) -> str:
    return str(chart.get("title") or str(chart["kind"]).capitalize())


def _finite(value: object) -> float | None:
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
        return None
    return float(value)
