"""The report of a duty: its fields to complete, its print and data, the record that it was sent."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from governance.core.errors import DomainError
from governance.people.actors import request_actor
from governance.people.web.access import requires
from incidents.choices import ClockState, FilingPhase
from incidents.clocks.forms import filled_form, from_record, missing_for_final
from incidents.clocks.printing import printed_report
from incidents.clocks.questions import QUESTIONS
from incidents.models import Filing, RegulatorClock
from incidents.selectors import incident_by_reference
from incidents.services.clocks import DECIDES
from incidents.services.filing import record_filing, write_answers
from incidents.web.clocks import ZONE, MomentForm


class FilingForm(MomentForm):
    """What was sent, when, and under which number."""

    moment = "sent_at"

    phase = forms.ChoiceField(choices=FilingPhase.choices, label="Which report")
    reference = forms.CharField(
        max_length=120, required=False, label="Number given by the authority"
    )
    sent_at = forms.DateTimeField(
        required=False,
        label="When was it sent?",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text="In the time zone below; empty: just now.",
    )
    zone = forms.CharField(max_length=64, label="Time zone", initial=ZONE)
    delay = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 2}),
        required=False,
        label="Reasons for the delay, when the period is over",
    )


def _clock(request: HttpRequest, reference: str, clock_id: str) -> RegulatorClock:
    incident = incident_by_reference(reference, request_actor(request))
    clocks = RegulatorClock.objects.select_related("awareness", "incident__system")
    return get_object_or_404(clocks, pk=clock_id, incident=incident)


def _next_phase(clock: RegulatorClock) -> str:
    return FilingPhase.INITIAL if clock.state == ClockState.RUNNING else FilingPhase.FURTHER


@requires(DECIDES)
def report(request: HttpRequest, reference: str, clock_id: str) -> HttpResponse:
    """The report as far as it is known: complete it, take it along, record that it was sent."""
    clock = _clock(request, reference, clock_id)
    form = FilingForm(
        request.POST or None, initial={"phase": _next_phase(clock), "zone": clock.zone or ZONE}
    )
    if request.method == "POST" and form.is_valid():
        given = {name: value for name, value in form.cleaned_data.items() if name != "zone"}
        try:
            record_filing(clock=clock, actor=request_actor(request), **given)
        except DomainError as refusal:
            form.add_error(None, refusal.sentence)
        else:
            messages.success(request, "Recorded; what it said is frozen with its digest.")
            return redirect("incident_clock_file", reference, clock_id)
    return render(request, "incidents/filing.html", _context(clock, form))


def _context(clock: RegulatorClock, form: FilingForm) -> dict[str, Any]:
    draft = filled_form(clock, phase=_next_phase(clock))
    asked = {one.key for one in QUESTIONS[clock.regime_key]}
    ended = clock.filings.filter(phase=FilingPhase.FINAL).exists()
    return {
        "form": form,
        "incident": clock.incident,
        "regime": clock.regime,
        "clock": clock,
        "fields": [
            {
                **field,
                "editable": field["key"] in asked,
                "written": clock.answers.get(field["key"], ""),
                "recorded": from_record(clock, field["key"]),
            }
            for field in draft["fields"]
        ],
        "missing": missing_for_final(draft),
        "filings": clock.filings.all(),
        "phases": FilingPhase.choices,
        "next_phase": draft["phase"],
        "phase_article": draft["phase_article"],
        "applies": clock.state in (ClockState.RUNNING, ClockState.FILED) and not ended,
    }


@require_POST
@requires(DECIDES)
def write(request: HttpRequest, reference: str, clock_id: str) -> HttpResponse:
    """Keep what was typed; fields that were left as they were shown stay as they are by now."""
    clock, given = _clock(request, reference, clock_id), request.POST
    keys = [one.key for one in QUESTIONS[clock.regime_key] if f"field-{one.key}" in given]
    typed = {key: given[f"field-{key}"] for key in keys if not _is_as_shown(given, key)}
    try:
        write_answers(clock=clock, answers=typed, actor=request_actor(request))
    except DomainError as refusal:
        messages.error(request, refusal.sentence)
    else:
        messages.success(request, "Kept. The next report says it.")
    return redirect("incident_clock_file", reference, clock_id)


def _is_as_shown(given: QueryDict, key: str) -> bool:
    shown, typed = str(given.get(f"shown-{key}", "")), str(given[f"field-{key}"])
    return shown.replace("\r\n", "\n").strip() == typed.replace("\r\n", "\n").strip()


@requires("incidents.view")
def draft_json(request: HttpRequest, reference: str, clock_id: str) -> HttpResponse:
    """The report of a clock as it would be sent now, as JSON."""
    clock = _clock(request, reference, clock_id)
    response = JsonResponse(
        filled_form(clock, phase=_phase(request, clock)), json_dumps_params={"indent": 2}
    )
    return _named(response, clock, "draft", "json")


@requires("incidents.view")
def draft_pdf(request: HttpRequest, reference: str, clock_id: str) -> HttpResponse:
    """The same for print."""
    clock = _clock(request, reference, clock_id)
    made = printed_report(filled_form(clock, phase=_phase(request, clock)))
    return _named(HttpResponse(made, content_type="application/pdf"), clock, "draft", "pdf")


def _phase(request: HttpRequest, clock: RegulatorClock) -> str:
    asked = request.GET.get("phase", "")
    return asked if asked in FilingPhase.values else _next_phase(clock)


@requires("incidents.view")
def filed_json(request: HttpRequest, reference: str, clock_id: str, filing_id: str) -> HttpResponse:
    """A report as it was sent."""
    clock = _clock(request, reference, clock_id)
    filing = get_object_or_404(Filing, pk=filing_id, clock=clock)
    body = {
        "report": filing.content,
        "sent_at": (filing.sent_at or filing.at).isoformat(),
        "reference": filing.reference,
        "sha256": filing.sha256,
    }
    response = JsonResponse(body, json_dumps_params={"indent": 2})
    return _named(response, clock, filing.phase, "json")


@requires("incidents.view")
def filed_pdf(request: HttpRequest, reference: str, clock_id: str, filing_id: str) -> HttpResponse:
    """A report as it was sent, for print: the same bytes each time."""
    clock = _clock(request, reference, clock_id)
    filing = get_object_or_404(Filing, pk=filing_id, clock=clock)
    made = printed_report(filing.content, sha256=filing.sha256, reference=filing.reference)
    response = HttpResponse(made, content_type="application/pdf")
    return _named(response, clock, filing.phase, "pdf")


def _named(response: HttpResponse, clock: RegulatorClock, what: str, ending: str) -> HttpResponse:
    incident = f"INC-{clock.incident.number:04d}"
    name = f"{incident}-{clock.regime_key}-{what}.{ending}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
