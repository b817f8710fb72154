"""The charts of a report: those its method emits, and those its measurements hold besides.

Chart data only, by kind; drawing is the charts' part.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from audits.reports.groups import base_metrics, is_hidden, is_rate, metric_name

Chart = dict[str, Any]
Measured = Mapping[str, Any]
CROSSED = 6
CELLS = 400


def charts_of(report: Mapping[str, Any]) -> list[Chart]:
    """Return the charts of a report, the forest plots with their line of no difference."""
    emitted = [_with_reference(chart) for chart in report["charts"]]
    kinds = {chart["kind"] for chart in emitted}
    measurements = report["measurements"]
    found = [] if "matrix" in kinds else matrices(measurements)
    if "heat" not in kinds:
        found += crossed_groups(measurements)
    return emitted + found


def _with_reference(chart: Mapping[str, Any]) -> Chart:
    if chart.get("kind") != "forest" or "reference" in chart:
        return dict(chart)
    metric = str(chart.get("metric") or "")
    even = {"ratio": 1.0, "difference": 0.0, "change": 0.0}.get(metric.rpartition("_")[2])
    return dict(chart) if even is None else {**chart, "reference": even}


def crossed_groups(measurements: Sequence[Measured]) -> list[Chart]:
    """Return a heat map for each crossing of two or more groupings and each of its strata."""
    found: list[Chart] = []
    for metric in base_metrics(measurements):
        gathered: dict[tuple[tuple[str, ...], str], list[Measured]] = {}
        for one in measurements:
            by = tuple(one["by"])
            if one["metric"] == metric and is_rate(one) and len(by) > 1:
                if by == ("scenario", "task"):
                    continue
                stratum = ", ".join(f"{n} {v}" for n, v in one["slice"].items() if n not in by)
                gathered.setdefault((by, stratum), []).append(one)
        for (by, stratum), rows in gathered.items():
            place = f", {stratum}" if stratum else ""
            title = f"{metric_name(metric)} by {' and '.join(by)}{place}"
            chart = _heat("heat", title, rows, by[0], by[1:])
            if chart is not None:
                found.append(chart)
    return found[:CROSSED]


def matrices(measurements: Sequence[Measured]) -> list[Chart]:
    """Return scenario against task, for what the limits are about or the first change."""
    cells = [one for one in measurements if set(one["slice"]) == {"scenario", "task"}]
    limited = dict.fromkeys(one["metric"] for one in cells if one["threshold"] is not None)
    changes = dict.fromkeys(one["metric"] for one in cells if one["metric"].endswith("_change"))
    wanted = list(limited) or list(changes)[:1] or [one["metric"] for one in cells[:1]]
    found = []
    for metric in wanted:
        rows = [one for one in cells if one["metric"] == metric]
        title = f"{metric_name(metric)} by scenario and task"
        chart = _heat("matrix", title, rows, "scenario", ("task",))
        if chart is not None:
            found.append(chart)
    return found


def _heat(
    kind: str, title: str, rows: Sequence[Measured], down: str, across: tuple[str, ...]
) -> Chart | None:
    """Place the measurements; a crossing beyond what can be read stays with the tables."""
    places = {
        (str(one["slice"][down]), ", ".join(str(one["slice"][name]) for name in across)): one
        for one in rows
    }
    names = list(dict.fromkeys(place[0] for place in places))
    columns = list(dict.fromkeys(place[1] for place in places))
    if len(names) * len(columns) > CELLS:
        return None
    return {
        "kind": kind,
        "title": title,
        "row_name": down.capitalize(),
        "column_name": " and ".join(across).capitalize(),
        "rows": names,
        "columns": columns,
        "cells": [[_cell(places.get((name, column))) for column in columns] for name in names],
    }


def _cell(one: Measured | None) -> dict[str, Any] | None:
    if one is None:
        return None
    if is_hidden(one):
        return {"hidden": True}
    return {name: one[name] for name in ("value", "low", "high", "n", "verdict")}
