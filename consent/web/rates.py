"""The page of what people want: figures with intervals, filters in the address, and a CSV."""

from __future__ import annotations

import csv
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from consent.recipients.selectors import overdue_notices
from consent.selectors.rates import SPLITS, Filter, Rates, Share, consent_figures
from governance.core.clock import database_now
from governance.people.actors import request_actor
from governance.people.web.access import requires
from governance.registry.models import Purpose

_FIELDS = ("purpose", "region", "notice", "split")


def _wanted(request: HttpRequest) -> Filter:
    asked = {name: request.GET.get(name, "").strip()[:63] for name in _FIELDS}
    if asked["split"] not in SPLITS:
        asked["split"] = ""
    return Filter(**asked)


def _figures(request: HttpRequest, wanted: Filter) -> Rates:
    actor = request_actor(request)
    return consent_figures(wanted, today=database_now().date(), actor=actor)


def _bar(title: str, share: Share) -> dict[str, Any] | None:
    if share.value is None:
        return None
    return {
        "metric": title,
        "value": share.value,
        "low": share.low,
        "high": share.high,
        "n": share.whole,
    }


@requires("consent.view")
@require_GET
def rates(request: HttpRequest) -> HttpResponse:
    """What people want: the share who consent, with its interval, and how it moved."""
    wanted = _wanted(request)
    found = _figures(request, wanted)
    asked = {name: value for name in _FIELDS if (value := getattr(wanted, name))}
    context = {
        "found": found,
        "wanted": wanted,
        "rows": [
            {"row": row, "measurement": _bar(f"{row.title} {row.split}", row.consent)}
            for row in found.rows
        ],
        "anyone": any(row.consent.whole for row in found.rows),
        "purposes": Purpose.objects.values_list("key", "title"),
        "export_url": f"{reverse('consent:rates-csv')}?{urlencode(asked)}",
        "may_try": settings.DEMO,
        "curl": f"curl -X POST {settings.PUBLIC_URL}/api/v1/consent/events "
        '-H "Authorization: Bearer $KEY" -H "Content-Type: application/json" '
        '-d \'{"subject": "42", "type": "ads", "status": "given", "method": "toggle"}\'',
    }
    context["late_recipients"] = overdue_notices(request_actor(request)).count()
    return render(request, "consent/rates.html", context)


@requires("consent.view")
@require_GET
def rates_csv(request: HttpRequest) -> HttpResponse:
    """The same figures as a file, under the same filters."""
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="consent-rates.csv"'
    writer = csv.writer(answer)
    writer.writerow(
        ["purpose", "split", "chose", "consent", "share", "low", "high", "withdrew",
         "steps_in", "steps_out"]
    )  # fmt: skip
    for row in _figures(request, _wanted(request)).rows:
        share = row.consent
        writer.writerow(
            [row.purpose, row.split, share.whole, share.part, share.value, share.low, share.high,
             row.withdrawn.part, row.steps_in, row.steps_out]
        )  # fmt: skip
    return answer
