"""The path of sequential evidence: how strongly the windows so far speak for an alert.

Log scale, with the lines where watching and alerting begin. Weighs nothing: the evidence and the
state of each window are given.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from governance.charts import svg
from governance.charts.figures import figure
from governance.charts.svg import Verdict
from governance.charts.trend import dates, runs_of

_TOP = 1e12  # beyond this the path is drawn at the edge; the table tells the figure
STATUS_WORDS = {
    "ok": "ok",
    "watch": "watch",
    "alert": "alert",
    "recovered": "recovered",
    "insufficient_data": "insufficient data",
}
_SHAPES: dict[str, Verdict] = {
    "ok": "pass",
    "recovered": "pass",
    "watch": "inconclusive",
    "alert": "fail",
}


@dataclass(frozen=True, slots=True)
class EvidencePoint:
    """One window: its label (a date), the evidence after it and the state it led to.

    `evidence` is on its own scale (20 is twenty to one), not a logarithm; None where the window
    carried none.
    """

    label: str
    evidence: float | None
    status: str = "ok"


def evidence_path(
    points: Sequence[EvidencePoint],
    *,
    watch: float,
    alert: float,
    title: str = "Evidence that the limit is left",
    width: float = 720,
    height: float = 280,
) -> str:
    """Draw the evidence window by window against the lines of watching and of the alert.

    Raises
    ------
    ValueError : unless 0 < watch < alert.
    """
    if not 0 < watch < alert:
        raise ValueError("The watch line lies above 0 and below the alert line.")
    logs = [_log(point.evidence) for point in points]
    known = [one for one in logs if one is not None]
    low = math.floor(min([0.0, math.log10(watch), *known]))
    high = max([math.log10(alert) + 0.4, *(one + 0.2 for one in known)])
    powers = list(range(low, math.ceil(high)))
    every = max(1, -(-len(powers) // 7))
    texts = {power: _power(power) for power in powers[::every]}
    marks = [("alert at " + figure(alert), alert), ("watch at " + figure(watch), watch)]
    left = max([svg.text_width(text, 11) for text in texts.values()] + [16.0]) + 10
    half = max([svg.text_width(point.label, 11) for point in points] + [0.0]) / 2
    left, right = max(left, half), max(*(svg.text_width(m, 11) + 14 for m, _ in marks), half)
    top, base = 30.0, height - 26
    scale_x = svg.Scale(0, max(len(points) - 1, 1), left, width - right)
    scale_y = svg.Scale(low, high, base, top)
    body = [svg.label(0, 14, "Evidence, log scale", size=11, tone="quiet")]
    for power, text in texts.items():
        y = scale_y(power)
        body.append(svg.line(left, y, width - right, y, role="ch-grid", colour=svg.LINE))
        body.append(svg.label(left - 8, y + 4, text, anchor="end", size=11, tone="quiet"))
    body.extend(dates([point.label for point in points], scale_x, base))
    above: float | None = None
    for words, value in marks:
        y = scale_y(math.log10(value))
        body.append(svg.limit_line(left, y, width - right, y))
        at = y + 4 if above is None else max(y + 4, above + 13)
        above = at
        body.append(svg.label(width - right + 8, at, words, size=11, weight=600))
    places = [
        None if one is None else (scale_x(index), scale_y(one)) for index, one in enumerate(logs)
    ]
    body.extend(svg.curve(run) for run in runs_of(places))
    for point, place in zip(points, places, strict=True):
        if place is not None:
            hint = f"{point.label}: {figure(point.evidence)}, {status_word(point.status)}"
            shape = svg.marker(*place, _SHAPES.get(point.status))
            body.append(svg.tag("g", {}, svg.hint(hint), shape))
    told = [
        f"{point.label}: {figure(point.evidence)}, {status_word(point.status)}" for point in points
    ]
    lines = "; ".join(words for words, _ in marks)
    return svg.document(
        kind="evidence",
        width=width,
        height=height,
        title=title,
        description="; ".join([lines, *told]) if told else f"{lines}; no window yet",
        body=body,
    )


def status_word(status: str) -> str:
    """The state of a stream in words."""
    return STATUS_WORDS.get(status, status.replace("_", " "))


def _log(evidence: float | None) -> float | None:
    """The decimal logarithm to draw; none of what is not positive."""
    if evidence is None or math.isnan(evidence) or evidence <= 0:
        return None
    return math.log10(min(max(evidence, 1 / _TOP), _TOP))


def _power(power: int) -> str:
    """A power of ten as a reader says it: 0.01, 1, 1,000, and beyond that with an exponent."""
    return figure(10.0**power) if abs(power) > 5 else f"{10.0**power:,.{max(0, -power)}f}"
