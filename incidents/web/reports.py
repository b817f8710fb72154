"""Reports of harm: the form for colleagues, the form for everybody else, and their triage."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from governance.core.actors import SystemActor
from governance.core.clock import database_now
from governance.core.errors import DomainError, Invalid
from governance.core.pagination import keyset_page
from governance.people.actors import request_actor
from governance.people.web.access import public_route, requires
from governance.people.web.throttling import HOUR, is_within
from governance.registry.models import System
from governance.registry.selectors import systems_for
from incidents.choices import Dismissal, Kind, Reporter, ReportState, Severity
from incidents.models import HarmReport, Incident
from incidents.selectors import incident_by_reference, open_incidents_for, reports_for
from incidents.services.reporting import (
    dismiss_report,
    merge_report,
    open_from_report,
    report_harm,
)
from incidents.web.public import frame

OUTSIDE = SystemActor("public-form")
REPORTS_AN_HOUR = 5


class ReportForm(forms.Form):
    """What a colleague saw."""

    title = forms.CharField(max_length=200, label="What happens, and to whom?")
    text = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 5}), max_length=8_000, label="What did you see?"
    )
    system: forms.ModelChoiceField[System] = forms.ModelChoiceField(
        queryset=System.objects.none(), required=False, label="Affected system, if you know"
    )
    kind = forms.ChoiceField(
        choices=[("", "I do not know"), *Kind.choices], required=False, label="Kind of harm"
    )
    unnamed = forms.BooleanField(
        required=False,
        label="Do not keep who reports this",
        help_text="Nobody will be able to ask you back.",
    )

    def __init__(self, *args: Any, systems: QuerySet[System], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["system"].queryset = systems  # type: ignore[attr-defined]


class PublicReportForm(forms.Form):
    """What somebody outside saw."""

    reporter = forms.ChoiceField(
        choices=[one for one in Reporter.choices if one[0] != Reporter.STAFF], label="I am"
    )
    title = forms.CharField(max_length=200, label="What happens, and to whom?")
    text = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 6}), max_length=8_000, label="What did you see?"
    )
    contact = forms.EmailField(
        required=False,
        label="E-mail address",
        help_text="Only if we may ask you back. Leave it empty to stay unnamed.",
    )


class OpenForm(forms.Form):
    """What an incident opened from a report begins with."""

    kind = forms.ChoiceField(choices=Kind.choices, label="Kind of harm")
    severity = forms.ChoiceField(
        choices=Severity.choices, label="Severity", initial=Severity.S3.value
    )
    system: forms.ModelChoiceField[System] = forms.ModelChoiceField(
        queryset=System.objects.none(), required=False, label="Affected system"
    )

    def __init__(self, *args: Any, systems: QuerySet[System], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["system"].queryset = systems  # type: ignore[attr-defined]


@requires("incidents.report")
def report(request: HttpRequest) -> HttpResponse:
    """Report a harm as a colleague; a commander decides on it within a working day."""
    actor = request_actor(request)
    form = ReportForm(request.POST or None, systems=systems_for(actor))
    if request.method == "POST" and form.is_valid():
        values = dict(form.cleaned_data)
        named = not values.pop("unnamed")
        made = report_harm(reporter=Reporter.STAFF, named=named, actor=actor, **values)
        messages.success(
            request, f"{made.reference} is reported. A commander decides within a working day."
        )
        return redirect("incidents")
    return render(request, "incidents/report.html", {"form": form})


@public_route("somebody who was harmed has no account; the form takes a text and gives nothing")
def public_report(request: HttpRequest) -> HttpResponse:
    """Report a harm from outside: no account, no script, and no name where none is wanted."""
    form = PublicReportForm(request.POST or None)
    status = 200
    if request.method == "POST" and form.is_valid():
        if not is_within(request, what="harm report", most=REPORTS_AN_HOUR, seconds=HOUR):
            status = 429
            form.add_error(
                None, "Five reports came from your address within an hour. Please try again later."
            )
        else:
            values = dict(form.cleaned_data)
            named = bool(values["contact"])
            made = report_harm(named=named, actor=OUTSIDE, **values)
            return render(request, "incidents/public_report.html", {**frame(), "made": made})
    context = {**frame(), "form": form}
    return render(request, "incidents/public_report.html", context, status=status)


@requires("incidents.view")
def report_list(request: HttpRequest) -> HttpResponse:
    """Reports that wait for a decision, the first due first; the decided ones after them."""
    actor = request_actor(request)
    reports = reports_for(actor)
    decided = reports.exclude(state=ReportState.NEW)
    context = {
        "waiting": reports.filter(state=ReportState.NEW).order_by("triage_due_at")[:200],
        "decided": keyset_page(decided, request.GET.get("cursor"), 50),
        "now": database_now(),
    }
    return render(request, "incidents/reports.html", context)


@requires("incidents.view")
def harm_report(request: HttpRequest, report_id: str) -> HttpResponse:
    """One report, and what may become of it."""
    actor = request_actor(request)
    found = get_object_or_404(reports_for(actor), pk=report_id)
    initial = {"kind": found.kind or Kind.BIAS, "system": found.system_id}
    form = OpenForm(initial=initial, systems=systems_for(actor))
    context = {
        "report": found,
        "form": form,
        "dismissals": Dismissal.choices,
        "incidents": open_incidents_for(actor)[:100],
        "may_decide": actor.may("incidents.command") and found.state == ReportState.NEW,
        "now": database_now(),
    }
    return render(request, "incidents/harm_report.html", context)


@require_POST
@requires("incidents.command")
def decide(request: HttpRequest, report_id: str) -> HttpResponse:
    """Dismiss a report, add it to an incident, or open one from it."""
    actor = request_actor(request)
    found = get_object_or_404(reports_for(actor), pk=report_id)
    try:
        incident = _decided(request, found)
    except DomainError as refusal:
        messages.error(request, refusal.sentence)
        return redirect("harm_report", found.pk)
    if incident is not None:
        return redirect("incident", incident.reference)
    messages.success(request, f"{found.reference} is dismissed; the reason stays with it.")
    return redirect("harm_reports")


def _decided(request: HttpRequest, found: HarmReport) -> Incident | None:
    actor = request_actor(request)
    given = request.POST
    match given.get("decision"):
        case "open":
            form = OpenForm(given, systems=systems_for(actor))
            if not form.is_valid():
                raise Invalid("Choose one of the listed kinds, severities and systems.")
            return open_from_report(report=found, actor=actor, **form.cleaned_data)
        case "merge":
            incident = incident_by_reference(given.get("incident", ""), actor)
            merge_report(report=found, incident=incident, actor=actor)
            return incident
        case _:
            dismiss_report(
                report=found,
                dismissal=given.get("dismissal", ""),
                note=given.get("note", ""),
                actor=actor,
            )
            return None
