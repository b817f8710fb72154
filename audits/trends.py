"""How the number that decided a plan moved from window to window, ready to be drawn."""

from __future__ import annotations

from typing import Any

from audits import selectors
from audits.models import Plan, Run

TREND_WINDOWS = 60


def plan_trends(plan: Plan) -> list[dict[str, Any]]:
    """One series a version: the number that decided each scheduled window, oldest first."""
    newest = (
        Run.objects.filter(plan=plan, verdict__isnull=False)
        .defer("report")
        .select_related("plan__system", "version")
        .order_by("version_id", "-window_end", "-finished_at")
        .distinct("version_id", "window_end")
    )
    series: dict[tuple[str, str], list[selectors.VerdictRow]] = {}
    for row in selectors.verdict_rows(newest):
        series.setdefault((row.version_key, row.metric), []).append(row)
    return [
        {
            "title": _title(metric, version),
            "limit": rows[0].threshold,
            "points": [
                {
                    "label": f"{row.window_start.day} {row.window_start:%b}",
                    "value": row.value,
                    "low": row.low,
                    "high": row.high,
                    "verdict": row.verdict,
                }
                for row in reversed(rows[:TREND_WINDOWS])
            ],
        }
        for (version, metric), rows in series.items()
        if metric
    ]


def _title(metric: str, version: str) -> str:
    """`Top share of version thompson`."""
    words = metric.replace("_", " ").capitalize()
    return f"{words} of version {version}" if version else words
