"""Renders the style guide: every component and chart once, with sample figures.

`rendered_pages()` gives path -> HTML; the browser test serves them under the product's policy.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.contrib.messages.storage.base import Message
from django.template import engines
from django.template.loader import render_to_string
from django.test import RequestFactory

from governance.charts import FlowEdge, FlowNode, FunnelStep, TrendPoint
from governance.core.actors import SystemActor

GUIDE = Path(__file__).parent / "style_guide.html"


class Visitor:
    """Someone signed in, for the user menu."""

    is_authenticated = True
    name = "Ada Keller"
    email = "ada@example.org"


def _measured(system: str, metric: str, label: str, n: int, *found: Any) -> dict[str, Any]:
    value, low, high, verdict = found
    return {
        "system": system,
        "metric": metric,
        "label": label,
        "n": n,
        "value": value,
        "low": low,
        "high": high,
        "threshold": {"op": ">=", "value": 0.8},
        "verdict": verdict,
    }


def _trend() -> list[TrendPoint]:
    points = [
        TrendPoint(f"{8 + day} Nov", 0.92 - 0.015 * day, 0.86 - 0.016 * day, 0.98 - 0.014 * day)
        for day in range(14)
    ]
    points[5] = TrendPoint("13 Nov", None)
    return points


def context() -> dict[str, Any]:
    """Sample figures for every component."""
    now = datetime.now(UTC)
    return {
        "user": Visitor,
        "demo": True,
        "needs_me_count": 3,
        "messages": [Message(25, "The hold was lifted by two people.")],
        "trail": [("Overview", "/"), ("ads-ctr-v7", "")],
        "spark": [0.7, 0.72, 0.75, 0.8, 0.79, 0.81, 0.814],
        "spark2": [0.95, 0.93, 0.9, 0.9, 0.88, 0.85],
        "spark3": [0.2, 0.22, 0.25, 0.28, 0.31, 0.34],
        "ago": now - timedelta(hours=3),
        "points": _trend(),
        "nodes": [
            FlowNode("profile", "profile store", "dataset"),
            FlowNode("web", "web events", "dataset"),
            FlowNode("rank", "postcode_rank", "proxy for ethnicity", "proxy"),
            FlowNode("age", "age_band", "sensitive", "sensitive"),
            FlowNode("clicks", "clicks_30d", "feature"),
            FlowNode("model", "ads-ctr-v7", "serving", "focus", "/systems/ads-ctr/"),
            FlowNode("slots", "ad slots", "surface"),
            FlowNode("partner", "ad partner", "recipient"),
        ],
        "edges": [
            FlowEdge("profile", "rank"),
            FlowEdge("profile", "age"),
            FlowEdge("web", "clicks"),
            FlowEdge("rank", "model"),
            FlowEdge("age", "model"),
            FlowEdge("clicks", "model"),
            FlowEdge("model", "slots"),
            FlowEdge("web", "partner", observed=False),
        ],
        "rows": [
            _measured("home-feed", "Exposure parity", "Asian", 2210, 0.93, 0.88, 0.98, "pass"),
            _measured("ads-ctr-v7", "Selection rate", "Black", 1792, 0.71, 0.65, 0.78, "fail"),
            _measured(
                "basket-offers",
                "Equal opportunity difference",
                "Hispanic or Latino, and a very long group name",
                640,
                *(0.86, 0.74, 0.99, "inconclusive"),
            ),
            _measured("price-suggest", "Parity ratio", "White", 9800, 0.97, 0.95, 0.99, "pass"),
            _measured("mail-timing", "Not measured", "(missing)", 3, None, None, None, None),
        ],
        "entries": [
            {
                "at": now - timedelta(minutes=14),
                "title": "INC-0042: selection-rate ratio below its limit",
                "text": "Held at once; uniform serves.",
                "by": "Ivo, incident commander",
                "tone": "fail",
                "icon": "alert-triangle",
                "href": "/incidents/INC-0042/",
            },
            {"at": now - timedelta(days=2), "title": "INC-0039 closed", "tone": "pass"},
        ],
        "facts": [("Owner", "Ada Keller"), ("Fallback", "uniform"), ("Since", None)],
        "hr": ["Female", "Male", "Non-binary"],
        "hc": ["Asian", "Black", "White", "Other"],
        "hv": [[0.31, 0.22, 0.4, 0.3], [0.35, 0.28, 0.44, 0.33], [0.3, None, 0.38, 0.29]],
        "fs": [FunnelStep("Saw the notice", 48210), FunnelStep("Gave consent", 9120)],
        "filters": [
            {
                "name": "state",
                "label": "State",
                "options": [("held", "Held"), ("off", "Off")],
                "value": "held",
            },
            {"name": "q", "label": "Contains", "value": ""},
        ],
    }


def rendered_pages() -> dict[str, str]:
    """The guide, the end of its running job, a page for people and an error page."""
    request = RequestFactory().get("/")
    guide = engines["django"].from_string(GUIDE.read_text("utf-8"))
    return {
        "/guide": str(guide.render(context() | {"actor": SystemActor("style guide")}, request)),
        "/public": render_to_string("public_base.html", {}, request),
        "/error": render_to_string("404.html"),
        "/p": render_to_string("components/progress.html", {"label": "Read", "done": True}),
    }
