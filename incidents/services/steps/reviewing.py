"""Opening the checklist again: what was answered before an incident may not be true after it."""

from __future__ import annotations

from governance.core.actors import Actor, SystemActor
from governance.core.errors import Invalid
from governance.registry.models import ModelVersion
from governance.reviews.gates import open_review
from governance.reviews.services.decisions import start_review
from incidents.models import IncidentStep
from incidents.playbook.params import OpenChecklist
from incidents.services.steps.results import StepResult, done, params_of, system_of


def open_checklist(step: IncidentStep, actor: Actor) -> StepResult:
    """Open the review of the version that serves, that caused this, or that people fall back to."""
    told, incident = params_of(step, OpenChecklist), step.incident
    system = system_of(incident)
    version: ModelVersion | None = {
        "serving": system.serving_version,
        "cause": incident.version,
        "fallback": system.fallback_version,
    }[told.of]
    if version is None:
        raise Invalid(f"{system.title} names no {told.of} version to review.")
    found = open_review(version)
    if found is not None:
        return done(f"The review of {version.key} is open already.", review=str(found.pk))
    note = f"{incident.reference}: {incident.title}"
    # Opening a review takes nothing from anybody: a commander may, and decides nothing by it.
    starter = actor if actor.may("reviews.start") else SystemActor("incidents")
    review = start_review(version=version, actor=starter, note=note)
    return done(f"The checklist of {version.key} is open again.", review=str(review.pk))
