"""Duties to report, on an incident's page: start one, rule some out, correct, record a report."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from governance.core.errors import DomainError, NotFound
from governance.people.actors import request_actor
from governance.people.web.access import requires
from incidents.choices import FilingPhase
from incidents.clocks.forms import filled_form
from incidents.clocks.regimes import BY_KEY
from incidents.models import Incident, RegulatorClock
from incidents.selectors import incident_by_reference, standing_clocks, undecided_duties
from incidents.services.clocks import (
    correct_awareness,
    record_filing,
    rule_out_duties,
    start_clock,
)

DECIDES = "incidents.report_to_authority"


class AwarenessForm(forms.Form):
    """When we became aware, where the authority sits, and what that rests on."""

    aware_at = forms.DateTimeField(
        label="When did we become aware?",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text="In the time zone below. It cannot be edited later, only corrected on record.",
    )
    zone = forms.CharField(max_length=64, label="Time zone", initial="Europe/Berlin")
    country = forms.CharField(
        max_length=2,
        label="Country of the authority",
        initial="DE",
        help_text="Two letters; its public holidays count.",
    )
    statement = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 2}), label="What does this rest on?"
    )

    def clean(self) -> dict[str, Any]:
        """Read the moment in the zone that was named beside it."""
        values = super().clean() or self.cleaned_data
        moment, zone = values.get("aware_at"), values.get("zone")
        if moment is not None and zone:
            try:
                values["aware_at"] = moment.replace(tzinfo=ZoneInfo(zone))
            except (KeyError, ValueError, OSError):
                self.add_error("zone", f"{zone!r} is not a time zone such as Europe/Berlin.")
        return values


class StartForm(AwarenessForm):
    """The same, with the article's conditions, each stood for by a tick."""

    def __init__(self, *args: Any, conditions: tuple[str, ...], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["confirmed"] = forms.MultipleChoiceField(
            choices=[(one, one) for one in conditions],
            widget=forms.CheckboxSelectMultiple,
            label="This is so",
            required=False,
        )
        self.order_fields(["confirmed", "aware_at", "zone", "country", "statement"])


class FilingForm(forms.Form):
    """What was sent, and under which number."""

    phase = forms.ChoiceField(choices=FilingPhase.choices, label="Which report")
    reference = forms.CharField(
        max_length=120, required=False, label="Number given by the authority"
    )
    delay = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 2}),
        required=False,
        label="Reasons for the delay, when the period is over",
    )


def clock_context(incident: Incident) -> dict[str, Any]:
    """What the incident's page shows of duties to report."""
    return {
        "clocks": standing_clocks(incident).prefetch_related("filings"),
        "undecided": undecided_duties(incident),
    }


@requires(DECIDES)
def start(request: HttpRequest, reference: str, regime_key: str) -> HttpResponse:
    """State that a duty applies, and since when."""
    actor = request_actor(request)
    incident = incident_by_reference(reference, actor)
    if regime_key not in BY_KEY:
        raise NotFound("There is no such duty to report.")
    regime = BY_KEY[regime_key]
    form = StartForm(request.POST or None, conditions=regime.conditions)
    if request.method == "POST" and form.is_valid():
        try:
            start_clock(incident=incident, regime_key=regime_key, actor=actor, **form.cleaned_data)
        except DomainError as refusal:
            form.add_error(None, refusal.sentence)
        else:
            messages.success(request, f"{regime.article}: the clock runs.")
            return redirect("incident", incident.reference)
    context = {"form": form, "incident": incident, "regime": regime, "action": "Start the clock"}
    return render(request, "incidents/clock.html", context)


@require_POST
@requires(DECIDES)
def rule_out(request: HttpRequest, reference: str) -> HttpResponse:
    actor = request_actor(request)
    incident = incident_by_reference(reference, actor)
    try:
        made = rule_out_duties(
            incident=incident,
            regime_keys=request.POST.getlist("regime"),
            statement=request.POST.get("statement", ""),
            actor=actor,
        )
    except DomainError as refusal:
        messages.error(request, refusal.sentence)
    else:
        if made:
            messages.success(request, "Recorded with its reason: these do not apply.")
        else:
            messages.error(request, "Tick the duties that do not apply.")
    return redirect("incident", incident.reference)


def _clock(request: HttpRequest, reference: str, clock_id: str) -> RegulatorClock:
    incident = incident_by_reference(reference, request_actor(request))
    return get_object_or_404(RegulatorClock, pk=clock_id, incident=incident)


@requires(DECIDES)
def correct(request: HttpRequest, reference: str, clock_id: str) -> HttpResponse:
    """Begin the clock at another moment; what stood before stays on record."""
    clock = _clock(request, reference, clock_id)
    given = {"zone": clock.zone, "country": clock.country}
    form = AwarenessForm(request.POST or None, initial=given)
    if request.method == "POST" and form.is_valid():
        try:
            correct_awareness(clock=clock, actor=request_actor(request), **form.cleaned_data)
        except DomainError as refusal:
            form.add_error(None, refusal.sentence)
        else:
            messages.success(request, "Corrected; the earlier statement stays on record.")
            return redirect("incident", reference)
    context = {
        "form": form,
        "incident": clock.incident,
        "regime": clock.regime,
        "clock": clock,
        "action": "Correct the moment",
    }
    return render(request, "incidents/clock.html", context)


@requires(DECIDES)
def file(request: HttpRequest, reference: str, clock_id: str) -> HttpResponse:
    """The report as far as it is known, to read before it is sent, and the record that it was."""
    clock = _clock(request, reference, clock_id)
    form = FilingForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            record_filing(clock=clock, actor=request_actor(request), **form.cleaned_data)
        except DomainError as refusal:
            form.add_error(None, refusal.sentence)
        else:
            messages.success(request, "Recorded; what it said is frozen with its digest.")
            return redirect("incident", reference)
    context = {
        "form": form,
        "incident": clock.incident,
        "regime": clock.regime,
        "clock": clock,
        "report": filled_form(clock),
        "action": "Record that it was sent",
    }
    return render(request, "incidents/clock.html", context)


@requires("incidents.view")
def export(request: HttpRequest, reference: str, clock_id: str) -> HttpResponse:
    """The report of a clock as JSON: as it was filed last, or as it would be now."""
    clock = _clock(request, reference, clock_id)
    last = clock.filings.last()
    response = JsonResponse(
        last.content if last else filled_form(clock), json_dumps_params={"indent": 2}
    )
    name = f"{clock.incident.reference}-{clock.regime_key}.json"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
