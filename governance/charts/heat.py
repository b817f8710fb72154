"""A table of figures as shades: two groupings against each other, every cell with its figure.

Cells too small to be shown are hatched and named; which they are is given, not decided here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from governance.charts import svg
from governance.charts.figures import count, figure
from governance.charts.svg import Verdict

HIDDEN = "hidden: too few people"
_HIDDEN_SHORT = "hidden"
_NONE = "\u2013"

Texts = Sequence[Sequence[str]]


def heat_map(
    rows: Sequence[str],
    columns: Sequence[str],
    values: Sequence[Sequence[float | None]],
    *,
    counts: Sequence[Sequence[int | None]] | None = None,
    hidden: Sequence[Sequence[bool]] | None = None,
    verdicts: Sequence[Sequence[Verdict]] | None = None,
    title: str = "Heat map",
    lo: float | None = None,
    hi: float | None = None,
    write: Callable[[float | None], str] = figure,
    width: float = 560,
) -> str:
    """Shade each cell by its value; the figure stands in it, so the shade is never alone.

    Parameters
    ----------
    counts : how many stand in each cell, written below its figure.
    hidden : cells whose figures are kept back, hatched instead.
    verdicts : marked in the corner of a cell by shape and colour.

    Raises
    ------
    ValueError : when anything given does not have one row per name and one figure per column.
    """
    for name, given in (
        ("values", values),
        ("counts", counts),
        ("cells to hide", hidden),
        ("verdicts", verdicts),
    ):
        if given is not None and not _has_shape(given, len(rows), len(columns)):
            raise ValueError(
                f"The heat map has {len(rows)} rows and {len(columns)} columns of names; "
                f"its {name} must have the same shape."
            )
    kept = [[False] * len(columns) for _ in rows] if hidden is None else hidden
    finite = [
        v
        for line, dark in zip(values, kept, strict=True)
        for v, away in zip(line, dark, strict=True)
        if v is not None and math.isfinite(v) and not away
    ]
    low = min(finite, default=0.0) if lo is None else lo
    high = max(finite, default=1.0) if hi is None else hi
    shade = svg.Scale(low, high, 0.04, 0.46) if low < high else svg.Scale(low, low + 1, 0.2, 0.46)
    texts = [
        [_HIDDEN_SHORT if away else write(v) for v, away in zip(line, dark, strict=True)]
        for line, dark in zip(values, kept, strict=True)
    ]
    below = (
        [[f"n {count(n)}" if n is not None else "" for n in line] for line in counts]
        if counts is not None
        else [[""] * len(columns) for _ in rows]
    )
    marks = verdicts if verdicts is not None else [[None] * len(columns) for _ in rows]
    name_room = min(max([svg.text_width(row, 12) for row in rows] + [40.0]), width * 0.32)
    start = name_room + 12
    room = [svg.text_width(text) for line in texts for text in line]
    room += [svg.text_width(text, 11) for line in below for text in line]
    cell = max((width - start) / max(len(columns), 1), max([24.0, *room]) + _air(verdicts))
    width = max(width, start + cell * len(columns))
    top, tall = 26.0, 44.0 if counts is not None else 30.0
    height = top + tall * max(len(rows), 1) + 2
    body = [
        svg.label(
            start + cell * (j + 0.5),
            16,
            svg.fit(column, cell - 6, 11),
            anchor="middle",
            size=11,
            tone="quiet",
            full=column,
        )
        for j, column in enumerate(columns)
    ]
    told = []
    for i, row in enumerate(rows):
        y = top + tall * i
        body.append(svg.label(0, y + tall / 2 + 4, svg.fit(row, name_room), full=row))
        said = []
        for j, value in enumerate(values[i]):
            x = start + cell * j
            away = kept[i][j]
            known = value is not None and math.isfinite(value) and not away
            words = HIDDEN if away else _said(texts[i][j], below[i][j], marks[i][j])
            said.append(f"{columns[j]} {words}")
            depth = shade(value) if known and value is not None else None
            body.append(_box(x, y, cell, tall, depth, f"{row}, {columns[j]}: {words}"))
            if away:
                body.append(_hatch(x + 1, y + 1, cell - 2, tall - 2))
            body.extend(
                _words(
                    x,
                    y,
                    cell,
                    tall,
                    texts[i][j] if known or away else _NONE,
                    below[i][j] if not away else "",
                    away,
                )
            )
            if known and marks[i][j]:
                body.append(svg.marker(x + 11, y + tall / 2, marks[i][j], radius=4))
        told.append(f"{row}: " + ", ".join(said))
    return svg.document(
        kind="heat",
        width=width,
        height=height,
        title=title,
        description="; ".join(told) or "No figures yet.",
        body=body,
    )


def _has_shape(given: Sequence[Sequence[object]], rows: int, columns: int) -> bool:
    return len(given) == rows and all(len(line) == columns for line in given)


def _air(verdicts: object) -> float:
    """Room beside the figure; more where a marker stands there."""
    return 10.0 if verdicts is None else 38.0


def _said(text: str, below: str, verdict: Verdict) -> str:
    return ", ".join(part for part in (text, below, verdict or "") if part)


def _words(
    x: float, y: float, cell: float, tall: float, text: str, below: str, hidden: bool
) -> list[str]:
    """The figure of a cell, and how many it stands for below it."""
    middle, centre = x + cell / 2, y + tall / 2
    if not below:
        words = svg.label(middle, centre + 4, text, anchor="middle")
        if not hidden:
            return [words]
        half = svg.text_width(text) / 2 + 3
        ground: dict[str, str | float | None] = {
            "x": middle - half,
            "y": centre - 9,
            "width": 2 * half,
            "height": 18.0,
            "rx": 3.0,
            "class": "ch-tint",
            "fill": svg.SURFACE,
        }
        return [svg.tag("rect", ground), words]
    return [
        svg.label(middle, centre - 2, text, anchor="middle"),
        svg.label(middle, centre + 13, below, anchor="middle", size=11, tone="quiet"),
    ]


def _box(x: float, y: float, cell: float, tall: float, depth: float | None, words: str) -> str:
    known = depth is not None
    return svg.tag(
        "rect",
        {
            "x": x + 1,
            "y": y + 1,
            "width": cell - 2,
            "height": tall - 2,
            "rx": 3,
            "class": "ch-heat" if known else "ch-surface",
            "fill": svg.INFO if known else svg.SURFACE,
            "fill-opacity": depth,
            "stroke": None if known else svg.LINE,
            "stroke-dasharray": None if known else "2 2",
        },
        svg.hint(words),
    )


def _hatch(x: float, y: float, width: float, height: float, step: float = 7.0) -> str:
    """Slanted lines inside a box, without a pattern that another chart's id could take over."""
    parts = []
    at = step
    while at < width + height:
        x1, y1 = (x + at, y) if at <= width else (x + width, y + at - width)
        x2, y2 = (x, y + at) if at <= height else (x + at - height, y + height)
        parts.append(f"M{svg.short(x1)} {svg.short(y1)}L{svg.short(x2)} {svg.short(y2)}")
        at += step
    return svg.tag(
        "path",
        {"d": "".join(parts), "class": "ch-track", "stroke": svg.TRACK, "stroke-width": 1},
    )
