"""Serving targets: who confirms that a hold has reached people, and where each stands now."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from governance.core.actors import Actor
from governance.core.errors import DomainError
from governance.people.actors import request_actor
from governance.people.web.access import requires
from governance.registry.selectors import systems_for
from incidents.choices import TargetKind
from incidents.confirmation import Channel, Standing, meaning
from incidents.models import DesiredState, Incident, ServingTarget, TargetOrder
from incidents.selectors import (
    incident_by_reference,
    standings_of,
    target_standings,
    targets_for,
)
from incidents.services.orders import retry_order
from incidents.services.targets import (
    register_target,
    replace_credential,
    set_target_active,
)
from incidents.web.target_forms import FORMS, TargetForm


@requires("incidents.view")
def targets(request: HttpRequest) -> HttpResponse:
    """Every serving target with its standing; beside it, a form for another of a chosen kind."""
    actor = request_actor(request)
    kind = request.GET.get("kind", TargetKind.OFREP)
    if kind not in TargetKind.values:
        kind = TargetKind.OFREP
    may_edit = actor.may("incidents.edit_targets")
    form = FORMS[kind](request.POST or None, kind=kind, systems=systems_for(actor))
    if request.method == "POST" and form.is_valid():
        try:
            made = _register(form, actor)
        except DomainError as refusal:
            form.add_error(None, refusal.sentence)
        else:
            messages.success(request, f"{made} is registered. {meaning(_channel(made))}")
            return redirect("serving_targets")
    known = list(targets_for(actor).select_related("system__desired_state", "endpoint"))
    systems = {target.system_id: target.system for target in known}
    standings = {
        one.target.pk: one for each in standings_of(systems.values()).values() for one in each
    }
    context = {
        "rows": [{"target": one, "standing": standings.get(one.pk)} for one in known],
        "form": form if may_edit else None,
        "may_repeat": may_edit or actor.may("incidents.command"),
        "kind": kind,
        "kinds": TargetKind.choices,
        "meaning": meaning(Channel(kind)),
        "public_url": settings.PUBLIC_URL.rstrip("/"),
    }
    return render(request, "incidents/targets.html", context)


def _register(form: TargetForm, actor: Actor) -> ServingTarget:
    given = form.cleaned_data
    return register_target(
        system=given["system"],
        key=given["key"],
        title=given["title"],
        settings=form.settings,
        actor=actor,
    )


def _channel(target: ServingTarget) -> Channel:
    return Channel(target.kind, target.reports_itself)


@require_POST
@requires("incidents.edit_targets")
def set_active(request: HttpRequest, target_id: str) -> HttpResponse:
    actor = request_actor(request)
    target = get_object_or_404(targets_for(actor), pk=target_id)
    active = request.POST.get("active") == "1"
    set_target_active(target=target, active=active, actor=actor)
    return redirect("serving_targets")


@require_POST
@requires("incidents.edit_targets")
def credential(request: HttpRequest, target_id: str) -> HttpResponse:
    """Another credential for a tracking server; an empty one for a server that asks for none."""
    actor = request_actor(request)
    target = get_object_or_404(targets_for(actor), pk=target_id)
    replace_credential(target=target, credential=request.POST.get("credential", ""), actor=actor)
    messages.success(request, f"{target} has another credential.")
    return redirect("serving_targets")


@require_POST
@requires("incidents.view")
def repeat(request: HttpRequest, order_id: str) -> HttpResponse:
    """Carry out again an order that was given up; back to where it was asked for."""
    actor = request_actor(request)
    orders = TargetOrder.objects.filter(target__in=targets_for(actor))
    order = get_object_or_404(orders.select_related("target__system", "message"), pk=order_id)
    retry_order(order=order, actor=actor)
    messages.success(request, f"{order.target} is told again.")
    reference = request.POST.get("incident", "")
    if reference:
        found = incident_by_reference(reference, actor)
        return redirect(f"{reverse('incident', args=[found.reference])}#containment")
    return redirect("serving_targets")


def containment_context(incident: Incident) -> dict[str, Any]:
    """What an incident's page shows of the targets of its system."""
    if incident.system is None:
        return {"standings": [], "tally": ""}
    standings = target_standings(incident.system)
    return {
        "standings": standings,
        "desired": DesiredState.objects.filter(system=incident.system).first(),
        "tally": _tally([one.standing for one in standings]),
    }


def _tally(standings: list[Standing]) -> str:
    """How many have confirmed, in a sentence."""
    counted = [one for one in standings if one != Standing.NO_TRAFFIC]
    confirmed = sum(one == Standing.CONFIRMED for one in counted)
    red = sum(one == Standing.UNCONFIRMED for one in counted)
    idle = len(standings) - len(counted)
    if not counted:
        return "No target has traffic."
    words = f"{confirmed} of {len(counted)} targets confirmed"
    words += f", {red} unconfirmed" if red else ""
    return words + (f", {idle} without traffic." if idle else ".")


@requires("incidents.view")
def containment(request: HttpRequest, reference: str) -> HttpResponse:
    """The moving part of an incident's page: who has confirmed by now."""
    actor = request_actor(request)
    incident = incident_by_reference(reference, actor)
    context = {
        "incident": incident,
        "may_repeat": actor.may("incidents.edit_targets") or actor.may("incidents.command"),
        **containment_context(incident),
    }
    return render(request, "incidents/containment.html", context)
