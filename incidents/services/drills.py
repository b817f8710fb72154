"""Drills: planned, retired and started by people, and spoken of again when one is left open.

How one ends is in `drill_endings`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.urls import reverse

from governance.core.actors import Actor, SystemActor
from governance.core.clock import database_now
from governance.core.errors import Conflict, Invalid
from governance.core.ids import uuid7
from governance.ledger.services import record_entry
from governance.outbox.services import notify
from governance.people.choices import Role
from governance.registry.access import require, require_person
from governance.registry.choices import DRILL_CAUSE
from governance.registry.models import System
from governance.registry.selectors import State as SystemWord
from governance.registry.selectors import system_state
from incidents.choices import (
    FINAL_STATES,
    DrillCadence,
    Kind,
    Severity,
    StepState,
    StepType,
    TimelineKind,
)
from incidents.drills.steps import left_out_because
from incidents.models import Drill, DrillPlan, DrillTarget, Incident, ServingTarget
from incidents.models.drills import LIMITS
from incidents.selectors import present_steps
from incidents.services.drill_endings import RUNS
from incidents.services.opening import open_incident
from incidents.services.steps import run_automatic_steps
from incidents.services.targets import renew_desired
from incidents.services.timeline import add_timeline_entry

LONGEST = timedelta(days=7)
LEFT_OPEN = timedelta(hours=4)  # at the least; a plan that allows more time is given that time
REMIND_EVERY = timedelta(hours=24)
_MACHINE = SystemActor("incidents")


def no_rehearsal_system(system: System) -> str:
    """Return why a system is not one for rehearsals, and how to make one; empty: it is."""
    targets = list(ServingTarget.objects.filter(system=system, active=True))
    real = [one.title for one in targets if not one.for_drills]
    if targets and not real:
        return ""
    why = f"{', '.join(real)} serves people" if real else "nobody there would confirm a stop"
    return (
        f"{system.title} is no rehearsal system, for {why}: register a system of its own for "
        "rehearsals, let it serve a copy of the version, and register its serving targets with "
        "“for drills only” ticked."
    )


def obstacles(system: System) -> list[str]:
    """Return why no drill can run on a system now, in sentences; empty: it can.

    The first decides: a drill never touches a system that serves people.
    """
    refusal = no_rehearsal_system(system)
    if refusal:
        return [refusal]
    if Drill.objects.filter(system=system, ended_at=None).exists():
        return [f"A drill is running on {system.title}; end it first."]
    found = []
    if system.serving_version_id is None:
        found.append(f"{system.title} serves nothing, so there is nothing to stop.")
    elif system_state(system).state != SystemWord.MAY_PERSONALISE:
        found.append(f"{system.title} is held already, so a stop would change nothing.")
    if _real_incidents(system):
        found.append(f"A real incident is open on {system.title}; it comes first.")
    return found


def _real_incidents(system: System) -> bool:
    open_ones = Incident.objects.exclude(state__in=FINAL_STATES)
    return open_ones.filter(system=system, drill=False).exists()


@transaction.atomic
def plan_drill(
    *,
    system: System,
    title: str,
    scenario: str,
    kind: str,
    severity: str,
    unattended: bool,
    roles: Collection[str],
    limits: Mapping[str, timedelta],
    every: str = DrillCadence.ONCE,
    due_on: date | None = None,
    stands_for: System | None = None,
    actor: Actor,
) -> DrillPlan:
    """Write down what is rehearsed on a system, who should respond and how fast it has to go.

    `limits` is by objective: acknowledge, notify, confirm, release.
    """
    require(actor, RUNS, [system, *([stands_for] if stands_for else [])])
    refusal = no_rehearsal_system(system)
    if refusal:
        raise Invalid(refusal)
    if stands_for is not None and stands_for.pk == system.pk:
        raise Invalid("A system does not rehearse for itself; name the one that serves people.")
    if len(title.strip()) < 5 or len(scenario.strip()) < 20:
        raise Invalid("Give the drill a title, and say in a sentence what has happened in it.")
    if kind not in Kind.values or severity not in Severity.values:
        raise Invalid("Choose one of the listed kinds and severities.")
    if not roles or not set(roles) <= set(Role.values):
        raise Invalid("Choose at least one role that should respond.")
    if set(limits) != set(LIMITS):
        raise Invalid(f"Give an objective for each of: {', '.join(LIMITS)}.")
    if not all(timedelta(0) < one <= LONGEST for one in limits.values()):
        raise Invalid("An objective is longer than nothing and at most seven days.")
    if every not in DrillCadence.values:
        raise Invalid("A drill is repeated every quarter, every year or not at all.")
    if every != DrillCadence.ONCE and due_on is None:
        due_on = database_now().date()
    plan = DrillPlan.objects.create(
        title=title.strip(),
        system=system,
        stands_for=stands_for,
        scenario=scenario.strip(),
        kind=kind,
        severity=severity,
        unattended=unattended,
        roles=sorted(roles),
        every=every,
        due_on=due_on,
        planned_by=actor.reference,
        **{f"{key}_seconds": max(1, round(limits[key].total_seconds())) for key in LIMITS},
    )
    _record("incidents.drill_planned", plan, actor)
    return plan


@transaction.atomic
def retire_plan(*, plan: DrillPlan, actor: Actor) -> DrillPlan:
    """Rehearse this no more; the reports of its drills stay."""
    require(actor, RUNS, [plan.system])
    retired = DrillPlan.objects.filter(pk=plan.pk, retired_at=None).update(
        retired_at=database_now(), retired_by=actor.reference
    )
    plan.refresh_from_db()
    if retired != 1:
        raise Conflict("The plan is retired already.")
    _record("incidents.drill_plan_retired", plan, actor)
    return plan


@transaction.atomic
def start_drill(*, plan: DrillPlan, actor: Actor) -> Drill:
    """Open a real incident with the mark of a drill and run its playbook on the rehearsal system.

    What the playbook does to that system is done for real; what would reach further is left out.
    """
    require(actor, RUNS, [plan.system])
    require_person(actor, "starting a drill")
    if plan.retired_at is not None:
        raise Conflict("The plan is retired; make a new one.")
    system = System.objects.select_related("serving_version").get(pk=plan.system_id)
    found = obstacles(system)
    if found:
        raise Conflict(found[0])
    incident, _created = open_incident(
        title=f"Drill: {plan.title}",
        summary=f"This is a drill. {plan.scenario}",
        kind=plan.kind,
        severity=plan.severity,
        cause_key=f"{DRILL_CAUSE}{uuid7()}",
        system=system,
        version=system.serving_version,
        unattended=plan.unattended,
        drill=True,
        actor=actor,
    )
    # Opening took the lock under which every incident opens: from here on what is seen holds.
    if _real_incidents(system):
        raise Conflict(f"A real incident is open on {system.title}; it comes first.")
    drill = _begin(plan, system, incident, actor)
    renew_desired([system])
    run_automatic_steps(incident=incident, actor=_MACHINE)
    return drill


def _begin(plan: DrillPlan, system: System, incident: Incident, actor: Actor) -> Drill:
    number = (Drill.objects.aggregate(highest=Max("number"))["highest"] or 0) + 1
    try:
        with transaction.atomic():
            drill = Drill.objects.create(
                number=number,
                plan=plan,
                system=system,
                incident=incident,
                served_before=system.serving_version,
                started_by=actor.reference,
                started_at=incident.detected_at,
            )
    except IntegrityError:
        raise Conflict(f"A drill is running on {system.title}; end it first.") from None
    DrillTarget.objects.bulk_create(
        DrillTarget(drill=drill, target=target)
        for target in ServingTarget.objects.filter(system=system, active=True)
    )
    _leave_out(incident)
    add_timeline_entry(
        incident=incident,
        kind=TimelineKind.NOTE,
        sentence=f"{drill.reference} began. Who should respond: "
        + ", ".join(Role(role).label.lower() for role in plan.roles)
        + ".",
        actor=actor,
    )
    record_entry(
        verb="incidents.drill_started",
        object_type="drill",
        object_id=str(drill.pk),
        actor=actor,
        facts={
            "reference": drill.reference,
            "incident": incident.reference,
            "system": system.key,
            "plan": str(plan.pk),
        },
    )
    return drill


def _leave_out(incident: Incident) -> None:
    """Set aside the steps that would reach beyond the rehearsal system, with the reason."""
    now = database_now()
    for step in present_steps(incident):
        reason = left_out_because(step.type, step.params)
        if reason:
            step.state, step.finished_at = StepState.SKIPPED, now
            step.outcome = f"Left out of the drill. {reason}"
        elif step.type == StepType.RUN_AUDIT and not step.params.get("plan"):
            # No plan found this incident; whether people look for themselves is part of the drill.
            step.automatic = False
        else:
            continue
        step.save(update_fields=["state", "finished_at", "outcome", "automatic", "updated_at"])


def remind_of_drills(*, actor: Actor, now: datetime | None = None) -> int:
    """Tell people of drills that were left open: the system stays stopped until somebody acts."""
    moment = now or database_now()
    running = Drill.objects.filter(ended_at=None).select_related("plan", "system", "incident")
    return sum(_remind(drill, actor, moment) for drill in running if is_left_open(drill, moment))


def is_left_open(drill: Drill, now: datetime) -> bool:
    """Whether a drill has run longer than its objectives together allow, and than four hours."""
    allowed = sum(drill.plan.limits.values(), timedelta(0))
    return drill.ended_at is None and now - drill.started_at > max(LEFT_OPEN, allowed)


@transaction.atomic
def _remind(drill: Drill, actor: Actor, now: datetime) -> bool:
    locked = (
        Drill.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(pk=drill.pk, ended_at=None)
        .first()
    )
    if locked is None:
        return False
    if locked.reminded_at is not None and now - locked.reminded_at < REMIND_EVERY:
        return False
    Drill.objects.filter(pk=drill.pk).update(reminded_at=now)
    incident = drill.incident
    notify(
        recipients=[
            f"role:{role}@{drill.system.key}" for role in (Role.INCIDENT_COMMANDER, Role.ADMIN)
        ],
        subject=f"{incident.called}: the drill was left open",
        body=f"{drill.plan.title} began {drill.started_at:%d %B %Y, %H:%M} UTC. "
        f"{drill.system.title} stays as it is until two people lift its hold and the drill is "
        "ended.",
        link=reverse("incident", args=[incident.reference]),
    )
    add_timeline_entry(
        incident=incident,
        kind=TimelineKind.ESCALATION,
        sentence="The drill was left open; told: incident commander, admin.",
        actor=actor,
    )
    return True


def _record(verb: str, plan: DrillPlan, actor: Actor) -> None:
    record_entry(
        verb=verb,
        object_type="drillplan",
        object_id=str(plan.pk),
        actor=actor,
        facts={
            "system": plan.system.key,
            "stands_for": plan.stands_for.key if plan.stands_for else None,
            "kind": plan.kind,
            "severity": plan.severity,
            "every": plan.every,
            "limits": {key: str(value) for key, value in plan.limits.items()},
        },
    )
