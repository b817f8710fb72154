"""The page that says how fast harms are found, stopped and fixed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from governance.core.clock import database_now
from governance.people.actors import request_actor
from governance.people.web.access import requires
from incidents.choices import Severity
from incidents.metrics import mitigated_within, spreads
from incidents.post_mortem.reading import actions_for, standing_of_actions
from incidents.selectors import episodes_for

PERIODS = {"90": "90 days", "365": "a year", "all": "all time"}
SERIOUS = (Severity.S1, Severity.S2)
IN_TIME = timedelta(minutes=30)


@requires("incidents.view")
def metrics(request: HttpRequest) -> HttpResponse:
    """Median and 90th percentile of each measure, with how many episodes it rests on."""
    period = request.GET.get("period", "365")
    severity = request.GET.get("severity", "")
    since = None
    if period in PERIODS and period != "all":
        since = database_now() - timedelta(days=int(period))
    chosen = [severity] if severity in Severity.values else Severity.values
    episodes = [
        one for one in episodes_for(request_actor(request), since) if one.severity in chosen
    ]
    rows = [
        {
            "title": one.measure.title,
            "since": one.measure.since,
            "until": one.measure.until,
            "n": one.n,
            "median": in_words(one.median),
            "p90": in_words(one.p90),
        }
        for one in spreads(episodes)
    ]
    context = {
        "rows": rows,
        "episodes": len(episodes),
        "periods": PERIODS,
        "period": period,
        "severities": Severity.choices,
        "severity": severity,
        "promises": standing_of_actions(actions_for(request_actor(request)), database_now().date()),
        "in_time": _in_time(*mitigated_within(episodes, IN_TIME, SERIOUS)),
    }
    return render(request, "incidents/metrics.html", context)


def _in_time(met: int, serious: int) -> dict[str, Any] | None:
    from methods.statistics.proportions import wilson

    if not serious:
        return None
    low, high = wilson(met, serious)
    return {"value": met / serious, "low": low, "high": high, "n": serious}


def in_words(length: timedelta | None) -> str:
    """Return a length as its two largest parts: `2 d 4 h`, `12 min 5 s`; nothing when unknown."""
    if length is None:
        return ""
    seconds = round(length.total_seconds())
    parts: list[str] = []
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        count, seconds = divmod(seconds, size)
        if count or (parts and len(parts) < 2):
            parts.append(f"{count} {unit}")
    kept = [part for part in parts[:2] if not part.startswith("0 ")]
    return " ".join(kept) or "0 s"
