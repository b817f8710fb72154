"""The demonstration's door to the preference centre as a test person."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_POST

from consent import selectors, services
from governance.core.actors import SystemActor
from governance.core.errors import NotPermitted
from governance.people.actors import request_actor
from governance.people.web.access import requires
from methods.statistics.proportions import wilson


@requires("consent.view")
@require_GET
def rates(request: HttpRequest) -> HttpResponse:
    """What people want: the share who consent, by purpose, with its interval."""
    actor = request_actor(request)
    rows: list[dict[str, Any]] = []
    for rate in selectors.consent_rates(actor):
        found = wilson(rate.consent, rate.chose) if rate.chose else None
        measurement = found and {
            "metric": rate.purpose.title,
            "value": rate.share,
            "low": found.low,
            "high": found.high,
            "n": rate.chose,
        }
        rows.append({"rate": rate, "measurement": measurement})
    context = {
        "rows": rows,
        "anyone": any(row["measurement"] for row in rows),
        "may_open": actor.may("consent.read_subject"),
        "may_try": settings.DEMO,
        "curl": f"curl -X POST {settings.PUBLIC_URL}/api/v1/consent/events "
        '-H "Authorization: Bearer $KEY" -H "Content-Type: application/json" '
        '-d \'{"subject": "42", "type": "ads", "status": "given", "method": "toggle"}\'',
    }
    return render(request, "consent/rates.html", context)


@requires("consent.view")
@require_POST
def open_as_test_person(request: HttpRequest) -> HttpResponse:
    """Open the preference centre as a test person; in demonstration mode only."""
    if not settings.DEMO:
        raise NotPermitted("Test persons exist in demonstration mode only.")
    token, _ = services.mint_subject_token(
        subject=request.POST.get("subject", "").strip() or "test-person",
        origin=settings.PUBLIC_URL,
        ttl=timedelta(minutes=15),
        actor=SystemActor("demonstration"),
    )
    return HttpResponseRedirect(f"{reverse('consent:preferences')}?{urlencode({'token': token})}")
