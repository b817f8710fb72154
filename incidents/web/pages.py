"""The pages that show incidents: the board and one incident."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from audits import selectors as audits
from governance.people.actors import request_actor
from governance.people.web.access import requires
from governance.registry.models import Hold
from governance.registry.selectors import system_state
from governance.reviews.gates import evaluate_gate
from incidents.choices import FINAL_STATES, Part, State, StepState
from incidents.machine import TRANSITIONS, missing_for, reopens
from incidents.models import Incident, IncidentStep
from incidents.selectors import incident_by_reference, incidents_for, present_steps
from incidents.services.moving import gather_facts
from incidents.web.clocks import clock_context
from incidents.web.targets import containment_context


@requires("incidents.view")
def board(request: HttpRequest) -> HttpResponse:
    """What is burning: incidents by state, newest first, with filters kept in the URL."""
    incidents = incidents_for(request_actor(request))
    state, query = request.GET.get("state", "open"), request.GET.get("q", "").strip()
    if state == "open":
        incidents = incidents.exclude(state__in=FINAL_STATES)
    elif state in State.values:
        incidents = incidents.filter(state=state)
    if query:
        incidents = incidents.filter(title__icontains=query)
    choices = [("open", "Open"), ("all", "All"), *State.choices]
    context = {"incidents": incidents[:200], "state": state, "query": query, "states": choices}
    return render(request, "incidents/board.html", context)


@requires("incidents.view")
def incident(request: HttpRequest, reference: str) -> HttpResponse:
    """Has it stopped, what next?"""
    actor = request_actor(request)
    found = incident_by_reference(reference, actor)
    steps = list(present_steps(found))
    context = {
        "incident": found,
        "steps": steps,
        "parts": _parts(steps),
        "timeline": found.timeline.all(),
        "evidence": found.evidence.all(),
        "past_episodes": found.past_episodes.all(),
        "moves": _moves(found),
        "may_command": actor.may("incidents.command"),
        "may_lift": actor.may("registry.lift_hold"),
        "may_report": actor.may("incidents.report_to_authority"),
        **clock_context(found),
        **containment_context(found),
        **_containment(found),
    }
    return render(request, "incidents/incident.html", context)


def _parts(steps: list[IncidentStep]) -> list[dict[str, Any]]:
    """The steps under the six things an incident is about; the part that is next stands open."""
    ended = (StepState.DONE, StepState.SKIPPED)
    following = next(
        (one.part for one in steps if one.mandatory and one.state not in ended),
        next((one.part for one in steps if one.state not in ended), None),
    )
    parts = []
    for part, label in Part.choices:
        own = [step for step in steps if step.part == part]
        needed = [step for step in own if step.mandatory]
        if own:
            parts.append(
                {
                    "key": part,
                    "label": label,
                    "steps": own,
                    "done": sum(step.state in ended for step in needed),
                    "needed": len(needed),
                    "failed": any(step.state == StepState.FAILED for step in own),
                    "next": part == following,
                }
            )
    return parts


def _moves(incident: Incident) -> list[dict[str, Any]]:
    facts = gather_facts(incident)
    return [
        {
            "state": state,
            "label": State(state).label,
            "missing": missing_for(facts, state),
            "reopens": reopens(incident.state, state),
        }
        for state in TRANSITIONS[incident.state]
    ]


def _containment(incident: Incident) -> dict[str, Any]:
    system = incident.system
    if system is None:
        return {"holds": [], "system_state": None, "gate": None, "clicks": None}
    holds = list(Hold.objects.filter(incident_reference=incident.reference).order_by("created_at"))
    active = [hold for hold in holds if hold.released_at is None]
    gate = None
    if active and system.serving_version is not None:
        gate = evaluate_gate("release_hold", system, system.serving_version)
    return {
        "holds": holds,
        "active_hold": active[0] if active else None,
        "system_state": system_state(system),
        "gate": gate,
        "clicks": audits.click_rates(system),
    }


@requires("incidents.view")
def evidence(request: HttpRequest, reference: str) -> HttpResponse:
    """The frozen evidence as JSON, each piece with its SHA-256."""
    found = incident_by_reference(reference, request_actor(request))
    pieces = [
        {"title": piece.title, "sha256": piece.sha256, "content": piece.content}
        for piece in found.evidence.all()
    ]
    response = JsonResponse({"incident": found.reference, "evidence": pieces})
    response["Content-Disposition"] = f'attachment; filename="{found.reference}-evidence.json"'
    return response
