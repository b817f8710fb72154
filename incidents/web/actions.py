"""What people do to incidents from their pages: parse, call a service, say what happened."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from governance.core.errors import DomainError
from governance.people.actors import request_actor
from governance.people.models import User
from governance.people.web.access import requires
from governance.registry.models import Hold
from governance.registry.services import approve_hold, propose_release, release_hold
from incidents.choices import State, StepState
from incidents.selectors import incident_by_reference, present_steps
from incidents.services.moving import move_incident, take_command, write_cause
from incidents.services.steps import complete_by_hand, perform_step, skip_step, undo_step


@requires("incidents.command")
@require_POST
def command(request: HttpRequest, reference: str) -> HttpResponse:
    actor = request_actor(request)
    incident = incident_by_reference(reference, actor)
    assert isinstance(request.user, User)
    take_command(incident=incident, user=request.user, actor=actor)
    messages.success(request, f"You command {incident.reference}.")
    return redirect("incident", incident.reference)


@requires("incidents.command")
@require_POST
def move(request: HttpRequest, reference: str) -> HttpResponse:
    actor = request_actor(request)
    incident = incident_by_reference(reference, actor)
    try:
        move_incident(
            incident=incident,
            to=request.POST.get("state", ""),
            note=request.POST.get("note", ""),
            actor=actor,
        )
    except DomainError as refusal:
        messages.error(request, refusal.sentence)
    return redirect("incident", incident.reference)


@requires("incidents.command")
@require_POST
def reopen(request: HttpRequest, reference: str) -> HttpResponse:
    """Begin a new episode: the harm is back, or was never gone."""
    actor = request_actor(request)
    incident = incident_by_reference(reference, actor)
    note = request.POST.get("note", "")
    try:
        move_incident(incident=incident, to=State.ACTIVE, note=note, actor=actor)
    except DomainError as refusal:
        messages.error(request, refusal.sentence)
    else:
        messages.success(request, f"{incident.reference} is open again, in a new episode.")
    return redirect("incident", incident.reference)


@requires("incidents.command")
@require_POST
def cause(request: HttpRequest, reference: str) -> HttpResponse:
    actor = request_actor(request)
    incident = incident_by_reference(reference, actor)
    try:
        write_cause(incident=incident, cause=request.POST.get("cause", ""), actor=actor)
    except DomainError as refusal:
        messages.error(request, refusal.sentence)
    return redirect("incident", incident.reference)


@requires("incidents.command")
@require_POST
def step(request: HttpRequest, reference: str, position: int) -> HttpResponse:
    """Run an automatic step now, or record how people did theirs."""
    actor = request_actor(request)
    incident = incident_by_reference(reference, actor)
    found = get_object_or_404(present_steps(incident), position=position)
    try:
        if "skip" in request.POST:
            skip_step(step=found, reason=request.POST.get("note", ""), actor=actor)
        elif "note" in request.POST:
            complete_by_hand(step=found, note=request.POST["note"], actor=actor)
        else:
            perform_step(step=found, actor=actor)
    except DomainError as refusal:
        messages.error(request, refusal.sentence)
    return redirect("incident", incident.reference)


@requires("incidents.command")
@require_POST
def undo(request: HttpRequest, reference: str, position: int) -> HttpResponse:
    """Begin to take back what a step did, or confirm another person's wish to."""
    actor = request_actor(request)
    incident = incident_by_reference(reference, actor)
    found = get_object_or_404(present_steps(incident), position=position)
    try:
        undone = undo_step(step=found, reason=request.POST.get("reason", ""), actor=actor)
    except DomainError as refusal:
        messages.error(request, refusal.sentence)
    else:
        taken = undone.state == StepState.UNDONE
        said = "Taken back." if taken else "Begun. Another person confirms it."
        messages.success(request, said)
    return redirect("incident", incident.reference)


@requires("registry.approve_hold")
@require_POST
def approve_hold_of(request: HttpRequest, reference: str, hold_id: UUID) -> HttpResponse:
    """Stand behind the incident's hold, as the second person."""
    actor = request_actor(request)
    incident = incident_by_reference(reference, actor)
    holds = Hold.objects.filter(incident_reference=incident.reference)
    try:
        approve_hold(hold=get_object_or_404(holds, pk=hold_id), actor=actor)
    except DomainError as refusal:
        messages.error(request, refusal.sentence)
    else:
        messages.success(request, "You stand behind this hold.")
    return redirect("incident", incident.reference)


@requires("registry.lift_hold")
@require_POST
def lift(request: HttpRequest, reference: str) -> HttpResponse:
    """Propose to lift the incident's hold, or confirm another person's proposal."""
    actor = request_actor(request)
    incident = incident_by_reference(reference, actor)
    hold = get_object_or_404(Hold, pk=request.POST.get("hold"), released_at__isnull=True)
    reason = request.POST.get("reason", "")
    try:
        if hold.release_proposed_at is None:
            propose_release(hold=hold, actor=actor, reason=reason)
            messages.success(request, "Proposed. Another person has to confirm it.")
        else:
            release_hold(hold=hold, actor=actor, reason=reason)
            messages.success(request, "The hold is lifted.")
    except DomainError as refusal:
        messages.error(request, refusal.sentence)
    return redirect("incident", incident.reference)
