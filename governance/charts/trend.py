"""Measurements over time: a trend with its band and limit, and the sparkline of a tile.

Points without a value leave a gap: a missing measurement is never drawn as a straight line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from governance.charts import svg
from governance.charts.figures import figure, interval
from governance.charts.interval import Limit, as_limits, finite
from governance.charts.svg import Verdict

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """One window: its label (a date), what was measured, and the verdict of its run."""

    label: str
    value: float | None
    low: float | None = None
    high: float | None = None
    verdict: Verdict = None


def sparkline(
    values: Sequence[float | None],
    *,
    limit: float | None = None,
    label: str = "Trend",
    width: float = 96,
    height: float = 28,
) -> str:
    """The run of a figure without axes, its last value marked."""
    numbers = [finite(value) for value in values]
    low, high = svg.domain([*numbers, limit])
    scale_x = svg.Scale(0, max(len(numbers) - 1, 1), 4, width - 5)
    scale_y = svg.Scale(low, high, height - 4, 4)
    body = []
    if limit is not None:
        y = scale_y(limit)
        body.append(svg.limit_line(0, y, width, y))
    places = [
        None if number is None else (scale_x(index), scale_y(number))
        for index, number in enumerate(numbers)
    ]
    body.extend(svg.curve(run) for run in runs_of(places))
    known = [(index, number) for index, number in enumerate(numbers) if number is not None]
    if known:
        index, number = known[-1]
        body.append(svg.dot(scale_x(index), scale_y(number), 3))
        told = f"from {figure(known[0][1])} to {figure(number)} over {len(numbers)} points"
    else:
        told = "no values yet"
    if limit is not None:
        told += f", limit {figure(limit)}"
    return svg.document(
        kind="sparkline",
        width=width,
        height=height,
        title=f"{label}: {told}",
        description=told,
        body=body,
    )


def trend(
    points: Sequence[TrendPoint],
    limit: Limit | float | Sequence[Limit | float] | None = None,
    *,
    title: str = "Trend",
    unit: str = "",
    lo: float | None = None,
    hi: float | None = None,
    width: float = 720,
    height: float = 260,
) -> str:
    """Values over time with the interval as a band and limits as dashed lines.

    Limit labels stand in a margin of their own, so that they are never clipped and never lie on
    the data; two limits close together are set apart.
    """
    if limit is None:
        marks: list[Limit] = []
    elif isinstance(limit, Limit | float | int):
        marks = as_limits([limit])
    else:
        marks = as_limits(limit)
    limit_values = [mark.value for mark in marks]
    figures = [part for point in points for part in (point.value, point.low, point.high)]
    extent = svg.domain([*figures, *limit_values], lo=lo, hi=hi)
    marked = svg.ticks(*extent)
    tick_texts = [svg.tick_text(tick, marked) for tick in marked]
    left = max([svg.text_width(text, 11) for text in tick_texts] + [16.0]) + 10
    half_label = max([svg.text_width(point.label, 11) for point in points] + [0.0]) / 2
    right = max([svg.text_width(mark.text, 11) + 12 for mark in marks] + [half_label, 12.0])
    left = max(left, half_label)
    top, base = (26.0 if unit else 12.0), height - 26
    scale_x = svg.Scale(0, max(len(points) - 1, 1), left, width - right)
    scale_y = svg.Scale(*extent, base, top)
    body = [svg.label(0, 12, unit, size=11, tone="quiet")] if unit else []
    for tick, text in zip(marked, tick_texts, strict=True):
        y = scale_y(tick)
        body.append(svg.line(left, y, width - right, y, role="ch-grid", colour=svg.LINE))
        body.append(svg.label(left - 8, y + 4, text, anchor="end", size=11, tone="quiet"))
    body.extend(dates([point.label for point in points], scale_x, base))
    body.extend(_bands(points, scale_x, scale_y))
    taken: list[float] = []
    for mark in sorted(marks, key=lambda one: -one.value):
        y = scale_y(mark.value)
        body.append(svg.limit_line(left, y, width - right, y))
        at = max([y + 4, *(other + 13 for other in taken)])
        taken.append(at)
        body.append(svg.label(width - right + 8, at, mark.text, size=11, weight=600))
    places = [
        None if (value := finite(point.value)) is None else (scale_x(index), scale_y(value))
        for index, point in enumerate(points)
    ]
    body.extend(svg.curve(run) for run in runs_of(places))
    for point, place in zip(points, places, strict=True):
        if place is not None:
            body.append(svg.marker(*place, point.verdict) if point.verdict else svg.dot(*place, 3))
    told = [
        f"{point.label}: {interval(point.value, point.low, point.high, apart_from=limit_values)}"
        + (f", {point.verdict}" if point.verdict else "")
        for point in points
    ]
    description = "; ".join([*(mark.text for mark in marks), *told]) or "No measurements yet."
    return svg.document(
        kind="trend", width=width, height=height, title=title, description=description, body=body
    )


def dates(labels: Sequence[str], scale_x: svg.Scale, base: float) -> list[str]:
    """As many date labels as fit, counted from the newest, which is always told."""
    if not labels:
        return []
    room = max(svg.text_width(label, 11) for label in labels) + 14
    step = (scale_x.end - scale_x.start) / max(len(labels) - 1, 1)
    every = max(1, -int(-room // step)) if step else 1
    return [
        svg.label(scale_x(index), base + 18, labels[index], anchor="middle", size=11, tone="quiet")
        for index in range(len(labels) - 1, -1, -every)
    ]


def _bands(points: Sequence[TrendPoint], scale_x: svg.Scale, scale_y: svg.Scale) -> list[str]:
    edges: list[tuple[float, float, float] | None] = []
    for index, point in enumerate(points):
        low, high = finite(point.low), finite(point.high)
        known = finite(point.value) is not None and low is not None and high is not None
        if known and low is not None and high is not None:
            edges.append((scale_x(index), scale_y(low), scale_y(high)))
        else:
            edges.append(None)
    drawn = []
    for run in runs_of(edges):
        upper = [f"{svg.short(x)} {svg.short(high)}" for x, _, high in run]
        lower = [f"{svg.short(x)} {svg.short(low)}" for x, low, _ in reversed(run)]
        if len(run) == 1:  # one window alone: a bar as wide as a point
            x, low, high = run[0]
            upper = [f"{svg.short(x + side)} {svg.short(high)}" for side in (-3, 3)]
            lower = [f"{svg.short(x + side)} {svg.short(low)}" for side in (3, -3)]
        path = "M" + "L".join([*upper, *lower]) + "z"
        drawn.append(
            svg.tag(
                "path",
                {"d": path, "class": "ch-band", "fill": svg.INFO, "fill-opacity": 0.14},
            )
        )
    return drawn


def runs_of(places: Sequence[T | None]) -> list[list[T]]:
    """The stretches without a gap."""
    runs: list[list[T]] = [[]]
    for place in places:
        if place is None:
            runs.append([])
        else:
            runs[-1].append(place)
    return [run for run in runs if run]
