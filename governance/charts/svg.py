"""The ground under every chart: SVG text, linear scales, round ticks, room for labels.

Knows nothing of any one chart. Nothing here writes a style attribute: colours are classes of the
theme, with presentation attributes as the colours of print.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias
from xml.sax.saxutils import escape, quoteattr

Verdict: TypeAlias = Literal["pass", "fail", "inconclusive"] | None
Anchor: TypeAlias = Literal["start", "middle", "end"]

FONT = "Inter, Helvetica, Arial, sans-serif"
TEXT_SIZE = 12.0
_GLYPH_WIDTH = 0.6  # of the font size: wider than the mean glyph of Inter, so labels never clip

INK = "#1b2133"
QUIET = "#5a6376"
LINE = "#e4e7ee"
TRACK = "#d5dae4"
SURFACE = "#ffffff"
INFO = "#3b50c4"
VERDICT_COLOURS: dict[str, str] = {
    "pass": "#18794e",
    "fail": "#c62a2f",
    "inconclusive": "#9a5b00",
    "none": "#5c6675",
}


def tag(name: str, attributes: dict[str, str | float | None], *children: str) -> str:
    """One element; None leaves an attribute out, numbers are written short."""
    written = "".join(
        f" {key}={quoteattr(value if isinstance(value, str) else short(value))}"
        for key, value in attributes.items()
        if value is not None
    )
    return f"<{name}{written}>{''.join(children)}</{name}>" if children else f"<{name}{written}/>"


def hint(words: str) -> str:
    """What a shape says on hover."""
    return tag("title", {}, escape(words))


def short(number: float) -> str:
    """A coordinate with at most two decimals."""
    return f"{number:.2f}".rstrip("0").rstrip(".") or "0"


def text_width(text: str, size: float = TEXT_SIZE) -> float:
    """Room that a label needs, estimated on the safe side."""
    return len(text) * size * _GLYPH_WIDTH


def fit(text: str, room: float, size: float = TEXT_SIZE) -> str:
    """The text, shortened with an ellipsis where it is longer than its room."""
    if text_width(text, size) <= room:
        return text
    kept = max(1, int(room / (size * _GLYPH_WIDTH)) - 1)
    return text[:kept].rstrip() + "\u2026"


def label(
    x: float,
    y: float,
    text: str,
    *,
    anchor: Anchor = "start",
    size: float = TEXT_SIZE,
    tone: Literal["ink", "quiet"] = "ink",
    weight: int | None = None,
    full: str | None = None,
) -> str:
    """A line of text; `full` is told on hover where the text had to be shortened."""
    attributes: dict[str, str | float | None] = {
        "x": x,
        "y": y,
        "class": "ch-text" if tone == "ink" else "ch-quiet",
        "fill": INK if tone == "ink" else QUIET,
        "font-size": size,
        "text-anchor": None if anchor == "start" else anchor,
        "font-weight": weight,
    }
    whole = hint(full) if full is not None and full != text else ""
    return tag("text", attributes, whole + escape(text))


def line(
    x1: float,
    y1: float,
    x2: float,
    y2: float,
    *,
    role: str,
    colour: str,
    width: float = 1,
    dash: str | None = None,
) -> str:
    """A straight line in the colour of its role (`ch-grid`, `ch-axis`, ...)."""
    return tag(
        "line",
        {
            "x1": x1,
            "y1": y1,
            "x2": x2,
            "y2": y2,
            "class": role,
            "stroke": colour,
            "stroke-width": width,
            "stroke-dasharray": dash,
        },
    )


def limit_line(x1: float, y1: float, x2: float, y2: float) -> str:
    """The line of a limit: dashed ink, the same in every chart."""
    return line(x1, y1, x2, y2, role="ch-limit", colour=INK, width=1.5, dash="4 3")


def verdict_name(verdict: Verdict) -> str:
    return verdict or "none"


def verdict_word(verdict: Verdict) -> str:
    return verdict or "no verdict"


def marker(x: float, y: float, verdict: Verdict, *, radius: float = 4.5) -> str:
    """The point of a measurement: disc passes, diamond fails, ring is inconclusive.

    The shape carries the verdict for whoever cannot tell the colours apart.
    """
    name = verdict_name(verdict)
    colour = VERDICT_COLOURS[name]
    if verdict == "fail":
        r = radius * 1.3
        path = f"M{short(x)} {short(y - r)}l{short(r)} {short(r)}l{short(-r)} {short(r)}"
        path += f"l{short(-r)} {short(-r)}z"
        return tag("path", {"d": path, "class": "ch-fill-fail", "fill": colour})
    if verdict == "inconclusive":
        return tag(
            "circle",
            {
                "cx": x,
                "cy": y,
                "r": radius - 0.5,
                "class": "ch-tint ch-stroke-inconclusive",
                "fill": SURFACE,
                "stroke": colour,
                "stroke-width": 2.25,
            },
        )
    return tag(
        "circle", {"cx": x, "cy": y, "r": radius, "class": f"ch-fill-{name}", "fill": colour}
    )


def curve(run: Sequence[tuple[float, float]]) -> str:
    """A line through points, in the colour of what is measured."""
    path = "M" + "L".join(f"{short(x)} {short(y)}" for x, y in run)
    return tag(
        "path",
        {
            "d": path,
            "class": "ch-line",
            "stroke": INFO,
            "stroke-width": 2,
            "stroke-linejoin": "round",
            "stroke-linecap": "round",
        },
    )


def dot(x: float, y: float, radius: float) -> str:
    """A point without a verdict."""
    return tag(
        "circle",
        {
            "cx": x,
            "cy": y,
            "r": radius,
            "class": "ch-dot",
            "fill": INFO,
            "stroke": SURFACE,
            "stroke-width": 1.5,
        },
    )


def document(
    *,
    kind: str,
    width: float,
    height: float,
    title: str,
    description: str,
    body: Sequence[str],
    interactive: bool = False,
) -> str:
    """The whole SVG: its name and description first, for those who hear it."""
    return tag(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "class": f"chart chart-{kind}",
            "viewBox": f"0 0 {short(width)} {short(height)}",
            "width": width,
            "height": height,
            "role": "group" if interactive else "img",
            "aria-label": title,
            "font-family": FONT,
            "fill": "none",
        },
        hint(title),
        "" if description == title else tag("desc", {}, escape(description)),
        *body,
    )


@dataclass(frozen=True, slots=True)
class Scale:
    """Maps values to coordinates; what lies outside is drawn at the edge."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        if math.isnan(value):
            return self.start
        span = self.high - self.low
        portion = 0.5 if span == 0 else (min(max(value, self.low), self.high) - self.low) / span
        return self.start + portion * (self.end - self.start)


def domain(
    values: Sequence[float | None],
    *,
    lo: float | None = None,
    hi: float | None = None,
    padding: float = 0.06,
) -> tuple[float, float]:
    """The range to draw: all finite values with a little air, or what the caller fixes."""
    finite = [value for value in values if value is not None and math.isfinite(value)]
    low = min(finite, default=0.0)
    high = max(finite, default=1.0)
    span = high - low
    if span <= max(abs(low), abs(high), 1e-2) * 1e-9:  # all the same, but for rounding
        span = max(abs(high) * 0.2, 0.1)
    low = low - span * padding if lo is None else lo
    high = high + span * padding if hi is None else hi
    return (low, high) if low < high else (low - 0.5, low + 0.5)


def ticks(low: float, high: float, wanted: int = 5) -> list[float]:
    """Round numbers (1, 2 or 5 times a power of ten) inside the range."""
    raw = (high - low) / max(wanted, 1)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next((factor * power for factor in (1, 2, 5) if factor * power >= raw), 10 * power)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(index * step, 12) for index in range(first, last + 1)]


def tick_text(value: float, all_ticks: Sequence[float]) -> str:
    """A tick with just the decimals that its neighbours need."""
    step = min((b - a for a, b in itertools.pairwise(all_ticks)), default=1.0)
    decimals = max(0, min(12, -math.floor(math.log10(step) + 1e-9)))
    return f"{value:,.{decimals}f}".replace("-", "\u2212")
