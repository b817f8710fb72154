"""The pages of alerts: what is moving, the path of its evidence, and what people answer."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import urlencode
from django.views.decorators.http import require_POST

from audits import selectors, services
from audits.choices import AlertSide, AlertStatus
from audits.models import AlertRule, AlertStep, AlertStream
from governance.core.clock import database_now
from governance.core.errors import Invalid
from governance.core.pagination import keyset_page
from governance.people.actors import request_actor
from governance.people.models import User
from governance.people.web.access import requires
from governance.registry.selectors import systems_for

MOVING = (AlertStatus.ALERT, AlertStatus.WATCH, AlertStatus.RECOVERED)
SHOWN = (("moving", "Moving"), *AlertStatus.choices)


@requires("audits.view")
def alert_list(request: HttpRequest) -> HttpResponse:
    """What fires, what is watched, what came back, and where too few people were seen."""
    actor = request_actor(request)
    chosen, system = request.GET.get("status", "moving"), request.GET.get("system", "")
    streams, firing = selectors.streams_for(actor), selectors.open_alerts_for(actor)
    if system:
        streams = streams.filter(rule__plan__system__key=system)
        firing = firing.filter(stream__rule__plan__system__key=system)
    counts = selectors.status_counts(streams)
    if chosen == "moving":
        streams = streams.filter(status__in=MOVING)
    elif chosen in AlertStatus.values:
        streams = streams.filter(status=chosen)
    page = keyset_page(streams, request.GET.get("cursor"), 50)
    kept = {"status": chosen, "system": system}
    following = urlencode({**kept, "cursor": page.next_cursor}) if page.next_cursor else ""
    context = {
        "firing": firing.order_by("-created_at")[:100],
        "streams": page.rows,
        "next_url": f"?{following}" if following else "",
        "counts": [(value, label, counts[value]) for value, label in AlertStatus.choices],
        "weighed": sum(counts.values()),
        "checks": selectors.last_checks(actor),
        "filters": [
            {"name": "status", "label": "State", "value": chosen, "options": SHOWN},
            {
                "name": "system",
                "label": "System",
                "value": system,
                "options": [(one.key, one.title) for one in systems_for(actor)],
            },
        ],
    }
    return render(request, "audits/alerts.html", context)


@requires("audits.view")
def alert(request: HttpRequest, alert_id: str) -> HttpResponse:
    """One alert: how its evidence grew, what it set off, who answers."""
    actor = request_actor(request)
    found = selectors.find_alert(alert_id, actor)
    context = {
        "alert": found,
        "may_acknowledge": actor.may("audits.run"),
        "people": User.objects.filter(is_active=True).order_by("name"),
        **_stream_context(found.stream, request),
    }
    return render(request, "audits/alert.html", context)


@requires("audits.view")
def stream(request: HttpRequest, stream_id: str) -> HttpResponse:
    """One stream of evidence, whether or not it ever alerted."""
    found = selectors.find_stream(stream_id, request_actor(request))
    return render(request, "audits/alert.html", {"alert": None, **_stream_context(found, request)})


def _stream_context(found: AlertStream, request: HttpRequest) -> dict[str, Any]:
    actor, rule = request_actor(request), found.rule
    steps = selectors.evidence_steps(found)
    hidden = rule.plan.suppress_below
    return {
        "stream": found,
        "rule": rule,
        "plan": rule.plan,
        "steps": [(step, step.subjects >= hidden) for step in reversed(steps)],
        "path": steps,
        "level": [_level_point(step) for step in steps if step.subjects >= hidden],
        "limit": _limit(rule),
        "current": steps[-1] if steps else None,
        "mutes": selectors.mutes_of(rule, found),
        "earlier": found.alerts.order_by("-created_at")[:10],
        "hidden_below": hidden,
        "may_decide": actor.may("audits.decide"),
        "mute_days": MUTE_DAYS,
    }


def _limit(rule: AlertRule) -> dict[str, Any] | None:
    """The one limit a trend can draw; one on both sides is told in words."""
    if rule.side == AlertSide.WITHIN:
        return {"op": "<=", "value": rule.limit}
    return {"op": rule.side, "value": rule.limit}


def _level_point(step: AlertStep) -> dict[str, Any]:
    status = {"alert": "fail", "watch": "inconclusive", "insufficient_data": "inconclusive"}
    return {
        "label": f"{step.window_start.day} {step.window_start:%b}",
        "value": step.estimate,
        "low": step.low,
        "high": step.high,
        "verdict": status.get(step.status, "pass"),
    }


MUTE_DAYS = (1, 3, 7, 14, 30)


@require_POST
@requires("audits.run")
def acknowledge(request: HttpRequest, alert_id: str) -> HttpResponse:
    actor = request_actor(request)
    services.acknowledge_alert(alert=selectors.find_alert(alert_id, actor), actor=actor)
    messages.success(request, "The alert is acknowledged: it no longer escalates.")
    return redirect("audit_alert", alert_id=alert_id)


@require_POST
@requires("audits.decide")
def assign(request: HttpRequest, alert_id: str) -> HttpResponse:
    actor = request_actor(request)
    owner_id = request.POST.get("owner", "")
    try:
        owner = User.objects.get(pk=owner_id, is_active=True) if owner_id else None
    except (ValueError, User.DoesNotExist):
        raise Invalid("Choose a colleague.") from None
    services.assign_alert(alert=selectors.find_alert(alert_id, actor), owner=owner, actor=actor)
    messages.success(request, "The alert is assigned.")
    return redirect("audit_alert", alert_id=alert_id)


@require_POST
@requires("audits.decide")
def resolve(request: HttpRequest, alert_id: str) -> HttpResponse:
    actor = request_actor(request)
    services.resolve_alert(
        alert=selectors.find_alert(alert_id, actor),
        reason=request.POST.get("reason", ""),
        actor=actor,
    )
    messages.success(request, "The alert is resolved; its evidence begins anew.")
    return redirect("audit_alert", alert_id=alert_id)


@require_POST
@requires("audits.decide")
def mute(request: HttpRequest) -> HttpResponse:
    """Silence one stream or a whole rule for some days."""
    actor = request_actor(request)
    posted = request.POST
    if posted.get("days") not in {str(days) for days in MUTE_DAYS}:
        raise Invalid("Choose for how many days nobody is to be told.")
    until = database_now() + timedelta(days=int(posted["days"]))
    stops = posted.get("stops_containment") == "on"
    if posted.get("stream"):
        one = selectors.find_stream(posted["stream"], actor)
        services.mute_alerts(
            stream=one,
            reason=posted.get("reason", ""),
            until=until,
            stops_containment=stops,
            actor=actor,
        )
        back = redirect("audit_alert_stream", stream_id=one.pk)
    else:
        rule = selectors.find_rule(posted.get("rule", ""), actor)
        services.mute_alerts(
            rule=rule,
            reason=posted.get("reason", ""),
            until=until,
            stops_containment=stops,
            actor=actor,
        )
        back = redirect("audit_alert_rule", rule_id=rule.pk)
    messages.success(request, "Nobody is told until the mute ends; the evidence goes on.")
    return back


@require_POST
@requires("audits.decide")
def unmute(request: HttpRequest, mute_id: str) -> HttpResponse:
    actor = request_actor(request)
    lifted = services.lift_mute(mute=selectors.find_mute(mute_id, actor), actor=actor)
    messages.success(request, "The mute is lifted: what still fires is told now.")
    if lifted.stream_id:
        return redirect("audit_alert_stream", stream_id=lifted.stream_id)
    return redirect("audit_alert_rule", rule_id=lifted.rule_id)
