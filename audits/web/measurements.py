"""The measurements of a run as a list one can read: judged ones first, filtered, a page at a time.

Works on the report in memory, so the page costs the same number of queries however long it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.core.paginator import Paginator

PAGE = 50
NOT_JUDGED = "not_judged"
VERDICT_NAMES = {
    "fail": "Fail",
    "inconclusive": "Inconclusive",
    "pass": "Pass",
    "not_applicable": "Could not be measured",
    NOT_JUDGED: "Not judged",
}
_RANK = {"fail": 0, "inconclusive": 1, "not_applicable": 2, "pass": 3, NOT_JUDGED: 4}

Measured = dict[str, Any]


def listed(measurements: Sequence[Measured], asked: Mapping[str, str]) -> dict[str, Any]:
    """Context of the table: its page of rows, its filters as they stand in the URL, its counts."""
    metrics = list(dict.fromkeys(one["metric"] for one in measurements))
    groups = list(dict.fromkeys(grouping(one) for one in measurements))
    verdicts = {verdict_of(one) for one in measurements}
    wanted = {name: asked.get(name, "").strip() for name in ("q", "metric", "group", "verdict")}
    found = sorted(
        (one for one in measurements if _fits(one, wanted)),
        key=lambda one: _RANK.get(verdict_of(one), 3),
    )
    return {
        "page": Paginator(found, PAGE).get_page(asked.get("page")),
        "found": len(found),
        "total": len(measurements),
        "filters": [
            {"name": "q", "label": "Search", "value": wanted["q"]},
            _choice("metric", "Metric", [(one, _name(one)) for one in metrics], wanted),
            _choice("group", "Groups by", [(one, one) for one in groups], wanted),
            _choice(
                "verdict",
                "Verdict",
                [(key, name) for key, name in VERDICT_NAMES.items() if key in verdicts],
                wanted,
            ),
        ],
    }


def grouping(measurement: Measured) -> str:
    """The columns a measurement tells people apart by: `race and sex`, or `everyone`."""
    columns = measurement.get("by") or sorted(measurement["slice"])
    if not columns and measurement["comparison"]:
        columns = sorted(measurement["comparison"]["of"])
    return " and ".join(columns) or "everyone"


def _name(metric: str) -> str:
    return metric.replace("_", " ").capitalize()


def verdict_of(measurement: Measured) -> str:
    if measurement["threshold"] is None:
        return NOT_JUDGED
    return str(measurement["verdict"] or NOT_JUDGED)


def _choice(
    name: str, label: str, options: list[tuple[str, str]], wanted: Mapping[str, str]
) -> dict[str, Any]:
    return {"name": name, "label": label, "options": options, "value": wanted[name]}


def _fits(one: Measured, wanted: Mapping[str, str]) -> bool:
    return (
        wanted["metric"] in ("", one["metric"])
        and wanted["group"] in ("", grouping(one))
        and wanted["verdict"] in ("", verdict_of(one))
        and all(word in _text(one) for word in wanted["q"].lower().split())
    )


def _text(one: Measured) -> str:
    """What the search looks through: the metric, the groups and the note."""
    compared = one["comparison"] or {}
    sides = [one["slice"], compared.get("of", {}), compared.get("to", {})]
    values = [f"{column} {value}" for side in sides for column, value in side.items()]
    return " ".join([_name(one["metric"]), *values, one["note"] or ""]).lower()
