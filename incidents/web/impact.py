"""Whom an incident touched: its card, counting again, and saying since when the harm went on."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from governance.core.errors import DomainError
from governance.people.actors import request_actor
from governance.people.web.access import requires
from incidents.choices import FINAL_STATES, Affected, ImpactBasis, ImpactMeasure
from incidents.models import Incident
from incidents.selectors import ImpactRead, incident_by_reference
from incidents.services.impact import ask_again, set_harm_start

_HEADLINES = (
    (ImpactMeasure.PEOPLE, ImpactBasis.OUTPUTS),
    (ImpactMeasure.PEOPLE, ImpactBasis.DECISION_LOG),
    (ImpactMeasure.DECISIONS, ImpactBasis.OUTPUTS),
    (ImpactMeasure.REACH, ImpactBasis.CONSENT_STATE),
)


class HarmStartForm(forms.Form):
    """When the harm began, and how that is known."""

    started_at = forms.DateTimeField(input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"])
    because = forms.CharField(min_length=10, max_length=1_000)


def impact_context(incident: Incident, read: ImpactRead | None) -> dict[str, Any]:
    """What the page shows of the newest count."""
    began = incident.started_at or incident.detected_at
    context: dict[str, Any] = {
        "impact": read,
        "harm_began": timezone.localtime(began).strftime("%Y-%m-%dT%H:%M"),
        "impact_may_move": incident.state not in FINAL_STATES,
    }
    if read is None:
        return context
    known = {(one.measure, one.basis): one for one in read.figures}
    context["headline_figure"] = next((known[key] for key in _HEADLINES if key in known), None)
    context["affected"] = [
        (label, read.parts[part]) for part, label in Affected.choices if part in read.parts
    ]
    context["sensitive"] = [one for one in read.parts.get(Affected.FEATURE, []) if one.sensitive]
    return context


@requires("incidents.view")
@require_POST
def count_again(request: HttpRequest, reference: str) -> HttpResponse:
    actor = request_actor(request)
    incident = incident_by_reference(reference, actor)
    ask_again(incident=incident, actor=actor)
    messages.success(request, "It is being counted; load the page again in a moment.")
    return redirect("incident", incident.reference)


@requires("incidents.command")
@require_POST
def harm_start(request: HttpRequest, reference: str) -> HttpResponse:
    """Say since when people were harmed."""
    actor = request_actor(request)
    incident = incident_by_reference(reference, actor)
    form = HarmStartForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Give the moment, and say in a sentence how it is known.")
        return redirect("incident", incident.reference)
    try:
        set_harm_start(incident=incident, actor=actor, **form.cleaned_data)
    except DomainError as refusal:
        messages.error(request, refusal.sentence)
    else:
        messages.success(request, "Noted. The impact is counted from there.")
    return redirect("incident", incident.reference)
