"""Scores against what came true, a small panel for each group: on the diagonal a score is honest.

Bins come from the method; nothing is counted here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from governance.charts import svg
from governance.charts.figures import count, figure

_PANEL, _GAP, _HEAD, _FOOT = 158.0, 26.0, 40.0, 24.0
_AXIS = 34.0


@dataclass(frozen=True, slots=True)
class ReliabilitySeries:
    """One group: the mean score of each bin, the share that came true, how many it holds."""

    label: str
    scores: tuple[float, ...]
    shares: tuple[float, ...]
    counts: tuple[int, ...]


def reliability_panels(
    series: Sequence[ReliabilitySeries],
    *,
    title: str = "Score against outcome",
    across: int = 4,
) -> str:
    """Draw a panel a group; the larger a point, the more stand in its bin."""
    columns = min(across, max(len(series), 1))
    lines = max(1, -(-len(series) // across))
    width = _AXIS + columns * (_PANEL + _GAP)
    tall = _HEAD + _PANEL + _FOOT
    height = lines * tall + 20
    largest = max((n for one in series for n in one.counts), default=1)
    body: list[str] = []
    for index, one in enumerate(series):
        x = _AXIS + (index % across) * (_PANEL + _GAP)
        y = (index // across) * tall
        body.extend(_panel(one, x, y, largest, first=index % across == 0))
    foot = "across: mean score of a bin; upwards: share that came true; dotted: equal"
    body.append(svg.label(0, height - 6, foot, size=11, tone="quiet"))
    width = max(width, svg.text_width(foot, 11))
    told = "; ".join(
        f"{one.label}: "
        + ", ".join(
            f"score {figure(score)} came true in {figure(part)}"
            for score, part in zip(one.scores, one.shares, strict=True)
        )
        for one in series
    )
    return svg.document(
        kind="reliability",
        width=width,
        height=height,
        title=title,
        description=told or "No scores.",
        body=body,
    )


def _panel(one: ReliabilitySeries, x: float, y: float, largest: int, *, first: bool) -> list[str]:
    top, base = y + _HEAD, y + _HEAD + _PANEL
    scale_x, scale_y = svg.Scale(0, 1, x, x + _PANEL), svg.Scale(0, 1, base, top)
    total = f"n = {count(sum(one.counts))}"
    body = [
        svg.label(x, y + 16, svg.fit(one.label, _PANEL), weight=500, full=one.label),
        svg.label(x, y + 31, total, size=11, tone="quiet"),
    ]
    for tick in (0.0, 0.5, 1.0):
        at = scale_y(tick)
        body.append(svg.line(x, at, x + _PANEL, at, role="ch-grid", colour=svg.LINE))
        if first:
            text = f"{tick:.1f}"
            body.append(svg.label(x - 7, at + 4, text, anchor="end", size=11, tone="quiet"))
        across = scale_x(tick)
        body.append(
            svg.label(across, base + 15, f"{tick:.1f}", anchor="middle", size=11, tone="quiet")
        )
    body.append(svg.line(x, base, x + _PANEL, top, role="ch-axis", colour=svg.QUIET, dash="2 3"))
    points = [
        (scale_x(score), scale_y(part), n, f"score {figure(score)}: {figure(part)} of {count(n)}")
        for score, part, n in zip(one.scores, one.shares, one.counts, strict=True)
    ]
    if points:
        body.append(svg.curve([(px, py) for px, py, _, _ in points]))
    for px, py, n, hint in points:
        radius = 2.5 + 3.5 * math.sqrt(n / max(largest, 1))
        body.append(svg.tag("g", {}, svg.hint(hint), svg.dot(px, py, radius)))
    return body
