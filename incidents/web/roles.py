"""Who does what in an incident: its card, and giving, handing over and laying down roles."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from governance.core.actors import Actor
from governance.core.errors import DomainError, Invalid
from governance.people.actors import request_actor
from governance.people.models import User
from governance.people.web.access import requires
from incidents.choices import FINAL_STATES, ParticipantRole
from incidents.models import Incident
from incidents.selectors import incident_by_reference
from incidents.services.duplicates import mark_duplicate
from incidents.services.roles import (
    COMMANDERS,
    ELIGIBLE,
    assign_role,
    candidates,
    hand_over_command,
    hand_over_role,
    lay_down_role,
)


def people_context(incident: Incident, actor: Actor) -> dict[str, Any]:
    """Every role with who holds it, and whom it may go to."""
    standing = list(incident.participants.filter(until=None).select_related("user"))
    over = incident.state in FINAL_STATES
    assigns = actor.may("incidents.assign_roles") and not over
    roles = []
    for role, label in ParticipantRole.choices:
        held = [one for one in standing if one.role == role]
        holders = [
            {
                "participant": one,
                "passes_on": not over
                and (assigns or (one.user is not None and one.user.reference == actor.reference)),
            }
            for one in held
        ]
        offers = assigns and (not holders or role == ParticipantRole.OBSERVER)
        needs_people = assigns or any(one["passes_on"] for one in holders)
        taken = [one.user_id for one in held if one.user_id]
        people = candidates(incident, ELIGIBLE[role]).exclude(pk__in=taken) if needs_people else ()
        roles.append(
            {
                "key": role,
                "label": label,
                "holders": holders,
                "offers": offers,
                "people": list(people),
            }
        )
    commanders: list[User] = []
    if actor.may("incidents.command") and incident.commander_id and not over:
        others = candidates(incident, COMMANDERS).exclude(pk=incident.commander_id)
        commanders = list(others)
    return {
        "roles": roles,
        "commanders": commanders,
        "past_participants": incident.participants.exclude(until=None).select_related("user"),
    }


@requires("incidents.assign_roles")
@require_POST
def assign(request: HttpRequest, reference: str) -> HttpResponse:
    """Give a person a role."""
    actor = request_actor(request)
    incident = incident_by_reference(reference, actor)
    try:
        made = assign_role(
            incident=incident,
            role=request.POST.get("role", ""),
            user=_chosen(request),
            actor=actor,
        )
    except DomainError as refusal:
        messages.error(request, refusal.sentence)
    else:
        messages.success(request, f"{made.get_role_display()}: {made.user}. They were told.")
    return _back(incident)


@requires("incidents.view")
@require_POST
def hand_over(request: HttpRequest, reference: str, participant_id: UUID) -> HttpResponse:
    """Pass a role on, or lay it down."""
    actor = request_actor(request)
    incident = incident_by_reference(reference, actor)
    held = get_object_or_404(incident.participants.select_related("user"), pk=participant_id)
    try:
        if "lay_down" in request.POST:
            lay_down_role(participant=held, actor=actor)
            messages.success(request, f"{held.get_role_display()} is free again.")
        else:
            made = hand_over_role(
                participant=held,
                user=_chosen(request),
                because=request.POST.get("because", ""),
                actor=actor,
            )
            messages.success(request, f"{made.get_role_display()} is {made.user} now.")
    except DomainError as refusal:
        messages.error(request, refusal.sentence)
    return _back(incident)


@requires("incidents.command")
@require_POST
def hand_over_to_commander(request: HttpRequest, reference: str) -> HttpResponse:
    """Let another commander take over."""
    actor = request_actor(request)
    incident = incident_by_reference(reference, actor)
    try:
        moved = hand_over_command(
            incident=incident,
            user=_chosen(request),
            because=request.POST.get("because", ""),
            actor=actor,
        )
    except DomainError as refusal:
        messages.error(request, refusal.sentence)
    else:
        messages.success(request, f"{moved.commander} commands {moved.reference} now.")
    return _back(incident)


@requires("incidents.command")
@require_POST
def join(request: HttpRequest, reference: str) -> HttpResponse:
    """Close an incident as the same as another."""
    actor = request_actor(request)
    incident = incident_by_reference(reference, actor)
    original = incident_by_reference(request.POST.get("original", ""), actor)
    try:
        mark_duplicate(
            incident=incident,
            original=original,
            because=request.POST.get("because", ""),
            actor=actor,
        )
    except DomainError as refusal:
        messages.error(request, refusal.sentence)
        return _back(incident)
    messages.success(request, f"{incident.reference} is joined to {original.reference}.")
    return _back(original)


def _chosen(request: HttpRequest) -> User:
    given = request.POST.get("user", "")
    try:
        return User.objects.get(pk=UUID(given), is_active=True)
    except (User.DoesNotExist, ValueError):
        raise Invalid("Choose a person.") from None


def _back(incident: Incident) -> HttpResponse:
    return redirect("incident", incident.reference)
