"""Auditing what is served now: with the plan that found the harm, or another one."""

from __future__ import annotations

from datetime import timedelta

from audits import selectors as audits
from audits.models import Plan
from audits.services import request_verification_run
from governance.core.actors import Actor
from governance.core.clock import database_now
from governance.core.errors import Invalid
from governance.registry.models import System
from incidents.choices import StepState
from incidents.models import IncidentStep
from incidents.playbook.params import RunAudit
from incidents.services.steps.results import StepResult, params_of, system_of, waits

LOOKS_AGAIN = timedelta(seconds=10)


def run_verification(step: IncidentStep, actor: Actor) -> StepResult:
    """Ask for the run, and wait for it; its own news end the step."""
    told, incident = params_of(step, RunAudit), step.incident
    plan = _plan(step, told.plan)
    system = System.objects.get(pk=system_of(incident).pk)
    version = system.serving_version
    if version is None or version.pk == incident.version_id:
        return waits("The version that caused the incident still serves; roll it back first.")
    if audits.rows_delivered(system=system, version=version) == 0:
        return waits(f"Waiting for outputs of {version.key}.")
    last = audits.runs_of_incident(str(incident.pk)).filter(plan=plan).first()
    if last is not None and last.state not in ("queued", "running"):
        if not audits.delivered_since(system=system, version=version, moment=last.created_at):
            ended = last.verdict or last.state
            return StepResult(
                StepState.FAILED,
                f"The audit of {version.key} ended: {ended}. New outputs start it again.",
                look_again_at=database_now() + LOOKS_AGAIN,
            )
        last = None
    if last is None:
        request_verification_run(
            plan=plan, version=version, incident_id=str(incident.pk), actor=actor
        )
    return waits(f"The audit of {version.key} is running.")


def _plan(step: IncidentStep, key: str | None) -> Plan:
    system = system_of(step.incident)
    if key is not None:
        named = Plan.objects.filter(key=key, system=system).first()
        if named is None:
            raise Invalid(f"{system.title} has no plan {key!r}.")
        return named
    if step.incident.plan is None:
        raise Invalid("No plan found this incident: verify by hand and say how.")
    return step.incident.plan
