"""The pages that show incidents: one incident, its moving part, and its evidence."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from audits import selectors as audits
from governance.core.actors import Actor
from governance.core.clock import database_now
from governance.people.actors import request_actor
from governance.people.web.access import requires
from governance.registry.models import Hold
from governance.registry.selectors import State as SystemStateKey
from governance.registry.selectors import system_state
from governance.reviews.gates import evaluate_gate
from incidents.choices import ENDED, FINAL_STATES, NO_HARM, Part, State, StepState
from incidents.machine import TRANSITIONS, missing_for, reopens
from incidents.models import Incident, IncidentStep
from incidents.selectors import (
    impact_of,
    incident_by_reference,
    open_incidents_for,
    present_steps,
    target_standings,
)
from incidents.services.moving import gather_facts
from incidents.web.clocks import clock_context
from incidents.web.communications import context_for as communications_context
from incidents.web.drills import context_for as drill_context
from incidents.web.impact import impact_context
from incidents.web.roles import people_context
from incidents.web.standing import answer, milestones, next_step
from incidents.web.targets import containment_context

ONWARD = (State.TRIAGE, State.ACTIVE, State.MITIGATED, State.RESOLVED, State.REVIEW, State.CLOSED)


@requires("incidents.view")
def incident(request: HttpRequest, reference: str) -> HttpResponse:
    """Has it stopped, what next?"""
    actor = request_actor(request)
    found = incident_by_reference(reference, actor)
    steps = list(present_steps(found).select_related("playbook"))
    context = {
        "incident": found,
        "steps": steps,
        "playbook": steps[0].playbook if steps else None,
        "parts": _parts(steps, every=request.GET.get("steps") == "all"),
        "every_step": request.GET.get("steps") == "all",
        "timeline": list(found.timeline.order_by("-at", "-id")),
        "evidence": found.evidence.all(),
        "past_episodes": found.past_episodes.all(),
        "moves": _moves(found),
        "post_mortem": getattr(found, "post_mortem", None),
        "may_command": actor.may("incidents.command"),
        "may_lift": actor.may("registry.lift_hold"),
        "may_approve": actor.may("registry.approve_hold"),
        "may_report": actor.may("incidents.report_to_authority"),
        "me": actor.reference,
        **_now(found, actor, steps),
        **_joined(found, actor),
        **clock_context(found),
        **containment_context(found),
        **_containment(found),
        **impact_context(found, impact_of(found)),
        **people_context(found, actor),
        **communications_context(found, actor),
        **drill_context(found, actor),
    }
    return render(request, "incidents/incident.html", context)


@requires("incidents.view")
def now(request: HttpRequest, reference: str) -> HttpResponse:
    """The moving head of an incident's page: has it stopped, and what comes next."""
    actor = request_actor(request)
    found = incident_by_reference(reference, actor)
    steps = list(present_steps(found))
    return render(request, "incidents/now.html", {"incident": found, **_now(found, actor, steps)})


def _now(incident: Incident, actor: Actor, steps: list[IncidentStep]) -> dict[str, Any]:
    standings = target_standings(incident.system) if incident.system else []
    state = system_state(incident.system) if incident.system else None
    held = Hold.objects.active().filter(incident_reference=incident.reference).exists()
    personalises = state is not None and state.state == SystemStateKey.MAY_PERSONALISE
    over = incident.state in FINAL_STATES
    return {
        "answer": answer(
            incident, [one.standing for one in standings], held=held, personalises=personalises
        ),
        "next_step": None if over else next_step(steps),
        "road": milestones(incident),
        "is_over": over,
        "may_command": actor.may("incidents.command"),
        "facts_missing": _in_the_way(incident),
    }


def _in_the_way(incident: Incident) -> dict[str, Any] | None:
    """What stands between the incident and the next state on its way; None: nothing does."""
    following = [state for state in TRANSITIONS[incident.state] if state in ONWARD]
    if not following or incident.state in (*NO_HARM, State.CLOSED):
        return None
    target = following[0]
    facts = gather_facts(incident)
    missing = missing_for(facts, target)
    return {"label": State(target).label, "missing": missing} if missing else None


def _parts(steps: list[IncidentStep], *, every: bool) -> list[dict[str, Any]]:
    """The steps under the six things an incident is about, each with the step that counts.

    Six lines are shown: per part the step that comes next, or its last one; the rest on demand.
    """
    following = next_step(steps)
    parts = []
    for part, label in Part.choices:
        own = [step for step in steps if step.part == part]
        if not own:
            continue
        needed = [step for step in own if step.mandatory]
        waiting = next_step(needed or own)
        is_next = following is not None and following.part == part
        parts.append(
            {
                "key": part,
                "label": label,
                "steps": own,
                "shown": waiting or (needed or own)[-1],
                "done": sum(step.state in ENDED for step in needed),
                "needed": len(needed),
                "failed": any(step.state == StepState.FAILED for step in own),
                "next": is_next,
                "open": every or is_next,
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
            "ends": state in NO_HARM,
        }
        for state in TRANSITIONS[incident.state]
        if state != State.DUPLICATE
    ]


def _containment(incident: Incident) -> dict[str, Any]:
    holds = list(
        Hold.objects.filter(incident_reference=incident.reference)
        .select_related("system", "surface", "purpose", "version__system")
        .order_by("created_at")
    )
    active = [hold for hold in holds if hold.released_at is None]
    system = incident.system
    told: dict[str, Any] = {"holds": holds, "active_holds": active, "now": database_now()}
    if system is None:
        return {**told, "system_state": None, "gate": None, "clicks": None}
    gate = None
    if active and system.serving_version is not None:
        gate = evaluate_gate("release_hold", system, system.serving_version)
    return {
        **told,
        "system_state": system_state(system),
        "gate": gate,
        "clicks": audits.click_rates(system),
    }


def _joined(incident: Incident, actor: Actor) -> dict[str, Any]:
    """What else tells of the same: reports, and incidents that turned out to be this one."""
    joinable = []
    if State.DUPLICATE in TRANSITIONS[incident.state] and actor.may("incidents.command"):
        joinable = list(open_incidents_for(actor).exclude(pk=incident.pk)[:100])
    return {
        "reports": list(incident.reports.order_by("number")),
        "duplicates": list(incident.duplicates.order_by("number")),
        "joinable": joinable,
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
