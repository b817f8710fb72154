"""A course of events on one axis: a bar for each span of time, with the limit it was held to.

The axis is logarithmic beyond the first second, so that two seconds and two hours both have room.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from governance.charts import svg
from governance.charts.svg import Verdict

_ROW = 34.0
_BAR = 12.0
_TOP = 8.0
_AXIS = 30.0
_LONGEST_LABEL = 290.0
_MARKS: tuple[tuple[float, str], ...] = (
    (0, "0"),
    (1, "1 s"),
    (10, "10 s"),
    (60, "1 min"),
    (600, "10 min"),
    (3_600, "1 h"),
    (36_000, "10 h"),
    (86_400, "1 d"),
    (864_000, "10 d"),
    (8_640_000, "100 d"),
)


@dataclass(frozen=True, slots=True)
class Span:
    """What took from `begin` to `end` (seconds since the beginning), and until when it might.

    Without an end it never happened: only its limit is drawn. `text` says the figure in words.
    """

    label: str
    begin: float | None
    end: float | None
    limit: float | None = None
    verdict: Verdict = None
    text: str = ""


def timeline(spans: Sequence[Span], *, title: str = "Timeline", width: float = 720) -> str:
    """Draw the spans below each other; each carries its verdict as a shape at its end."""
    ends = [moment for one in spans for moment in (one.begin, one.end, one.limit) if moment]
    last = max([*ends, 1.0])
    room = max([svg.text_width(one.label) for one in spans] + [0.0])
    left = min(room, _LONGEST_LABEL) + 14
    right = max([svg.text_width(one.text, 11) for one in spans] + [0.0]) + 22
    scale = svg.Scale(0, _place(last) * 1.02, left, width - right)
    base = _TOP + _ROW * max(len(spans), 1)
    body = _grid(scale, last, base)
    for index, one in enumerate(spans):
        body.extend(_row(one, _TOP + _ROW * (index + 0.5), scale, left, width - right))
    told = [
        f"{one.label}: {one.text or 'did not happen'}"
        + (f", {svg.verdict_word(one.verdict)}" if one.verdict else "")
        for one in spans
    ]
    return svg.document(
        kind="timeline",
        width=width,
        height=base + _AXIS,
        title=title,
        description="; ".join(told) or "Nothing has happened yet.",
        body=body,
    )


def _place(seconds: float) -> float:
    """Where a moment lies: the first second is drawn as it is, later ones by their magnitude."""
    return math.log10(1 + max(seconds, 0.0))


def _grid(scale: svg.Scale, last: float, base: float) -> list[str]:
    drawn, free_from = [], -math.inf
    for seconds, text in _MARKS:
        if seconds > last * 1.02:
            break
        x = scale(_place(seconds))
        drawn.append(svg.line(x, _TOP, x, base, role="ch-grid", colour=svg.LINE))
        half = svg.text_width(text, 11) / 2
        if x - half >= free_from:
            drawn.append(svg.label(x, base + 18, text, anchor="middle", size=11, tone="quiet"))
            free_from = x + half + 8
    return drawn


def _row(one: Span, y: float, scale: svg.Scale, left: float, right: float) -> list[str]:
    name = svg.fit(one.label, left - 14)
    drawn = [svg.label(0, y + 4, name, full=one.label)]
    begin = None if one.begin is None else scale(_place(one.begin))
    if begin is not None and one.end is not None:
        end = scale(_place(one.end))
        drawn.append(
            svg.tag(
                "rect",
                {
                    "x": begin,
                    "y": y - _BAR / 2,
                    "width": max(end - begin, 1.0),
                    "height": _BAR,
                    "rx": 3,
                    "class": f"ch-fill-{'info' if one.verdict is None else one.verdict}",
                    "fill": svg.INFO
                    if one.verdict is None
                    else svg.VERDICT_COLOURS[svg.verdict_name(one.verdict)],
                    "fill-opacity": 0.35,
                },
            )
        )
    if one.limit is not None:
        x = scale(_place(one.limit))
        drawn.append(svg.limit_line(x, y - _BAR, x, y + _BAR))
    if one.end is not None:
        x = scale(_place(one.end))
        drawn.append(svg.marker(x, y, one.verdict) if one.verdict else svg.dot(x, y, 4))
    drawn.append(svg.label(right + 12, y + 4, one.text, size=11, tone="quiet"))
    return drawn
