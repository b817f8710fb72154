"""Pages of plans: what is watched, and one plan with its windows, changes and dates."""

from __future__ import annotations

import csv
import io
from dataclasses import asdict
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import urlencode
from django.views.decorators.http import require_POST

from audits import selectors, services
from audits.choices import AlertStatus, PlanState, Verdict
from audits.models import Plan, PlanChange, Run
from audits.presets import PRESETS
from audits.schedule_words import delay_in_words, duration_in_words
from audits.schedules import schedule_of
from audits.selectors.late import late_batches
from audits.selectors.plan_list import (
    NEVER_RUN,
    ORDERS,
    PlanFilter,
    plan_rows,
    plans_matching,
    row_cells,
)
from audits.trends import plan_trends
from audits.web.backfills import newest_backfills
from audits.web.editor.changes import recorded_differences
from audits.web.exports import safe_cell
from governance.core.actors import Actor
from governance.core.clock import database_now
from governance.core.pagination import keyset_page
from governance.people.actors import request_actor
from governance.people.web.access import requires
from governance.registry.selectors import systems_for

PAGE, CHANGES = 50, 20
MOST_EXPORTED = 5_000


@requires("audits.view")
def plan_list(request: HttpRequest) -> HttpResponse:
    """What is watched, how, how often, and what it said last; filters stay in the address."""
    actor, now = request_actor(request), database_now()
    wanted = PlanFilter(
        **{name: request.GET.get(name, "").strip() for name in asdict(PlanFilter())}
    )
    found = plans_matching(actor, wanted, now)
    if request.GET.get("format") == "csv":
        return _as_csv([row_cells(row) for row in plan_rows(list(found[:MOST_EXPORTED]), now)])
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    rows = plan_rows(list(page.object_list), now)
    asked = {name: value for name, value in asdict(wanted).items() if value}
    context = {
        "rows": rows,
        "page": page,
        "total": page.paginator.count,
        "filtered": bool(asked),
        "overdue": sum(row.overdue_since is not None for row in rows),
        "failing": sum(bool(row.last and row.last.verdict == Verdict.FAIL) for row in rows),
        "filters": _filters(wanted, actor),
        "export_url": f"?{urlencode({**asked, 'format': 'csv'})}",
        "may_plan": actor.may("audits.plan"),
        "presets": PRESETS.values(),
    }
    return render(request, "audits/plans.html", context)


def _filters(wanted: PlanFilter, actor: Actor) -> list[dict[str, Any]]:
    from methods import catalogue

    verdicts = [*Verdict.choices, (NEVER_RUN, "No run yet")]
    offered: dict[str, tuple[str, list[tuple[str, str]]]] = {
        "q": ("Search", []),
        "system": ("System", [(one.key, one.title) for one in systems_for(actor)]),
        "state": ("State", list(PlanState.choices)),
        "method": ("Method", [(key, catalogue.get(key).title) for key in catalogue.keys()]),  # noqa: SIM118  (a function of the catalogue)
        "verdict": ("Verdict", verdicts),
        "alert": ("Alerts", list(AlertStatus.choices)),
        "overdue": ("Overdue", [("yes", "Overdue only")]),
        "order": ("Order", list(ORDERS.items())),
    }
    return [
        {"name": name, "label": label, "value": getattr(wanted, name), "options": options}
        for name, (label, options) in offered.items()
    ]


def _as_csv(rows: list[dict[str, Any]]) -> HttpResponse:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(rows[0] if rows else ["key"])
    writer.writerows([safe_cell(cell) for cell in row.values()] for row in rows)
    response = HttpResponse(out.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="plans.csv"'
    return response


@requires("audits.view")
def plan(request: HttpRequest, key: str) -> HttpResponse:
    """One plan: what was declared, its trend against the limit, its windows and changes."""
    actor = request_actor(request)
    found = selectors.find_plan(key, actor)
    runs = Run.objects.filter(plan=found).select_related("plan__system", "version")
    page = keyset_page(runs.defer("report"), request.GET.get("cursor"), PAGE)
    rows = selectors.verdict_rows(page.rows)
    schedule, now = schedule_of(found), database_now()
    (row,) = plan_rows([found], now)
    context = {
        "plan": found,
        "limits": found.limits,
        "trends": plan_trends(found),
        "rows": list(zip(page.rows, rows, strict=True)),
        "next_url": f"?cursor={page.next_cursor}" if page.next_cursor else "",
        "row": row,
        "delay": delay_in_words(schedule),
        "time_limit": duration_in_words(found.time_limit),
        "prospect": selectors.prospect(found),
        "windows": schedule.count(),
        "declared_after_start": found.limits_declared_at > found.starts_at,
        "preset": PRESETS.get(found.preset),
        "late": late_batches(found),
        "backfills": newest_backfills(found),
        "findings": selectors.findings_for(actor).filter(plan=found)[:5],
        "may_plan": actor.may("audits.plan"),
        "may_run": actor.may("audits.run"),
        **_changes(found, actor),
    }
    return render(request, "audits/plan.html", context)


def _changes(found: Plan, actor: Actor) -> dict[str, Any]:
    """The newest changes; those a person proposed are for another one to decide."""
    changes = PlanChange.objects.for_actor(actor).filter(plan=found)[:CHANGES]
    return {
        "changes": [
            (one, recorded_differences(one), one.proposed_by == actor.reference) for one in changes
        ],
        "may_decide": actor.may("audits.decide"),
    }


@require_POST
@requires("audits.run")
def run_now(request: HttpRequest, key: str) -> HttpResponse:
    actor = request_actor(request)
    made = services.schedule_run(plan=selectors.find_plan(key, actor), actor=actor)
    return redirect("audit_run", run_id=made.pk)


@require_POST
@requires("audits.plan")
def pause(request: HttpRequest, key: str) -> HttpResponse:
    actor = request_actor(request)
    services.pause_plan(
        plan=selectors.find_plan(key, actor), reason=request.POST.get("reason", ""), actor=actor
    )
    messages.success(request, "The plan is paused: no further window is audited until resumed.")
    return redirect("audit_plan", key=key)


@require_POST
@requires("audits.plan")
def resume(request: HttpRequest, key: str) -> HttpResponse:
    actor = request_actor(request)
    services.resume_plan(
        plan=selectors.find_plan(key, actor), reason=request.POST.get("reason", ""), actor=actor
    )
    messages.success(request, "The plan goes on; windows that came due meanwhile are audited now.")
    return redirect("audit_plan", key=key)
