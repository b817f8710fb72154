"""How unevenly things are spread: the share held by the most shown, against an even spread."""

from __future__ import annotations

from collections.abc import Sequence

from governance.charts import svg
from governance.charts.figures import share


def concentration_curve(
    places: Sequence[tuple[float, float]],
    *,
    title: str = "Concentration",
    across: str = "share of the items, the most shown first",
    upwards: str = "Share of what was shown",
    width: float = 480,
    height: float = 320,
) -> str:
    """Draw cumulative shares, both between 0 and 1, over the diagonal of an even spread."""
    ticks = [0.0, 0.25, 0.5, 0.75, 1.0]
    left, right, top, base = 52.0, width - 22.0, 30.0, height - 42.0
    scale_x, scale_y = svg.Scale(0, 1, left, right), svg.Scale(0, 1, base, top)
    body = [svg.label(0, 14, upwards, size=11, tone="quiet")]
    for tick in ticks:
        text = share(tick, digits=0)
        x, y = scale_x(tick), scale_y(tick)
        body.append(svg.line(left, y, right, y, role="ch-grid", colour=svg.LINE))
        body.append(svg.label(left - 8, y + 4, text, anchor="end", size=11, tone="quiet"))
        body.append(svg.label(x, base + 16, text, anchor="middle", size=11, tone="quiet"))
    middle = (left + right) / 2
    body.append(svg.label(middle, base + 34, across, anchor="middle", size=11, tone="quiet"))
    body.append(svg.line(left, base, right, top, role="ch-axis", colour=svg.QUIET, dash="2 3"))
    body.append(svg.label(right, base - 10, "dotted: an even spread", anchor="end", size=11))
    if places:
        body.append(svg.curve([(scale_x(x), scale_y(y)) for x, y in places]))
    told = "; ".join(
        f"{share(x)} of the items hold {share(y)}" for x, y in places[:: _step(places)]
    )
    return svg.document(
        kind="concentration",
        width=width,
        height=height,
        title=title,
        description=told or "Nothing was shown.",
        body=body,
    )


def _step(places: Sequence[object]) -> int:
    """Tell about ten places; the table beside the drawing tells all."""
    return max(1, len(places) // 10)
