"""Going back to a version that is known to be good; what was found is frozen first."""

from __future__ import annotations

from audits import selectors as audits
from governance.core.actors import Actor
from governance.core.errors import Conflict, Invalid
from governance.registry.choices import VersionState
from governance.registry.models import Hold, ModelVersion, System
from governance.registry.services import set_serving_version
from incidents.models import Incident, IncidentStep
from incidents.playbook.params import RollbackModel
from incidents.services.steps.evidence import freeze
from incidents.services.steps.results import StepResult, done, params_of, system_of


def roll_back(step: IncidentStep, actor: Actor) -> StepResult:
    """Make the step's version, or the fallback, the one that serves; else the hold stays."""
    told, incident = params_of(step, RollbackModel), step.incident
    system = System.objects.select_for_update().get(pk=system_of(incident).pk)
    version = _wanted(system, told.to)
    if version.pk == incident.version_id:
        raise Conflict(f"{version.key} is the version that caused this; the hold stays.")
    unproven = why_unsafe(incident, system, version)
    if unproven:
        raise Conflict(f"{unproven} The hold stays.")
    if not incident.evidence.filter(at__gte=incident.detected_at).exists():
        freeze(incident)
    former = system.serving_version
    if former is not None and former.pk == version.pk:
        return done(f"The serving version is {version.key} already.")
    set_serving_version(system=system, version=version, actor=actor, reason=incident.reference)
    return done(
        f"The serving version is now {version.key}.",
        version_from=str(former.pk) if former else None,
        version_to=str(version.pk),
    )


def _wanted(system: System, key: str | None) -> ModelVersion:
    if key is None:
        version = system.fallback_version
        if version is None:
            raise Conflict(
                "There is no approved fallback version; the hold stays until there is one."
            )
        return version
    found = ModelVersion.objects.filter(system=system, key=key).first()
    if found is None:
        raise Invalid(f"{system.title} has no version {key!r} to go back to; the hold stays.")
    return found


def why_unsafe(incident: Incident, system: System, version: ModelVersion) -> str:
    """Say what speaks against serving a version now; empty: nothing does.

    It is approved, nobody holds it, and its audits pass. The fallback alone may take its place
    before it was audited, and only behind the incident's hold: people get it there anyway, and the
    hold is not lifted before its audit passes.
    """
    if version.state not in (VersionState.APPROVED, VersionState.SERVING):
        state = version.get_state_display().lower()
        return f"There is no approved version to go back to: {version.key} is {state}."
    if Hold.objects.active().filter(version=version).exists():
        return f"Version {version.key} is held itself."
    verdict = audits.last_verdict(system, version)
    if verdict == "pass":
        return ""
    if verdict is not None:
        return f"The last audit of {version.key} ended: {verdict}."
    behind_a_hold = Hold.objects.active().filter(
        system=system, incident_reference=incident.reference
    )
    if version.pk == system.fallback_version_id and behind_a_hold.exists():
        return ""
    return f"No audit of {version.key} has passed."
