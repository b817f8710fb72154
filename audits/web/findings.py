"""Findings: what is beyond its limit, who has it, until when."""

from __future__ import annotations

from datetime import UTC, datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import urlencode
from django.views.decorators.http import require_POST

from audits import selectors, services
from audits.choices import FINDING_MOVES, FindingState
from governance.core.errors import Invalid
from governance.core.pagination import keyset_page
from governance.people.actors import request_actor
from governance.people.models import User
from governance.people.web.access import requires
from governance.registry.selectors import systems_for

UNDONE = (FindingState.OPEN, FindingState.ACCEPTED, FindingState.IN_REMEDIATION, FindingState.FIXED)


@requires("audits.view")
def finding_list(request: HttpRequest) -> HttpResponse:
    """Findings with owner and due date; those that wait come first by default."""
    actor = request_actor(request)
    chosen = request.GET.get("state", "undone")
    system = request.GET.get("system", "")
    found = selectors.findings_for(actor)
    if chosen == "undone":
        found = found.filter(state__in=UNDONE)
    elif chosen in FindingState.values:
        found = found.filter(state=chosen)
    if system:
        found = found.filter(plan__system__key=system)
    page = keyset_page(found, request.GET.get("cursor"), 50)
    kept = {"state": chosen, "system": system}
    following = urlencode({**kept, "cursor": page.next_cursor}) if page.next_cursor else ""
    context = {
        "rows": [
            (one, [(move, FindingState(move).label) for move in FINDING_MOVES[one.state]])
            for one in page.rows
        ],
        "next_url": f"?{following}" if following else "",
        "filters": [
            {
                "name": "state",
                "label": "State",
                "value": chosen,
                "options": [("undone", "Waiting"), *FindingState.choices],
            },
            {
                "name": "system",
                "label": "System",
                "value": system,
                "options": [(one.key, one.title) for one in systems_for(actor)],
            },
        ],
        "people": User.objects.filter(is_active=True).order_by("name"),
        "may_decide": actor.may("audits.decide"),
    }
    return render(request, "audits/findings.html", context)


@require_POST
@requires("audits.decide")
def move(request: HttpRequest, finding_id: str) -> HttpResponse:
    actor = request_actor(request)
    moved = services.move_finding(
        finding=selectors.find_finding(finding_id, actor),
        state=request.POST.get("state", ""),
        note=request.POST.get("note", ""),
        actor=actor,
    )
    messages.success(request, f"The finding is now {moved.get_state_display().lower()}.")
    return redirect("audit_findings")


@require_POST
@requires("audits.decide")
def assign(request: HttpRequest, finding_id: str) -> HttpResponse:
    actor = request_actor(request)
    due = request.POST.get("due", "")
    owner_id = request.POST.get("owner", "")
    try:
        due_at = datetime.fromisoformat(due).replace(tzinfo=UTC) if due else None
        owner = User.objects.get(pk=owner_id, is_active=True) if owner_id else None
    except (ValueError, User.DoesNotExist):
        raise Invalid("Choose a colleague and a date.") from None
    services.assign_finding(
        finding=selectors.find_finding(finding_id, actor), owner=owner, due_at=due_at, actor=actor
    )
    messages.success(request, "The finding is assigned.")
    return redirect("audit_findings")
