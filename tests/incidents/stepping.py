"""A system with surfaces, purposes, features and three versions, and incidents of chosen steps."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import yaml

from audits.choices import RunState
from audits.models import Plan, Run
from audits.services import create_plan
from governance.core.actors import SystemActor
from governance.core.clock import database_now
from governance.registry import services as registry
from governance.registry.models import ModelVersion, Purpose, System
from incidents.choices import Kind, Severity
from incidents.models import Incident, IncidentStep
from incidents.services.copying import import_playbook
from incidents.services.opening import open_incident
from tests.cast import Cast

MACHINE = SystemActor("test")


def carousel(cast: Cast) -> System:
    """Register a system that serves `learned`, falls back to `uniform`, and knows `older`."""
    surfaces = [
        registry.register_surface(key=key, title=key.title(), kind="feed", actor=MACHINE)
        for key in ("home", "search-page")
    ]
    purposes = list(Purpose.objects.filter(key__in=["product_suggestions", "ads"]))
    system = registry.register_system(
        key="carousel",
        title="Carousel",
        on_pause="non_profiled",
        surfaces=surfaces,
        purposes=purposes,
        actor=MACHINE,
    )
    cast.join("carousel")
    age = registry.register_feature(key="age-band", title="Age", systems=[system], actor=MACHINE)
    registry.register_feature(key="weather", title="Weather", actor=MACHINE)
    for key, features in (("learned", [age]), ("older", []), ("uniform", [])):
        version = registry.register_version(
            system=system, key=key, profiled=key != "uniform", features=features, actor=MACHINE
        )
        for state in ("in_review", "approved"):
            registry.set_version_state(version=version, state=state, actor=MACHINE, reason="test")
    registry.set_serving_version(
        system=system, version=version_of(system, "learned"), actor=MACHINE, reason="test"
    )
    registry.set_fallback_version(
        system=system, version=version_of(system, "uniform"), actor=MACHINE, reason="test"
    )
    return System.objects.get(pk=system.pk)


def version_of(system: System, key: str) -> ModelVersion:
    return ModelVersion.objects.select_related("system").get(system=system, key=key)


def a_step(step_type: str, key: str = "", **more: Any) -> dict[str, Any]:
    """One step as a playbook writes it, automatic unless people do it."""
    return {
        "key": key or step_type.replace("_", "-"),
        "part": "contain",
        "type": step_type,
        "title": f"Step {key or step_type}",
        "instruction": "What this step does, in words.",
        "role": "ml_engineer",
        "automatic": step_type != "by_hand",
        **more,
    }


def as_yaml(*steps: dict[str, Any]) -> str:
    return yaml.safe_dump(
        {
            "format": "playbook/1",
            "key": "rehearsed",
            "title": "Rehearsed",
            "kinds": ["algorithmic_bias"],
            "steps": list(steps),
        }
    )


def begin(cast: Cast, system: System | None, *steps: dict[str, Any], **more: Any) -> Incident:
    """Import a playbook of these steps and open an incident that copies it."""
    import_playbook(text=as_yaml(*steps), actor=cast.actor("ivo"))
    given: dict[str, Any] = {
        "title": "Too concentrated",
        "summary": "Eight items take half of all impressions.",
        "kind": Kind.BIAS,
        "severity": Severity.S2,
        "cause_key": "breach:a",
        "system": system,
        "version": system.serving_version if system else None,
        "unattended": True,
        "actor": MACHINE,
    }
    incident, _created = open_incident(**{**given, **more})
    return incident


def step_of(incident: Incident, key: str) -> IncidentStep:
    return incident.steps.get(key=key, episode=incident.episode)


def audited(system: System, version: str, verdict: str) -> Plan:
    """Put a finished audit of a version on record."""
    plan = Plan.objects.filter(system=system).first() or create_plan(
        key="exposure",
        title="Is what people see spread over the items?",
        system=system,
        method="exposure.popularity",
        parameters={"top_fraction": 0.1, "catalogue_size": 20},
        columns={"item": ["item"]},
        limits=["top_share<=0.30"],
        starts_at=database_now() - timedelta(days=3),
        ends_at=database_now(),
        on_breach="finding",
        actor=MACHINE,
    )
    now = database_now()
    Run.objects.create(
        plan=plan,
        version=version_of(system, version),
        window_start=now - timedelta(days=1),
        window_end=now,
        purpose="on_demand",
        requested_by="system:test",
        state=RunState.SUCCEEDED,
        enqueued_at=now,
        finished_at=now,
        verdict=verdict,
        report={},
    )
    return plan
