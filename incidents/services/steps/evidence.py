"""Freezing what was true when the incident opened, before anything changes it."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from audits import selectors as audits
from governance.core.actors import Actor
from governance.registry.models import System
from governance.registry.selectors import system_state
from incidents.models import Evidence, Incident, IncidentStep
from incidents.services.steps.results import StepResult, done


def freeze_evidence(step: IncidentStep, actor: Actor) -> StepResult:
    """Keep the measurement, the limits, the version and the system's state with their digest."""
    kept = freeze(step.incident)
    return done(f"Evidence frozen (SHA-256 {kept.sha256[:12]}…).", evidence=str(kept.pk))


def freeze(incident: Incident) -> Evidence:
    """Keep what is known now as evidence of the incident."""
    content = {
        "incident": incident.reference,
        "cause": incident.cause_key,
        "system": _system_evidence(incident.system) if incident.system else None,
        "version": incident.version.key if incident.version else None,
        "report": incident.run.report if incident.run else None,
        "plan": audits.plan_as_declared(incident.plan) if incident.plan else None,
    }
    return keep(incident, title="State when the incident opened", content=content)


def keep(incident: Incident, *, title: str, content: dict[str, Any]) -> Evidence:
    """Keep something with the incident for ever, with its SHA-256."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), default=str)
    return Evidence.objects.create(
        incident=incident,
        title=title,
        content=json.loads(text),
        sha256=hashlib.sha256(text.encode()).hexdigest(),
    )


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
