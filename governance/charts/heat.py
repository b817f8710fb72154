"""A table of figures as shades: two groupings against each other, every cell with its figure."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from governance.charts import svg
from governance.charts.figures import figure


def heat_map(
    rows: Sequence[str],
    columns: Sequence[str],
    values: Sequence[Sequence[float | None]],
    *,
    title: str = "Heat map",
    lo: float | None = None,
    hi: float | None = None,
    write: Callable[[float | None], str] = figure,
    width: float = 560,
) -> str:
    """Shade each cell by its value; the figure stands in it, so the shade is never alone.

    Raises
    ------
    ValueError : when `values` does not have one row per name and one figure per column.
    """
    if len(values) != len(rows) or any(len(line) != len(columns) for line in values):
        raise ValueError(
            f"The heat map has {len(rows)} rows and {len(columns)} columns of names; "
            "its values must have the same shape."
        )
    finite = [v for line in values for v in line if v is not None and math.isfinite(v)]
    low = min(finite, default=0.0) if lo is None else lo
    high = max(finite, default=1.0) if hi is None else hi
    shade = svg.Scale(low, high, 0.04, 0.46) if low < high else svg.Scale(low, low + 1, 0.2, 0.46)
    name_room = min(max([svg.text_width(row, 12) for row in rows] + [40.0]), width * 0.32)
    start = name_room + 12
    texts = [[write(v) for v in line] for line in values]
    needed = max([svg.text_width(text) for line in texts for text in line] + [24.0]) + 10
    cell = max((width - start) / max(len(columns), 1), needed)
    width = max(width, start + cell * len(columns))
    top, tall = 26.0, 30.0
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
    for i, row in enumerate(rows):
        y = top + tall * i
        body.append(svg.label(0, y + tall / 2 + 4, svg.fit(row, name_room), full=row))
        for j, value in enumerate(values[i]):
            x = start + cell * j
            known = value is not None and math.isfinite(value)
            body.append(
                svg.tag(
                    "rect",
                    {
                        "x": x + 1,
                        "y": y + 1,
                        "width": cell - 2,
                        "height": tall - 2,
                        "rx": 3,
                        "class": "ch-heat" if known else "ch-surface",
                        "fill": svg.INFO if known else svg.SURFACE,
                        "fill-opacity": shade(value) if value is not None and known else None,
                        "stroke": None if known else svg.LINE,
                        "stroke-dasharray": None if known else "2 2",
                    },
                    svg.hint(f"{row}, {columns[j]}: {texts[i][j]}"),
                )
            )
            middle = x + cell / 2
            tone_text = texts[i][j] if known else "\u2013"
            body.append(svg.label(middle, y + tall / 2 + 4, tone_text, anchor="middle"))
    told = "; ".join(
        f"{row}: " + ", ".join(f"{c} {t}" for c, t in zip(columns, line, strict=True))
        for row, line in zip(rows, texts, strict=True)
    )
    return svg.document(
        kind="heat",
        width=width,
        height=height,
        title=title,
        description=told or "No figures yet.",
        body=body,
    )
