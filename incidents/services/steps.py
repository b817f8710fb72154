"""Running the steps of an incident's playbook.

A step locks its row, has its effect and ends in one transaction, so that a worker that dies leaves
the step as it was. A failed step says why and never keeps the next one from running.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass

from django.db import transaction
from django.urls import reverse

from audits import selectors as audits
from audits.services import request_verification_run
from governance.core.actors import Actor
from governance.core.clock import database_now
from governance.core.errors import Conflict, DomainError, Invalid, NotPermitted
from governance.ledger.services import record_entry
from governance.outbox.services import notify
from governance.people.choices import Role
from governance.registry.choices import VersionState
from governance.registry.models import System
from governance.registry.selectors import system_state
from governance.registry.services import place_hold, set_serving_version
from incidents.choices import State, StepState, StepType, TimelineKind
from incidents.models import Evidence, Incident, IncidentStep
from incidents.selectors import present_steps
from incidents.services.moving import move_incident
from incidents.services.targets import renew_desired, settle_containment
from incidents.services.timeline import add_timeline_entry


@dataclass(frozen=True)
class StepResult:
    """How a step ended, in words."""

    state: str
    sentence: str


def run_automatic_steps(*, incident: Incident, actor: Actor) -> None:
    """Run, in order, every automatic step that is not done yet."""
    waiting = present_steps(incident).filter(
        automatic=True, state__in=[StepState.PENDING, StepState.WAITING, StepState.FAILED]
    )
    for step in waiting.order_by("position"):
        perform_step(step=step, actor=actor)


@transaction.atomic
def perform_step(*, step: IncidentStep, actor: Actor) -> IncidentStep:
    """Have the effect of one step and record how it ended; a step that is done stays done."""
    if not actor.may("incidents.command"):
        raise NotPermitted("Only the incident commander runs steps.")
    step = IncidentStep.objects.select_for_update(of=("self",)).get(pk=step.pk)
    if step.state in (StepState.DONE, StepState.SKIPPED):
        return step
    effect = _EFFECTS.get(StepType(step.type))
    if effect is None:
        raise Conflict(f"The step {step.title!r} is done by people; see its instruction.")
    try:
        with transaction.atomic():
            result = effect(step.incident, actor)
    except DomainError as refusal:
        result = StepResult(StepState.FAILED, refusal.sentence)
    _finish(step, result, actor)
    return step


def _finish(step: IncidentStep, result: StepResult, actor: Actor) -> None:
    changed = (step.state, step.outcome) != (result.state, result.sentence)
    step.state, step.outcome = result.state, result.sentence
    step.attempt += 1
    if result.state in (StepState.DONE, StepState.SKIPPED):
        step.finished_at, step.done_by = database_now(), actor.display
    step.save()
    if not changed:
        return
    add_timeline_entry(
        incident=step.incident, kind=TimelineKind.STEP, sentence=result.sentence, actor=actor
    )
    record_entry(
        verb="incidents.step_ended",
        object_type="incident",
        object_id=str(step.incident_id),
        actor=actor,
        facts={
            "reference": step.incident.reference,
            "step": step.type,
            "state": result.state,
            "attempt": step.attempt,
        },
    )


@transaction.atomic
def complete_by_hand(*, step: IncidentStep, note: str, actor: Actor) -> IncidentStep:
    """Mark a step that people do as done, with a note that says how."""
    if not actor.may("incidents.command"):
        raise NotPermitted("Only the incident commander completes steps.")
    if len(note.strip()) < 10:
        raise Invalid("Say in a sentence how the step was done.")
    step = IncidentStep.objects.select_for_update(of=("self",)).get(pk=step.pk)
    if step.type == StepType.RUN_AUDIT and step.incident.plan_id is None:
        Incident.objects.filter(pk=step.incident_id).update(verified_at=database_now())
    elif step.type != StepType.BY_HAND:
        raise Conflict(f"The step {step.title!r} ends by its effect, not by hand.")
    _finish(step, StepResult(StepState.DONE, f"{step.title}: {note.strip()}"), actor)
    return step


@transaction.atomic
def skip_step(*, step: IncidentStep, reason: str, actor: Actor) -> IncidentStep:
    """Leave out a step that need not be done, with the reason."""
    if not actor.may("incidents.command"):
        raise NotPermitted("Only the incident commander leaves out steps.")
    if len(reason.strip()) < 10:
        raise Invalid("Say in a sentence why the step is left out.")
    step = IncidentStep.objects.select_for_update(of=("self",)).get(pk=step.pk)
    if step.mandatory:
        raise Conflict(f"The step {step.title!r} is part of every incident.")
    if step.state in (StepState.DONE, StepState.SKIPPED):
        raise Conflict(f"The step {step.title!r} is {step.get_state_display().lower()}.")
    _finish(step, StepResult(StepState.SKIPPED, f"Left out: {reason.strip()}"), actor)
    return step


def _freeze_evidence(incident: Incident, actor: Actor) -> StepResult:
    content = {
        "incident": incident.reference,
        "cause": incident.cause_key,
        "system": _system_evidence(incident.system) if incident.system else None,
        "version": incident.version.key if incident.version else None,
        "report": incident.run.report if incident.run else None,
        "plan": audits.plan_as_declared(incident.plan) if incident.plan else None,
    }
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), default=str)
    digest = hashlib.sha256(text.encode()).hexdigest()
    Evidence.objects.create(
        incident=incident,
        title="State when the incident opened",
        content=json.loads(text),
        sha256=digest,
    )
    return StepResult(StepState.DONE, f"Evidence frozen (SHA-256 {digest[:12]}…).")


def _system_evidence(system: System) -> dict[str, object]:
    state = system_state(system)
    return {
        "key": system.key,
        "state": state.state,
        "reason": state.reason,
        "serving": state.version_key,
        "fallback": state.fallback_key,
        "on_pause": system.on_pause,
    }


def _place_hold(incident: Incident, actor: Actor) -> StepResult:
    if incident.system is None:
        raise Invalid("No system is named yet; name the affected system first.")
    unasked = Incident.objects.filter(pk=incident.pk, containment_requested_at__isnull=True)
    unasked.update(containment_requested_at=database_now())
    place_hold(
        system=incident.system,
        cause=incident.cause_key,
        reason=incident.title,
        actor=actor,
        incident_reference=incident.reference,
    )
    held = f"{incident.system.title} is held: people get the non-profiled variant."
    renew_desired([incident.system])
    if incident.system.serving_targets.filter(active=True).exists():
        settle_containment(incident.system)
        return StepResult(StepState.DONE, f"{held} Its serving targets confirm that themselves.")
    now = database_now()
    Incident.objects.filter(pk=incident.pk, contained_at__isnull=True).update(contained_at=now)
    incident.refresh_from_db()
    if incident.state == State.ACTIVE:
        move_incident(incident=incident, to=State.MITIGATED, actor=actor)
    return StepResult(StepState.DONE, held)


def _rollback_model(incident: Incident, actor: Actor) -> StepResult:
    system = incident.system
    if system is None:
        raise Invalid("No system is named yet; name the affected system first.")
    fallback = system.fallback_version
    if fallback is None or fallback.state not in (VersionState.APPROVED, VersionState.SERVING):
        raise Conflict("There is no approved fallback version; the hold stays until there is one.")
    if system.serving_version_id != fallback.pk:
        set_serving_version(system=system, version=fallback, actor=actor, reason=incident.reference)
    return StepResult(StepState.DONE, f"The serving version is now {fallback.key}.")


def _notify(incident: Incident, actor: Actor) -> StepResult:
    scope = f"@{incident.system.key}" if incident.system else ""
    roles = (Role.PRODUCT_OWNER, Role.ETHICS_REVIEWER, Role.PRIVACY_LEAD, Role.INCIDENT_COMMANDER)
    notify(
        recipients=[f"role:{role}{scope}" for role in roles],
        subject=f"{incident.reference}: {incident.title}",
        body=incident.summary,
        link=reverse("incident", args=[incident.reference]),
    )
    names = ", ".join(Role(role).label.lower() for role in roles)
    return StepResult(StepState.DONE, f"Told: {names}.")


def _run_audit(incident: Incident, actor: Actor) -> StepResult:
    if incident.plan is None or incident.system is None:
        raise Invalid("No plan found this incident: verify by hand and say how.")
    system = System.objects.get(pk=incident.system.pk)
    version = system.serving_version
    if version is None or version.pk == incident.version_id:
        raise Conflict("The version that caused the incident still serves; roll it back first.")
    if audits.rows_delivered(system=system, version=version) == 0:
        return StepResult(StepState.WAITING, f"Waiting for outputs of {version.key}.")
    last = audits.runs_of_incident(str(incident.pk)).order_by("-created_at").first()
    if last is not None and last.state not in ("queued", "running"):
        if not audits.delivered_since(system=system, version=version, moment=last.created_at):
            ended = last.verdict or last.state
            return StepResult(
                StepState.FAILED,
                f"The audit of {version.key} ended: {ended}. New outputs start it again.",
            )
        last = None
    if last is None:
        request_verification_run(
            plan=incident.plan, version=version, incident_id=str(incident.pk), actor=actor
        )
    return StepResult(StepState.WAITING, f"The audit of {version.key} is running.")


_EFFECTS: dict[StepType, Callable[[Incident, Actor], StepResult]] = {
    StepType.FREEZE_EVIDENCE: _freeze_evidence,
    StepType.PLACE_HOLD: _place_hold,
    StepType.ROLLBACK_MODEL: _rollback_model,
    StepType.NOTIFY: _notify,
    StepType.RUN_AUDIT: _run_audit,
}
