"""Pages of plans: what is watched, its windows over time, a new plan."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from audits import selectors, services
from audits.models import Run
from audits.schedules import schedule_of
from audits.trends import plan_trends
from audits.web.forms import PlanForm
from governance.core.clock import database_now
from governance.core.errors import DomainError
from governance.core.pagination import keyset_page
from governance.people.actors import request_actor
from governance.people.web.access import requires
from governance.registry.selectors import systems_for


@requires("audits.view")
def plan_list(request: HttpRequest) -> HttpResponse:
    """What is watched, how, how often, and what it said last."""
    actor = request_actor(request)
    rows = selectors.plan_summaries(actor, database_now())
    context = {
        "rows": rows,
        "overdue": sum(row["overdue"] for row in rows),
        "failing": sum(bool(row["last"] and row["last"].verdict == "fail") for row in rows),
        "may_plan": actor.may("audits.plan"),
    }
    return render(request, "audits/plans.html", context)


@requires("audits.view")
def plan(request: HttpRequest, key: str) -> HttpResponse:
    """One plan: what was declared, its trend against the limit, its windows."""
    actor = request_actor(request)
    found = selectors.find_plan(key, actor)
    runs = Run.objects.filter(plan=found).select_related("plan__system", "version")
    page = keyset_page(runs.defer("report"), request.GET.get("cursor"), 50)
    rows = selectors.verdict_rows(page.rows)
    now = database_now()
    context = {
        "plan": found,
        "limits": found.limits,
        "trends": plan_trends(found),
        "rows": list(zip(page.rows, rows, strict=True)),
        "next_url": f"?cursor={page.next_cursor}" if page.next_cursor else "",
        "overdue": selectors.is_overdue(found, now),
        "windows": schedule_of(found).count(),
        "declared_after_start": found.limits_declared_at > found.starts_at,
        "findings": selectors.findings_for(actor).filter(plan=found)[:5],
        "may_plan": actor.may("audits.plan"),
        "may_run": actor.may("audits.run"),
    }
    return render(request, "audits/plan.html", context)


@requires("audits.plan")
def new_plan(request: HttpRequest) -> HttpResponse:
    """Declare a plan; the parameters asked for are those of the chosen method."""
    actor = request_actor(request)
    systems = systems_for(actor)
    form = PlanForm(
        request.POST or None,
        systems=systems,
        method=request.GET.get("method", ""),
        user=request.user,
    )
    if request.method == "POST" and form.is_valid():
        try:
            made = services.create_plan(**form.declared(), actor=actor)
        except DomainError as problem:
            form.add_error(None, problem.sentence)
        else:
            messages.success(request, f"The plan {made.key} is made; its due windows follow.")
            return redirect("audit_plan", key=made.key)
    return render(request, "audits/plan_new.html", {"form": form})


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
