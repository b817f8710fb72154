"""Past windows of a plan on request: ordering them, watching them, calling them off."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from audits import selectors, services
from audits.models import Backfill, Plan
from governance.core.errors import Invalid
from governance.people.actors import request_actor
from governance.people.web.access import requires

SHOWN = 3


def newest_backfills(plan: Plan) -> list[dict[str, Any]]:
    """The newest orders of a plan, each with how far it is."""
    return [_told(one) for one in Backfill.objects.filter(plan=plan).select_related("plan")[:SHOWN]]


def _told(order: Backfill) -> dict[str, Any]:
    progress = selectors.backfill_progress(order)
    return {"order": order, "progress": progress, "open": progress.ended < progress.windows}


@require_POST
@requires("audits.run")
def ask(request: HttpRequest, key: str) -> HttpResponse:
    """Audit past windows that no run has, between two moments in the plan's zone."""
    actor = request_actor(request)
    found = selectors.find_plan(key, actor)
    order = services.request_backfill(
        plan=found,
        first=_moment(request.POST.get("first", ""), found.zone),
        until=_moment(request.POST.get("until", ""), found.zone),
        reason=request.POST.get("reason", ""),
        actor=actor,
    )
    messages.success(
        request, f"{order.windows} window{'s' if order.windows != 1 else ''} will be audited."
    )
    return redirect("audit_plan", key=key)


def _moment(told: str, zone: str) -> datetime:
    try:
        return datetime.fromisoformat(told).replace(tzinfo=ZoneInfo(zone))
    except ValueError:
        raise Invalid("Say from when to when, such as 1 May 2026, 00:00.") from None


@requires("audits.view")
def progress(request: HttpRequest, backfill_id: str) -> HttpResponse:
    """The moving part of an order; once all its windows have ended the page is asked for again."""
    actor = request_actor(request)
    told = _told(selectors.find_backfill(backfill_id, actor))
    context = {"one": told, "may_run": actor.may("audits.run")}
    response = render(request, "audits/plan_backfill.html", context)
    if not told["open"]:
        response["HX-Refresh"] = "true"
    return response


@require_POST
@requires("audits.run")
def cancel(request: HttpRequest, backfill_id: str) -> HttpResponse:
    """Call off what is still open; what has been published stands."""
    actor = request_actor(request)
    order = selectors.find_backfill(backfill_id, actor)
    services.cancel_backfill(backfill=order, reason=f"Cancelled by {actor.display}.", actor=actor)
    messages.success(request, "The windows still open are called off; finished ones stand.")
    return redirect("audit_plan", key=order.plan.key)
