"""Measurements with their intervals: one bar for a table cell, a forest plot for a report.

Decides nothing: verdicts come from the method that measured.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from governance.charts import svg
from governance.charts.figures import NO_VALUE, count, figure, interval
from governance.charts.svg import Verdict

_MOST_LABEL = 250.0
_FIGURES = "Value (interval)"  # the heading over the written figures


@dataclass(frozen=True, slots=True)
class Limit:
    """A value that measurements are held to; `op` is `>=`, `<=` or empty for a plain mark."""

    value: float
    op: str = ""

    @property
    def sign(self) -> str:
        return {">=": "\u2265", "<=": "\u2264"}.get(self.op, "")

    @property
    def text(self) -> str:
        return f"limit {self.sign} {figure(self.value)}".replace("  ", " ")


@dataclass(frozen=True, slots=True)
class ForestRow:
    """One measurement: who it is about, how many were counted, what was found."""

    label: str
    n: int | None
    value: float | None
    low: float | None = None
    high: float | None = None
    verdict: Verdict = None


def as_limits(limits: Sequence[Limit | float]) -> list[Limit]:
    """Plain numbers become limits without a direction."""
    return [limit if isinstance(limit, Limit) else Limit(float(limit)) for limit in limits]


def finite(value: float | None) -> float | None:
    """The value when it can be placed on an axis."""
    return value if value is not None and math.isfinite(value) else None


def span(x1: float, x2: float, y: float, verdict: Verdict, *, thickness: float = 4) -> str:
    """The interval itself: a rounded bar in the colour of its verdict."""
    name = svg.verdict_name(verdict)
    return svg.tag(
        "rect",
        {
            "x": min(x1, x2),
            "y": y - thickness / 2,
            "width": max(abs(x2 - x1), 1.0),
            "height": thickness,
            "rx": thickness / 2,
            "class": f"ch-fill-{name}",
            "fill": svg.VERDICT_COLOURS[name],
            "fill-opacity": 0.42,
        },
    )


def interval_bar(
    value: float | None,
    low: float | None = None,
    high: float | None = None,
    *,
    limits: Sequence[Limit | float] = (),
    lo: float | None = None,
    hi: float | None = None,
    verdict: Verdict = None,
    label: str = "",
    width: float = 160,
) -> str:
    """A measurement on one line, small enough for a table cell.

    Parameters
    ----------
    value, low, high : the point and its interval; None or not finite means "no value".
    limits : marks that the interval is read against.
    lo, hi : ends of the axis; by default all figures with a little air. Give the same pair to
        every row of a table so that the rows compare.
    label : whom or what it is about, told to screen readers.

    Returns
    -------
    str : an SVG element of `width` by 22.
    """
    marks = as_limits(limits)
    height, middle = 22.0, 11.0
    limit_values = [mark.value for mark in marks]
    words = interval(value, low, high, apart_from=limit_values)
    said = "; ".join([words, *(mark.text for mark in marks), svg.verdict_word(verdict)])
    title = f"{label}: {said}" if label else said
    start, end = 7.0, width - 7.0
    body = [svg.line(start, middle, end, middle, role="ch-track", colour=svg.TRACK, width=1.5)]
    scale = svg.Scale(*svg.domain([value, low, high, *limit_values], lo=lo, hi=hi), start, end)
    point, left, right = finite(value), finite(low), finite(high)
    if point is not None and left is not None and right is not None:
        body.append(span(scale(left), scale(right), middle, verdict, thickness=6))
    for mark in marks:
        x = scale(mark.value)
        body.append(svg.line(x, 3, x, height - 3, role="ch-limit", colour=svg.INK, width=1.5))
    if point is not None:
        body.append(svg.marker(scale(point), middle, verdict))
    return svg.document(
        kind="interval", width=width, height=height, title=title, description=title, body=body
    )


def forest_plot(
    rows: Sequence[ForestRow],
    limit: Limit | float | None = None,
    *,
    title: str = "Measurements with intervals",
    reference: float | None = None,
    lo: float | None = None,
    hi: float | None = None,
    width: float = 720,
) -> str:
    """Groups one below the other: label, n, interval against the limit, figures, verdict.

    `reference` marks the value of no difference (1 for ratios, 0 for differences).
    """
    marks = as_limits([] if limit is None else [limit])
    limit_values = [mark.value for mark in marks]
    figures = [interval(row.value, row.low, row.high, apart_from=limit_values) for row in rows]
    verdicts = any(row.verdict for row in rows)
    row_height, top, bottom = 28.0, 46.0, 30.0
    label_room = min(max([svg.text_width(row.label, 13) for row in rows] + [60.0]), _MOST_LABEL)
    width += max(0.0, label_room - width * 0.26)  # long names take no room from the plot
    n_room = max([svg.text_width(count(row.n)) for row in rows] + [30.0])
    figure_room = max(svg.text_width(text) for text in [*figures, _FIGURES])
    verdict_room = svg.text_width("inconclusive") + 4 if verdicts else 0.0
    plot_start = label_room + n_room + 34
    plot_end = max(width - figure_room - verdict_room - 26, plot_start + 60)
    width = max(width, plot_end + figure_room + verdict_room + 26)
    height = top + row_height * max(len(rows), 1) + bottom
    values = [figure for row in rows for figure in (row.value, row.low, row.high)]
    extent = svg.domain([*values, *limit_values, reference], lo=lo, hi=hi)
    scale = svg.Scale(*extent, plot_start, plot_end)
    base = height - bottom
    body = [
        svg.label(0, 14, "Group", tone="quiet"),
        svg.label(label_room + n_room + 12, 14, "n", anchor="end", tone="quiet"),
        svg.label(plot_end + 14, 14, _FIGURES, tone="quiet"),
    ]
    marked = svg.ticks(*extent)
    for tick in marked:
        x = scale(tick)
        text = svg.tick_text(tick, marked)
        body.append(svg.line(x, top - 8, x, base, role="ch-grid", colour=svg.LINE))
        body.append(svg.label(x, base + 18, text, anchor="middle", size=11, tone="quiet"))
    if reference is not None:
        x = scale(reference)
        body.append(svg.line(x, top - 8, x, base, role="ch-axis", colour=svg.QUIET))
    for mark in marks:
        x = scale(mark.value)
        body.append(svg.limit_line(x, top - 14, x, base))
        body.append(_top_label(x, mark.text, plot_start, plot_end))
    for index, (row, text) in enumerate(zip(rows, figures, strict=True)):
        y = top + row_height * (index + 0.5)
        name = svg.fit(row.label, label_room, 13)
        body.append(svg.label(0, y + 4, name, size=13, weight=500, full=row.label))
        n_end = label_room + n_room + 12
        body.append(svg.label(n_end, y + 4, count(row.n), anchor="end", tone="quiet"))
        body.extend(_measurement(row, scale, y))
        body.append(svg.label(plot_end + 14, y + 4, text))
        if verdicts:
            word = svg.verdict_word(row.verdict).capitalize()
            colour = svg.verdict_name(row.verdict)
            body.append(_coloured(width, y + 4, word, colour))
    told = [
        f"{row.label}, n {count(row.n)}: {text}, {svg.verdict_word(row.verdict)}"
        for row, text in zip(rows, figures, strict=True)
    ]
    description = "; ".join([*(mark.text for mark in marks), *told]) or "No measurements."
    return svg.document(
        kind="forest", width=width, height=height, title=title, description=description, body=body
    )


def _measurement(row: ForestRow, scale: svg.Scale, y: float) -> list[str]:
    point, left, right = finite(row.value), finite(row.low), finite(row.high)
    if point is None:
        return [svg.label(scale.start + 4, y + 4, NO_VALUE, tone="quiet", size=11)]
    drawn = []
    if left is not None and right is not None:
        drawn.append(span(scale(left), scale(right), y, row.verdict))
    drawn.append(svg.marker(scale(point), y, row.verdict))
    return drawn


def _top_label(x: float, text: str, start: float, end: float) -> str:
    half = svg.text_width(text, 11) / 2
    middle = min(max(x, start + half), max(end - half, start + half))
    return svg.label(middle, 28, text, anchor="middle", size=11, weight=600)


def _coloured(x: float, y: float, word: str, name: str) -> str:
    return svg.tag(
        "text",
        {
            "x": x,
            "y": y,
            "class": f"ch-fill-{name}",
            "fill": svg.VERDICT_COLOURS[name],
            "font-size": 12,
            "font-weight": 600,
            "text-anchor": "end",
        },
        word,
    )
