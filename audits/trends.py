"""How the number that decided a plan moved from window to window, ready to be drawn."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from audits import selectors
from audits.models import Plan, Run

TREND_WINDOWS = 60


def plan_trends(
    plan: Plan, since: datetime | None = None, until: datetime | None = None
) -> list[dict[str, Any]]:
    """One series a version: the number that decided each window, oldest first."""
    return series_of(selectors.verdict_rows(judged_runs(plan, since, until)))


def judged_runs(
    plan: Plan, since: datetime | None = None, until: datetime | None = None
) -> QuerySet[Run]:
    """The newest verdict of each window and version; of windows that lie within the period."""
    found = Run.objects.filter(plan=plan, verdict__isnull=False)
    if since is not None:
        found = found.filter(window_start__gte=since)
    if until is not None:
        found = found.filter(window_end__lte=until)
    return (
        found.defer("report")
        .select_related("plan__system", "version")
        .order_by("version_id", "-window_end", "-finished_at")
        .distinct("version_id", "window_end")
    )


def series_of(rows: list[selectors.VerdictRow]) -> list[dict[str, Any]]:
    """Rows, newest first, as the data of trend charts."""
    series: dict[tuple[str, str], list[selectors.VerdictRow]] = {}
    for row in rows:
        series.setdefault((row.version_key, row.metric), []).append(row)
    return [
        {
            "kind": "trend",
            "title": _title(metric, version),
            "limit": found[0].threshold,
            "points": [
                {
                    "label": f"{row.window_start.day} {row.window_start:%b}",
                    "value": row.value,
                    "low": row.low,
                    "high": row.high,
                    "n": row.n,
                    "verdict": row.verdict,
                }
                for row in reversed(found[:TREND_WINDOWS])
            ],
        }
        for (version, metric), found in series.items()
        if metric
    ]


def _title(metric: str, version: str) -> str:
    """`Top share of version thompson`."""
    words = metric.replace("_", " ").capitalize()
    return f"{words} of version {version}" if version else words
