"""Findings: what is beyond its limit, who has it, until when, and whether the remedy works."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from audits import selectors, services
from audits.choices import (
    FINDING_MOVES,
    REMEDIATION_MOVES,
    FindingState,
    RemediationKind,
    RemediationState,
    Verdict,
)
from audits.effects import readings_after
from audits.models import Finding, Run
from audits.web.exports import findings_csv
from audits.wording import finding_mail
from governance.charts import draw
from governance.core.clock import database_now
from governance.core.errors import Invalid
from governance.ledger.selectors import EntryFilter, find_entries
from governance.people.actors import request_actor
from governance.people.models import User
from governance.people.web.access import requires
from governance.registry.selectors import systems_for

PAGE = 50
EXPORTED = 10_000
HISTORY = 100


@requires("audits.view")
def finding_list(request: HttpRequest) -> HttpResponse:
    """Findings with owner and due date; those that wait are shown by default."""
    actor = request_actor(request)
    asked = selectors.FindingFilter.asked(request.GET)
    found = selectors.filtered_findings(actor, asked)
    now = database_now()
    context = {
        "page": Paginator(found, PAGE).get_page(request.GET.get("page")),
        "filters": _filters(request, asked),
        "now": now,
        "overdue": selectors.overdue_findings(actor, now).count(),
        "export_query": request.GET.urlencode(),
    }
    return render(request, "audits/findings.html", context)


def _filters(request: HttpRequest, asked: selectors.FindingFilter) -> list[dict[str, Any]]:
    actor = request_actor(request)
    people = User.objects.filter(audit_findings__isnull=False).distinct().order_by("name")
    named = [("me", "Me"), ("nobody", "Nobody")]
    return [
        {"name": "q", "label": "Search", "value": asked.q},
        _choice("state", "State", asked.state, [("undone", "Waiting"), *FindingState.choices]),
        _choice("system", "System", asked.system, [(x.key, x.title) for x in systems_for(actor)]),
        _choice(
            "owner",
            "Owner",
            asked.owner,
            [*named, *((str(one.pk), one.name or one.email) for one in people)],
        ),
        _choice("severity", "Limit", asked.severity, [("fail", "Fail"), ("warn", "Warning")]),
        _choice("due", "Due", asked.due, [("overdue", "Overdue"), ("none", "No date")]),
        _choice("sort", "Order", asked.sort, list(selectors.FINDING_ORDERS.items())),
    ]


def _choice(name: str, label: str, value: str, options: list[tuple[Any, Any]]) -> dict[str, Any]:
    return {"name": name, "label": label, "value": value, "options": options}


@requires("audits.view")
def export(request: HttpRequest) -> HttpResponse:
    """The list as it is filtered, as a table that spreadsheets open without running anything."""
    asked = selectors.FindingFilter.asked(request.GET)
    found = selectors.filtered_findings(request_actor(request), asked)[:EXPORTED]
    response = HttpResponse(findings_csv(found), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="findings.csv"'
    return response


@requires("audits.view")
def finding(request: HttpRequest, finding_id: str) -> HttpResponse:
    """One finding: what was found, what is done about it, what later runs say, its history."""
    actor = request_actor(request)
    found = selectors.find_finding(finding_id, actor)
    readings = readings_after(found)
    passing = [(run, one) for run, one in readings if one["verdict"] == Verdict.PASS]
    may_decide = actor.may("audits.decide")
    mail = finding_mail(found)
    link = settings.PUBLIC_URL.rstrip("/") + reverse("audit_finding", args=[found.pk])
    context = {
        "finding": found,
        "trend": draw(_trend(found, readings)) if readings else None,
        "readings": readings,
        "passing": passing,
        "moves": _moves(found) if may_decide else [],
        "remediations": _remediations(found, readings),
        "kinds": RemediationKind.choices,
        "history": find_entries(EntryFilter(object_type="finding", object_id=str(found.pk)))[
            :HISTORY
        ],
        "mail": mail,
        "mail_text": f"{mail.body} {link}",
        "now": database_now(),
        "people": _people() if may_decide else [],
        "may_decide": may_decide,
        "closed": not FINDING_MOVES[found.state] or found.state in selectors.SETTLED,
    }
    return render(request, "audits/finding.html", context)


def _people() -> list[User]:
    return list(User.objects.filter(is_active=True).order_by("name"))


def _moves(finding: Finding) -> list[tuple[str, str]]:
    """What may follow, but for verified, which has a form of its own."""
    return [
        (move, str(FindingState(move).label))
        for move in FINDING_MOVES[finding.state]
        if move != FindingState.VERIFIED
    ]


def _remediations(
    finding: Finding, readings: list[tuple[Run, dict[str, Any]]]
) -> list[dict[str, Any]]:
    """Each with what may follow, and the runs that could measure it once it is done."""
    found = []
    for one in finding.remediations.all():
        later = [run for run, _ in readings if one.done_at and run.window_end > one.done_at]
        found.append(
            {
                "row": one,
                "moves": [(m, RemediationState(m).label) for m in REMEDIATION_MOVES[one.state]],
                "runs": later or [run for run, _ in readings],
                "change": draw(_change(finding, one.after))
                if one.after and finding.value is not None
                else None,
            }
        )
    return found


def _change(finding: Finding, after: dict[str, object]) -> dict[str, Any]:
    before = {"value": finding.value, "low": finding.low, "high": finding.high, "n": finding.n}
    return {
        "kind": "change",
        "title": finding.metric.replace("_", " ").capitalize(),
        "a": "when it was found",
        "b": "after the remedy",
        "limits": [finding.threshold],
        "rows": [{"label": "this measurement", "a": before, "b": after}],
    }


def _trend(finding: Finding, readings: list[tuple[Run, dict[str, Any]]]) -> dict[str, Any]:
    """The measurement from the finding on, oldest first."""
    first = {
        "label": _day(finding.run),
        "value": finding.value,
        "low": finding.low,
        "high": finding.high,
        "n": finding.n,
        "verdict": "fail",
    }
    later = [{**one, "label": _day(run)} for run, one in reversed(readings)]
    return {
        "kind": "trend",
        "title": f"{finding.metric.replace('_', ' ').capitalize()} since the finding",
        "limits": [finding.threshold],
        "points": [first, *later],
    }


def _day(run: Run) -> str:
    return f"{run.window_start.day} {run.window_start:%b}"


@require_POST
@requires("audits.decide")
def move(request: HttpRequest, finding_id: str) -> HttpResponse:
    """The next state; to verify, a later run that passed or a second person's reason."""
    actor = request_actor(request)
    run_id = request.POST.get("run", "")
    moved = services.move_finding(
        finding=selectors.find_finding(finding_id, actor),
        state=request.POST.get("state", ""),
        note=request.POST.get("note", ""),
        run=selectors.find_run(run_id, actor) if run_id else None,
        actor=actor,
    )
    messages.success(request, f"The finding is now {moved.get_state_display().lower()}.")
    return redirect("audit_finding", finding_id=finding_id)


@require_POST
@requires("audits.decide")
def assign(request: HttpRequest, finding_id: str) -> HttpResponse:
    actor = request_actor(request)
    owner_id = request.POST.get("owner", "")
    try:
        owner = User.objects.get(pk=owner_id, is_active=True) if owner_id else None
    except (ValueError, User.DoesNotExist):
        raise Invalid("Choose a colleague.") from None
    services.assign_finding(
        finding=selectors.find_finding(finding_id, actor),
        owner=owner,
        due_at=_date(request.POST.get("due", "")),
        actor=actor,
    )
    messages.success(request, "The finding is assigned; a new owner is told.")
    return redirect("audit_finding", finding_id=finding_id)


def _date(text: str) -> datetime | None:
    if not text:
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        raise Invalid("Write the date as year-month-day.") from None


@require_POST
@requires("audits.decide")
def plan_remediation(request: HttpRequest, finding_id: str) -> HttpResponse:
    actor = request_actor(request)
    services.plan_remediation(
        finding=selectors.find_finding(finding_id, actor),
        kind=request.POST.get("kind", ""),
        description=request.POST.get("description", ""),
        due_at=_date(request.POST.get("due", "")),
        actor=actor,
    )
    messages.success(request, "The remediation is planned.")
    return redirect("audit_finding", finding_id=finding_id)


@require_POST
@requires("audits.decide")
def move_remediation(request: HttpRequest, finding_id: str, remediation_id: str) -> HttpResponse:
    actor = request_actor(request)
    found = selectors.find_remediation(finding_id, remediation_id, actor)
    state, note = request.POST.get("state", ""), request.POST.get("note", "")
    services.move_remediation(remediation=found, state=state, note=note, actor=actor)
    messages.success(request, "The remediation is brought forward.")
    return redirect("audit_finding", finding_id=finding_id)


@require_POST
@requires("audits.decide")
def measure_remediation(request: HttpRequest, finding_id: str, remediation_id: str) -> HttpResponse:
    actor = request_actor(request)
    found = selectors.find_remediation(finding_id, remediation_id, actor)
    run = selectors.find_run(request.POST.get("run", ""), actor)
    services.measure_remediation(remediation=found, run=run, actor=actor)
    messages.success(request, "What it changed is kept beside it.")
    return redirect("audit_finding", finding_id=finding_id)
