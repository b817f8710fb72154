"""The board: what is burning, by severity and state, with containment and clocks."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Count, Min, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from governance.core.actors import Actor
from governance.core.clock import database_now
from governance.people.actors import request_actor
from governance.people.web.access import requires
from governance.registry.models import System
from governance.registry.selectors import State as SystemStateKey
from governance.registry.selectors import SystemState, system_states, systems_for
from incidents.choices import FINAL_STATES, ClockState, Kind, Severity, State
from incidents.confirmation import Standing
from incidents.models import Incident, RegulatorClock
from incidents.selectors import incidents_for, target_standings

PAGE = 50
WHOSE = (("me", "Me"), ("nobody", "Nobody yet"))


@dataclass(frozen=True)
class Row:
    """One incident with what is known of its containment and its nearest clock of law."""

    incident: Incident
    contained: str
    tone: str
    due_at: datetime | None
    overdue: bool


@requires("incidents.view")
def board(request: HttpRequest) -> HttpResponse:
    """What is burning: the worst first, with filters kept in the URL."""
    actor = request_actor(request)
    chosen = _chosen(request)
    everything = incidents_for(actor)
    found = _filtered(everything, chosen, actor)
    page = Paginator(found.order_by("severity", "-number"), PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": _rows(list(page.object_list)),
        "counts": _counts(everything),
        "chosen": chosen,
        "is_filtered": any(value for name, value in chosen.items() if name != "state")
        or chosen["state"] != "open",
        "any": everything.exists(),
        "filters": _filters(chosen, actor),
    }
    return render(request, "incidents/board.html", context)


def _chosen(request: HttpRequest) -> dict[str, str]:
    names = ("severity", "kind", "system", "commander", "q")
    chosen = {name: request.GET.get(name, "").strip() for name in names}
    return {"state": request.GET.get("state", "open"), **chosen}


def _filtered(
    incidents: QuerySet[Incident], chosen: dict[str, str], actor: Actor
) -> QuerySet[Incident]:
    if chosen["state"] == "open":
        incidents = incidents.exclude(state__in=FINAL_STATES)
    elif chosen["state"] in State.values:
        incidents = incidents.filter(state=chosen["state"])
    if chosen["severity"] in Severity.values:
        incidents = incidents.filter(severity=chosen["severity"])
    if chosen["kind"] in Kind.values:
        incidents = incidents.filter(kind=chosen["kind"])
    if chosen["system"]:
        incidents = incidents.filter(system__key=chosen["system"])
    if chosen["commander"] == "nobody":
        incidents = incidents.filter(commander=None)
    elif chosen["commander"] == "me" and actor.kind == "person":
        incidents = incidents.filter(commander__pk=actor.reference.removeprefix("user:"))
    words = chosen["q"]
    if words:
        number = words.upper().removeprefix("INC-").lstrip("0")
        named = Q(number=int(number)) if number.isdecimal() and len(number) < 9 else Q()
        incidents = incidents.filter(Q(title__icontains=words) | named)
    return incidents


def _rows(incidents: list[Incident]) -> list[Row]:
    systems = {
        one.system_id: one.system
        for one in incidents
        if one.system is not None and one.state not in FINAL_STATES
    }
    standings = {pk: _standings(system) for pk, system in systems.items()}
    states = system_states(systems.values())
    running = RegulatorClock.objects.filter(
        incident__in=[one.pk for one in incidents], state=ClockState.RUNNING
    )
    due = dict(running.values_list("incident").annotate(first=Min("due_at")))
    now = database_now()
    rows = []
    for one in incidents:
        state = states.get(one.system.key) if one.system else None
        contained, tone = _containment(one, standings.get(one.system_id, []), state)
        first = due.get(one.pk)
        rows.append(Row(one, contained, tone, first, bool(first and first < now)))
    return rows


def _standings(system: System) -> list[Standing]:
    return [one.standing for one in target_standings(system)]


def _containment(
    incident: Incident, standings: list[Standing], state: SystemState | None
) -> tuple[str, str]:
    """What the targets say, and how it stands: an incident may go on though it holds nothing."""
    confirmed = sum(one is Standing.CONFIRMED for one in standings)
    speaking = sum(one is not Standing.NO_TRAFFIC for one in standings)
    told = f"{confirmed} of {speaking} targets confirm" if speaking else ""
    lost = Standing.UNCONFIRMED in standings
    if incident.state in FINAL_STATES:
        return "", ""
    if incident.contained_at is not None:
        return told, "unconfirmed" if lost else "contained"
    if incident.containment_requested_at is not None:
        return told, "unconfirmed" if lost else "waiting"
    if state is None:
        return "", "not_named"
    if state.state == SystemStateKey.MAY_PERSONALISE:
        return "", "goes_on"
    return told, "held" if state.holds else "not_served"


def _counts(incidents: QuerySet[Incident]) -> list[dict[str, Any]]:
    """How many are open, a row a severity and a column a state."""
    grid: dict[str, dict[str, int]] = defaultdict(dict)
    counted = incidents.exclude(state__in=FINAL_STATES).order_by()
    for severity, state, number in counted.values_list("severity", "state").annotate(Count("pk")):
        grid[severity][state] = number
    states = [state for state in State if state not in FINAL_STATES]
    return [
        {
            "severity": severity,
            "label": label,
            "cells": [(state, grid[severity].get(state, 0)) for state in states],
            "total": sum(grid[severity].values()),
        }
        for severity, label in Severity.choices
    ]


def _filters(chosen: dict[str, str], actor: Actor) -> list[dict[str, Any]]:
    systems = list(systems_for(actor).order_by("title").values_list("key", "title"))
    options: dict[str, tuple[str, list[tuple[str, str]]]] = {
        "state": ("State", [("open", "Open"), *State.choices]),
        "severity": ("Severity", list(Severity.choices)),
        "kind": ("Kind", list(Kind.choices)),
        "system": ("System", systems),
        "commander": ("Commanded by", list(WHOSE)),
    }
    return [
        {"name": name, "label": label, "value": chosen[name], "options": each}
        for name, (label, each) in options.items()
    ]
