"""Serving targets: who confirms that a hold has reached people, and where each stands now."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from governance.core.errors import DomainError
from governance.people.actors import request_actor
from governance.people.web.access import requires
from governance.registry.models import System
from governance.registry.selectors import systems_for
from incidents.models import DesiredState, Incident
from incidents.selectors import incident_by_reference, target_standings, targets_for
from incidents.services.targets import register_target, set_target_active


class TargetForm(forms.Form):
    """A place that serves a system."""

    system: forms.ModelChoiceField[System] = forms.ModelChoiceField(
        queryset=System.objects.none(), label="System"
    )
    key = forms.SlugField(max_length=63, label="Key", help_text="Such as web-shop.")
    title = forms.CharField(max_length=120, label="Name")

    def __init__(self, *args: Any, systems: QuerySet[System], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["system"].queryset = systems  # type: ignore[attr-defined]


@requires("incidents.view")
def targets(request: HttpRequest) -> HttpResponse:
    """Every serving target with its standing; below, a form for another."""
    actor = request_actor(request)
    may_edit = actor.may("incidents.edit_targets")
    form = TargetForm(request.POST or None, systems=systems_for(actor))
    if request.method == "POST" and form.is_valid():
        try:
            made = register_target(actor=actor, **form.cleaned_data)
        except DomainError as refusal:
            form.add_error(None, refusal.sentence)
        else:
            messages.success(request, f"{made.title} is registered; now it has to report.")
            return redirect("serving_targets")
    known = targets_for(actor)
    systems = {target.system_id: target.system for target in known}
    standings = {
        one.target.pk: one.standing
        for system in systems.values()
        for one in target_standings(system)
    }
    context = {
        "rows": [{"target": one, "standing": standings.get(one.pk)} for one in known],
        "form": form if may_edit else None,
        "public_url": settings.PUBLIC_URL.rstrip("/"),
    }
    return render(request, "incidents/targets.html", context)


@require_POST
@requires("incidents.edit_targets")
def set_active(request: HttpRequest, target_id: str) -> HttpResponse:
    actor = request_actor(request)
    target = get_object_or_404(targets_for(actor), pk=target_id)
    active = request.POST.get("active") == "1"
    set_target_active(target=target, active=active, actor=actor)
    return redirect("serving_targets")


def containment_context(incident: Incident) -> dict[str, Any]:
    """What an incident's page shows of the targets of its system."""
    if incident.system is None:
        return {"standings": []}
    return {
        "standings": target_standings(incident.system),
        "desired": DesiredState.objects.filter(system=incident.system).first(),
    }


@requires("incidents.view")
def containment(request: HttpRequest, reference: str) -> HttpResponse:
    """The moving part of an incident's page: who has confirmed by now."""
    incident = incident_by_reference(reference, request_actor(request))
    context = {"incident": incident, **containment_context(incident)}
    return render(request, "incidents/containment.html", context)
