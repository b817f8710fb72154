"""The page of a run: what it found, whether it can be trusted, what it does not show."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from audits import selectors, services
from audits.choices import OPEN_RUN_STATES, RunState
from audits.models import Run, RunCube
from audits.presentation.troubles import Place, explain_trouble
from audits.reports.assembling import content_of_run, report_of
from audits.reports.html import report_html
from audits.reports.pdf import report_pdf
from audits.web.exports import measurements_csv
from audits.web.measurements import listed
from audits.wording import worst_measurement
from governance.core.actors import Actor
from governance.people.actors import request_actor
from governance.people.web.access import requires


@requires("audits.view")
def run(request: HttpRequest, run_id: str) -> HttpResponse:
    """One run with its report, or with its progress while it is open, or with what went wrong."""
    actor = request_actor(request)
    found = selectors.find_run(run_id, actor)
    context: dict[str, Any] = {
        "run": found,
        "open": found.state in OPEN_RUN_STATES,
        "progress": selectors.run_progress(found),
        "may_run": actor.may("audits.run"),
        **_neighbours(found, actor),
    }
    if found.report is not None:
        context |= _reported(found)
        context |= listed(found.report["measurements"], request.GET)
    elif not context["open"]:
        trouble = explain_trouble(found.error, cancelled=found.state == RunState.CANCELLED)
        context |= {"trouble": trouble, "mend_url": _mend_url(found, trouble.place)}
    return render(request, "audits/run.html", context)


def _reported(run: Run) -> dict[str, Any]:
    report = report_of(run)
    return {
        "report": report,
        "content": content_of_run(run),
        "worst": worst_measurement(report),
        "findings": list(run.findings.all()),
        "has_cube": RunCube.objects.filter(run=run).exists(),
    }


def _mend_url(run: Run, place: Place) -> str:
    """Where what went wrong is put right."""
    if place == "none":
        return ""
    source = run.plan.source
    if place == "vault":
        return reverse("audit_vault")
    if place in ("outputs", "source") and source is not None:
        return reverse("audit_source", args=[source.system.key, source.key])
    if place in ("outputs", "source"):
        return f"{reverse('audit_outputs')}?system={run.plan.system.key}"
    return reverse("audit_plan", args=[run.plan.key])


def _neighbours(run: Run, actor: Actor) -> dict[str, Run | None]:
    """The runs of the windows before and after on the same plan and version."""
    same = selectors.runs_for(actor).filter(plan=run.plan, version=run.version).defer("report")
    return {
        "earlier": same.filter(window_start__lt=run.window_start).order_by("-window_start").first(),
        "later": same.filter(window_start__gt=run.window_start).order_by("window_start").first(),
    }


@requires("audits.view")
def progress(request: HttpRequest, run_id: str) -> HttpResponse:
    """The moving part of an open run; once it has ended the whole page is asked for again."""
    found = selectors.find_run(run_id, request_actor(request))
    open_ = found.state in OPEN_RUN_STATES
    context = {"run": found, "open": open_, "progress": selectors.run_progress(found)}
    response = render(request, "audits/run_progress.html", context)
    if not open_:
        response["HX-Refresh"] = "true"
    return response


@require_POST
@requires("audits.run")
def cancel(request: HttpRequest, run_id: str) -> HttpResponse:
    actor = request_actor(request)
    found = selectors.find_run(run_id, actor)
    reason = request.POST.get("reason") or f"Cancelled by {actor.display}."
    services.cancel_run(run=found, reason=reason, actor=actor)
    messages.success(request, "The run is cancelled; nothing of it is published.")
    return redirect("audit_run", run_id=run_id)


@require_POST
@requires("audits.run")
def again(request: HttpRequest, run_id: str) -> HttpResponse:
    """Audit the same window and version once more; what ended badly goes on as the same run."""
    actor = request_actor(request)
    found = selectors.find_run(run_id, actor)
    if found.state in (RunState.ERROR, RunState.CANCELLED):
        services.retry_run(run=found, actor=actor)
        return redirect("audit_run", run_id=found.pk)
    made = services.schedule_run(
        plan=found.plan,
        window_start=found.window_start,
        window_end=found.window_end,
        version=found.version,
        actor=actor,
    )
    return redirect("audit_run", run_id=made.pk)


def _run_of(request: HttpRequest, run_id: str) -> Run:
    return selectors.find_run(run_id, request_actor(request))


def _file(body: str | bytes, kind: str, name: str) -> HttpResponse:
    response = HttpResponse(body, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@requires("audits.view")
def export_json(request: HttpRequest, run_id: str) -> HttpResponse:
    """The whole report as the method wrote it."""
    report = report_of(_run_of(request, run_id))
    response = JsonResponse(report, json_dumps_params={"indent": 2})
    response["Content-Disposition"] = f'attachment; filename="run-{run_id}.json"'
    return response


@requires("audits.view")
def export_csv(request: HttpRequest, run_id: str) -> HttpResponse:
    """The measurements as a table that spreadsheets open without running anything."""
    text = measurements_csv(report_of(_run_of(request, run_id))["measurements"])
    return _file(text, "text/csv; charset=utf-8", f"run-{run_id}.csv")


@requires("audits.view")
def export_html(request: HttpRequest, run_id: str) -> HttpResponse:
    """The report as one page that stands alone."""
    page = report_html(content_of_run(_run_of(request, run_id)))
    return _file(page, "text/html; charset=utf-8", f"run-{run_id}.html")


@requires("audits.view")
def export_pdf(request: HttpRequest, run_id: str) -> HttpResponse:
    """The report for print: tagged, and the same bytes whenever it is asked for."""
    made = report_pdf(content_of_run(_run_of(request, run_id)))
    return _file(made, "application/pdf", f"run-{run_id}.pdf")
