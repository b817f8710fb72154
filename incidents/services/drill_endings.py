"""The end of a drill: by a person once its hold is lifted, or at once for a real incident.

Either way it is measured, its report is frozen and the ledger names the digest.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from django.db import transaction
from django.urls import reverse

from governance.core.actors import Actor, SystemActor
from governance.core.clock import database_now
from governance.core.errors import Conflict, DomainError
from governance.ledger.services import record_entry
from governance.outbox.services import notify
from governance.people.choices import Role
from governance.registry.access import require, require_person
from governance.registry.models import System
from governance.registry.services import set_serving_version
from governance.signals.services import publish_signal
from incidents.choices import (
    ENDED,
    FINAL_STATES,
    DrillVerdict,
    State,
    StepState,
    StepType,
    TimelineKind,
)
from incidents.drills.measures import judge
from incidents.drills.schedule import next_due
from incidents.models import Drill, DrillPlan, Incident
from incidents.services.drill_facts import (
    drill_report,
    gather_drill_facts,
    holds_of,
    note_confirmations,
)
from incidents.services.escalating import end_escalation
from incidents.services.settling import settle_steps
from incidents.services.timeline import add_timeline_entry

RUNS = "incidents.run_drills"
SIGNAL = "drill.last_passed"
_MACHINE = SystemActor("incidents")


@transaction.atomic
def end_drill(*, drill: Drill, actor: Actor) -> Drill:
    """End a drill and freeze its report; its hold is lifted by two people before, as in reality."""
    require(actor, RUNS, [drill.system])
    require_person(actor, "ending a drill")
    drill = _locked(drill)
    holds = holds_of(drill)
    if any(hold.released_at is None for hold in holds):
        raise Conflict(
            "The hold of this drill is still in place: two people lift it first, as in reality."
        )
    if holds:  # the news of the lift may not have been heard yet
        settle_steps(
            incident=drill.incident,
            step_type=StepType.LIFT_HOLD,
            outcome="Two people lifted the hold.",
            actor=_MACHINE,
        )
    note_confirmations(drill.system)
    return _finish(drill, actor=actor, left_behind=_serve_as_before(drill))


def call_off_drills(*, incident: Incident, actor: Actor) -> list[Drill]:
    """Stop rehearsing on the system of a real incident: from now on everything there is real.

    The drill's hold stays until two people lift it; nothing is loosened while harm may go on.
    """
    running = Drill.objects.filter(system=incident.system_id, ended_at=None)
    called_off = []
    for found in running:
        drill = _locked(found)
        drill.called_off_for = incident
        left_behind = [
            f"The hold on {hold.target_key} stays until two people lift it."
            for hold in holds_of(drill)
            if hold.released_at is None
        ]
        called_off.append(_finish(drill, actor=actor, left_behind=left_behind))
        notify(
            recipients=[
                f"role:{role}@{drill.system.key}"
                for role in sorted({*drill.plan.roles, Role.INCIDENT_COMMANDER.value})
            ],
            subject=f"{drill.incident.called} is called off: {incident.reference} is real",
            body=f"{incident.title}. This is not a drill; the drill on this system has ended.",
            link=reverse("incident", args=[incident.reference]),
        )
    return called_off


def _locked(drill: Drill) -> Drill:
    locked = Drill.objects.select_for_update(of=("self",)).get(pk=drill.pk)
    if locked.ended_at is not None:
        raise Conflict(f"{locked.reference} has ended already.")
    return locked


def _serve_as_before(drill: Drill) -> list[str]:
    """Undo the drill's roll-back, so that the next one starts from the same version.

    Returns what could not be put back, in sentences.
    """
    system = System.objects.get(pk=drill.system_id)
    before = drill.served_before
    rolled_back = drill.incident.steps.filter(
        type=StepType.ROLLBACK_MODEL, state=StepState.DONE
    ).exists()
    if not rolled_back or before is None or system.serving_version_id == before.pk:
        return []
    try:
        with transaction.atomic():
            set_serving_version(
                system=system,
                version=before,
                actor=_MACHINE,
                reason=f"{drill.reference} has ended.",
            )
    except DomainError as refusal:
        return [f"Version {before.key} does not serve again: {refusal.sentence}"]
    return []


def _finish(drill: Drill, *, actor: Actor, left_behind: list[str]) -> Drill:
    incident, now = drill.incident, database_now()
    facts = gather_drill_facts(drill, now)
    real = drill.called_off_for
    judgement = judge(facts, drill.plan.limits, f"{real.reference} is real." if real else "")
    report = drill_report(
        drill, facts, judgement, ended_by=actor.reference, left_behind=left_behind
    )
    drill.report, drill.verdict = report, judgement.verdict
    drill.sha256 = digest_of(report)
    drill.ended_at, drill.ended_by = now, actor.reference
    drill.save()
    _close(incident, report["sentence"], actor)
    plan, today = drill.plan, now.date()
    DrillPlan.objects.filter(pk=plan.pk).update(
        due_on=next_due(plan.every, judgement.verdict, today, plan.due_on)
    )
    record_entry(
        verb="incidents.drill_ended",
        object_type="drill",
        object_id=str(drill.pk),
        actor=actor,
        facts={
            "reference": drill.reference,
            "incident": incident.reference,
            "system": drill.system.key,
            "verdict": judgement.verdict,
            "effect_seconds": str(report["effect_seconds"]),
            "sha256": drill.sha256,
        },
    )
    if judgement.verdict != DrillVerdict.CALLED_OFF:
        _publish(drill, report, actor)
    return drill


def digest_of(report: dict[str, Any]) -> str:
    """Return the SHA-256 of a report's text, as the export writes it."""
    return hashlib.sha256(text_of(report).encode()).hexdigest()


def text_of(report: dict[str, Any]) -> str:
    """Write a report the one way that its digest is taken of."""
    return json.dumps(report, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _close(incident: Incident, sentence: str, actor: Actor) -> None:
    """Close the drill's incident with whatever is left open; it never counts, so nothing is due."""
    incident.steps.exclude(state__in=ENDED).exclude(state=StepState.FAILED).update(
        state=StepState.SKIPPED,
        outcome="Left open when the drill ended.",
        finished_at=database_now(),
    )
    incident.steps.update(next_attempt_at=None)
    end_escalation(incident)
    Incident.objects.filter(pk=incident.pk).exclude(state__in=FINAL_STATES).update(
        state=State.CLOSED, closed_at=database_now(), updated_at=database_now()
    )
    incident.refresh_from_db()
    add_timeline_entry(
        incident=incident,
        kind=TimelineKind.STATE,
        sentence=f"The drill ended. {sentence}",
        actor=actor,
    )


def _publish(drill: Drill, report: dict[str, Any], actor: Actor) -> None:
    """Say for the system, and for the one it stands for, whether the last drill passed.

    One that failed takes the number back: what worked once is no longer known to work.
    """
    passed = drill.verdict == DrillVerdict.PASSED
    for system in filter(None, (drill.system, drill.plan.stands_for)):
        publish_signal(
            key=SIGNAL,
            scope_key=system.key,
            value=report["effect_seconds"] if passed else None,
            state="ok" if passed else "fail",
            sentence=f"{drill.reference}. {report['sentence']}",
            source=drill.reference,
            actor=actor,
        )
