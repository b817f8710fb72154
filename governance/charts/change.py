"""Two versions or two windows side by side: each group's value then and now, with intervals.

Compares nothing: whether two intervals are apart is a plain reading of their ends, and says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from governance.charts import svg
from governance.charts.figures import NO_VALUE, interval
from governance.charts.interval import Limit, finite

APART_UP = "apart, higher"
APART_DOWN = "apart, lower"
OVERLAP = "overlap"
UNKNOWN = "cannot be compared"


@dataclass(frozen=True, slots=True)
class Side:
    """One measurement of a pair."""

    value: float | None
    low: float | None = None
    high: float | None = None
    n: int | None = None

    @classmethod
    def of(cls, given: Mapping[str, Any] | None) -> Self:
        """Read a measurement; a side that is missing has no value."""
        part = given or {}
        low, high = finite(part.get("low")), finite(part.get("high"))
        return cls(finite(part.get("value")), low, high, part.get("n"))


@dataclass(frozen=True, slots=True)
class Change:
    """A group measured twice."""

    label: str
    a: Side
    b: Side

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """Read `{label, a, b}`."""
        return cls(str(row["label"]), Side.of(row.get("a")), Side.of(row.get("b")))

    @property
    def words(self) -> str:
        """Whether the two intervals leave each other out."""
        ends = (self.a.low, self.a.high, self.b.low, self.b.high)
        if any(end is None for end in ends):
            return UNKNOWN
        a_low, a_high, b_low, b_high = (end or 0.0 for end in ends)
        if b_low > a_high:
            return APART_UP
        return APART_DOWN if b_high < a_low else OVERLAP

    @property
    def text_a(self) -> str:
        return interval(self.a.value, self.a.low, self.a.high)

    @property
    def text_b(self) -> str:
        return interval(self.b.value, self.b.low, self.b.high)


def change_chart(
    rows: Sequence[Change],
    *,
    names: tuple[str, str],
    limit: Limit | None = None,
    title: str = "Then and now",
    width: float = 720,
) -> str:
    """Draw each group as two points joined by a line: a ring before, a disc after."""
    row_height, top, bottom = 40.0, 52.0, 30.0
    label_room = min(max([svg.text_width(row.label, 13) for row in rows] + [80.0]), 270.0)
    width += max(0.0, label_room - width * 0.3)  # long names take no room from the plot
    words_room = svg.text_width(UNKNOWN) + 6
    start, end = label_room + 16, width - words_room - 14
    height = top + row_height * max(len(rows), 1) + bottom
    base = height - bottom
    figures = [
        part
        for row in rows
        for side in (row.a, row.b)
        for part in (side.value, side.low, side.high)
    ]
    extent = svg.domain([*figures, limit.value if limit else None])
    scale = svg.Scale(*extent, start, end)
    body = _key(names, width)
    marked = svg.ticks(*extent)
    for tick in marked:
        x = scale(tick)
        body.append(svg.line(x, top - 4, x, base, role="ch-grid", colour=svg.LINE))
        text = svg.tick_text(tick, marked)
        body.append(svg.label(x, base + 18, text, anchor="middle", size=11, tone="quiet"))
    if limit is not None:
        x = scale(limit.value)
        half = svg.text_width(limit.text, 11) / 2
        middle = min(max(x, start + half), max(end - half, start + half))
        body.append(svg.limit_line(x, top - 8, x, base))
        body.append(svg.label(middle, top - 12, limit.text, anchor="middle", size=11, weight=600))
    for index, row in enumerate(rows):
        y = top + row_height * (index + 0.5)
        name = svg.fit(row.label, label_room, 13)
        body.append(svg.label(0, y + 4, name, size=13, weight=500, full=row.label))
        body.extend(_pair(row, scale, y))
        body.append(svg.label(width, y + 4, row.words, anchor="end"))
    told = [f"{row.label}: {row.text_a} to {row.text_b}, {row.words}" for row in rows]
    head = [f"{names[0]} to {names[1]}", *([limit.text] if limit else [])]
    return svg.document(
        kind="change",
        width=width,
        height=height,
        title=title,
        description="; ".join([*head, *told]) if told else "Nothing can be compared.",
        body=body,
    )


def _key(names: tuple[str, str], width: float) -> list[str]:
    """Ring and disc with the name of each side."""
    room = width / 2 - 40
    shown = [svg.fit(name, room) for name in names]
    second = 24 + svg.text_width(shown[0]) + 18
    return [
        _ring(6, 11),
        svg.label(18, 15, shown[0], tone="quiet", full=names[0]),
        svg.dot(second, 11, 5),
        svg.label(second + 12, 15, shown[1], tone="quiet", full=names[1]),
    ]


def _pair(row: Change, scale: svg.Scale, y: float) -> list[str]:
    drawn = []
    for side, at in ((row.a, y - 7), (row.b, y + 7)):
        if side.low is not None and side.high is not None:
            drawn.append(
                svg.line(
                    scale(side.low), at, scale(side.high), at, role="ch-axis", colour=svg.QUIET
                )
            )
    if row.a.value is not None and row.b.value is not None:
        a, b = scale(row.a.value), scale(row.b.value)
        drawn.append(svg.curve([(a, y - 7), (b, y + 7)]))
    for side, at in ((row.a, y - 7), (row.b, y + 7)):
        if side.value is None:
            drawn.append(svg.label(scale.start + 4, at + 4, NO_VALUE, tone="quiet", size=11))
    if row.a.value is not None:
        drawn.append(_ring(scale(row.a.value), y - 7))
    if row.b.value is not None:
        drawn.append(svg.dot(scale(row.b.value), y + 7, 5))
    return [svg.tag("g", {}, svg.hint(f"{row.text_a} to {row.text_b}"), *drawn)] if drawn else []


def _ring(x: float, y: float) -> str:
    return svg.tag(
        "circle",
        {
            "cx": x,
            "cy": y,
            "r": 4.5,
            "class": "ch-tint ch-stroke-info",
            "fill": svg.SURFACE,
            "stroke": svg.INFO,
            "stroke-width": 2.25,
        },
    )
