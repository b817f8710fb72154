"""Steps that people pass one after the other, with what remains at each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from governance.charts import svg
from governance.charts.figures import count, share


@dataclass(frozen=True, slots=True)
class FunnelStep:
    """One step and how many reached it."""

    label: str
    n: int


def funnel(steps: Sequence[FunnelStep], *, title: str = "Funnel", width: float = 560) -> str:
    """A bar a step, as long as what is left of the first; counts and shares beside."""
    name_room = min(max([svg.text_width(step.label, 13) for step in steps] + [60.0]), width * 0.32)
    first = steps[0].n if steps else 0
    texts = [
        f"{count(step.n)} ({share(step.n / first) if first else share(None)})" for step in steps
    ]
    figure_room = max([svg.text_width(text) for text in texts] + [40.0])
    start = name_room + 12
    end = max(width - figure_room - 10, start + 60)
    width = max(width, end + figure_room + 10)
    most = max([step.n for step in steps] + [1])
    scale = svg.Scale(0, most, start, end)
    tall = 34.0
    height = tall * max(len(steps), 1) + 4
    body = []
    for index, (step, text) in enumerate(zip(steps, texts, strict=True)):
        y = tall * index + 6
        name = svg.fit(step.label, name_room, 13)
        body.append(svg.label(0, y + 16, name, size=13, full=step.label))
        body.append(
            svg.tag(
                "rect",
                {
                    "x": start,
                    "y": y,
                    "width": max(scale(step.n) - start, 1.5),
                    "height": tall - 12,
                    "rx": 3,
                    "class": "ch-heat",
                    "fill": svg.INFO,
                    "fill-opacity": 0.55,
                },
            )
        )
        body.append(svg.label(end + 10, y + 16, text))
    told = "; ".join(f"{step.label}: {text}" for step, text in zip(steps, texts, strict=True))
    return svg.document(
        kind="funnel",
        width=width,
        height=height,
        title=title,
        description=told or "No steps yet.",
        body=body,
    )
