"""The stage of the plans' pages: a form filled in, its buttons, and pages as text."""

from __future__ import annotations

from html import unescape
from typing import Any

from django.test import Client
from django.urls import reverse

FILLED: dict[str, Any] = {
    "title": "Spread?",
    "key": "spread",
    "system": "carousel",
    "source": "",
    "version": "learned",
    "method": "exposure.popularity",
    "drawn_for": "exposure.popularity",
    "col_item": "item",
    "col_subject": "subject",
    "set_top_fraction": "0.1",
    "set_catalogue_size": "20",
    "limit_rows": "3",
    "limit_0-metric": "top_share",
    "limit_0-op": "<=",
    "limit_0-value": "0.30",
    "limit_0-severity": "fail",
    "limit_1-op": ">=",
    "limit_1-severity": "fail",
    "limit_2-op": ">=",
    "limit_2-severity": "fail",
    "limits_note": "From the last month.",
    "rhythm": "interval",
    "every": "1 day",
    "zone": "Europe/Berlin",
    "starts_at": "2026-01-05T00:00",
    "ends_at": "2026-01-08T00:00",
    "lateness": "6 hours",
    "backfill": "on",
    "planned_looks": "3",
    "time_limit": "30 minutes",
    "weight": "light",
    "on_breach": "finding",
    "suppress_below": "10",
}


def text_of(client: Client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200, url
    return unescape(response.content.decode())


def sent(client: Client, step: str, **changes: Any) -> Any:
    """Press a button of the editor with everything filled in."""
    filled = {**FILLED, **changes, "step": step}
    return client.post(
        reverse("audit_plan_new"),
        {name: value for name, value in filled.items() if value is not None},
    )


def page_of(response: Any) -> str:
    return unescape(response.content.decode())
