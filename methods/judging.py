"""From a measurement and its limits to judged rows and a forest plot's data, for any method.

Which intervals hold together is decided by each method before it comes here.
"""

from collections.abc import Sequence
from dataclasses import replace

from methods.report import Chart, Limit, Measurement, Missing, Threshold, limits_for
from methods.statistics.verdicts import Verdict, judge, units_to_decide


def judged(row: Measurement, limits: Sequence[Limit], least: int, few: int) -> list[Measurement]:
    """Return the row once for each limit on its metric, or as it is when there is none.

    `few` are the units of the smallest part compared; with fewer than `least` nothing is judged.
    """
    found = []
    for limit in limits_for(row.metric, limits):
        verdict: Verdict = (
            "inconclusive" if few < least else judge(row.low, row.high, limit.op, limit.value)
        )
        missing, note = None, row.note
        if verdict == "inconclusive":
            units = None
            if row.value is not None and row.low is not None and row.high is not None:
                log = row.comparison is not None and row.comparison.kind == "ratio"
                units = units_to_decide(
                    row.value, row.low, row.high, limit.value, max(row.n, 1), log=log
                )
            if few < least:
                note = joined(f"fewer than {least} {row.unit} on a side", note)
                units = max(units or 0, least - few)
            missing = Missing(units)
        found.append(
            replace(row, threshold=Threshold.of(limit), verdict=verdict, missing=missing, note=note)
        )
    return found or [row]


def not_applicable(row: Measurement, limits: Sequence[Limit], reason: str) -> list[Measurement]:
    """Return the row for each limit on its metric, none of them met, with the reason."""
    noted = replace(row, note=joined(reason, row.note))
    return [
        replace(noted, threshold=Threshold.of(limit), verdict="not_applicable")
        for limit in limits_for(row.metric, limits)
    ] or [noted]


def joined(*parts: str) -> str:
    """Return the parts that say something as one note."""
    return "; ".join(part for part in parts if part)


def words(slice_: dict[str, str]) -> str:
    """Return a slice as words."""
    return ", ".join(f"{name} {value}" for name, value in slice_.items())


def forest(metric: str, rows: Sequence[Measurement], limits: Sequence[Limit]) -> list[Chart]:
    """Return a forest plot's data of one metric; none without a value."""
    shown = [row for row in rows if row.metric == metric and row.value is not None]
    if not shown:
        return []
    return [
        {
            "kind": "forest",
            "title": metric.replace("_", " ").capitalize(),
            "metric": metric,
            "limits": [limit.to_dict() for limit in limits_for(metric, limits)],
            "rows": [
                {
                    "label": _label(row),
                    "value": row.value,
                    "low": row.low,
                    "high": row.high,
                    "n": row.n,
                    "unit": row.unit,
                    "verdict": row.verdict,
                }
                for row in shown
            ],
        }
    ]


def _label(row: Measurement) -> str:
    place = words(row.slice)
    if row.comparison is None:
        return place or "all"
    sides = f"{words(row.comparison.of)} to {words(row.comparison.to) or 'all'}"
    return f"{sides} ({place})" if place else sides
