"""The page of a run: what it found, whether it can be trusted, what it does not show."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from audits import selectors, services
from audits.choices import OPEN_RUN_STATES
from audits.models import Run
from audits.services.publishing import digest_of
from audits.web.exports import measurements_csv
from audits.web.measurements import listed
from audits.wording import measurement_sentence, worst_measurement
from governance.core.actors import Actor
from governance.core.errors import NotFound
from governance.people.actors import request_actor
from governance.people.web.access import requires

SENTENCES = 6


@requires("audits.view")
def run(request: HttpRequest, run_id: str) -> HttpResponse:
    """One run with its report, or with its progress while it is open."""
    actor = request_actor(request)
    found = selectors.find_run(run_id, actor)
    context: dict[str, Any] = {
        "run": found,
        "open": found.state in OPEN_RUN_STATES,
        "may_run": actor.may("audits.run"),
        "findings": list(found.findings.all()),
        **_neighbours(found, actor),
    }
    if found.report is not None:
        context |= _reported(found.report)
        context |= listed(found.report["measurements"], request.GET)
    return render(request, "audits/run.html", context)


def _reported(report: dict[str, Any]) -> dict[str, Any]:
    judged = [one for one in report["measurements"] if one["threshold"] is not None]
    worst = worst_measurement(report)
    return {
        "report": report,
        "worst": worst,
        "judged_sentences": [measurement_sentence(one) for one in judged if one is not worst][
            :SENTENCES
        ],
        "forests": [one for one in report["charts"] if one.get("kind") == "forest"],
        "tables": [table for table in report["tables"] if table.get("rows")],
        "report_sha256": digest_of(report),
    }


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
    response = render(request, "audits/run_progress.html", {"run": found, "open": open_})
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


def _report_of(request: HttpRequest, run_id: str) -> dict[str, Any]:
    found = selectors.find_run(run_id, request_actor(request))
    if found.report is None:
        raise NotFound("This run has no report.")
    return dict(found.report)


@requires("audits.view")
def export_json(request: HttpRequest, run_id: str) -> HttpResponse:
    """The whole report as the method wrote it."""
    response = JsonResponse(_report_of(request, run_id), json_dumps_params={"indent": 2})
    response["Content-Disposition"] = f'attachment; filename="run-{run_id}.json"'
    return response


@requires("audits.view")
def export_csv(request: HttpRequest, run_id: str) -> HttpResponse:
    """The measurements as a table that spreadsheets open without running anything."""
    text = measurements_csv(_report_of(request, run_id)["measurements"])
    response = HttpResponse(text, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="run-{run_id}.csv"'
    return response
