"""A rehearsal system with one serving target, and the moves of a drill that goes well."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from governance.core.actors import SystemActor
from governance.outbox.relay import drain
from governance.registry import services as registry
from governance.registry.models import Hold, System
from incidents.choices import Kind, Severity
from incidents.models import DesiredState, Drill, DrillPlan, Incident, ServingTarget
from incidents.services.drill_endings import end_drill
from incidents.services.drills import plan_drill, start_drill
from incidents.services.moving import take_command
from incidents.services.opening import open_incident
from incidents.services.steps import run_automatic_steps
from incidents.services.targets import TargetSettings, register_target, report_served
from tests.cast import Cast

MACHINE = SystemActor("test")
MINUTE = timedelta(minutes=1)
FOR_DRILLS = TargetSettings(for_drills=True)
LIMITS = {
    "acknowledge": 5 * MINUTE,
    "notify": 5 * MINUTE,
    "confirm": MINUTE,
    "release": 30 * MINUTE,
}


def rehearsal_system(cast: Cast, key: str = "carousel-drill") -> System:
    """Register a system that serves a version and whose one target is marked for drills."""
    system = registry.register_system(
        key=key, title="Carousel, rehearsal", on_pause="non_profiled", actor=MACHINE
    )
    cast.join(key)
    for name, profiled in (("thompson", True), ("uniform", False)):
        version = registry.register_version(
            system=system, key=name, profiled=profiled, actor=MACHINE
        )
        for state in ("in_review", "approved"):
            registry.set_version_state(version=version, state=state, actor=MACHINE, reason="test")
        if profiled:
            registry.set_serving_version(
                system=system, version=version, actor=MACHINE, reason="test"
            )
        else:
            registry.set_fallback_version(
                system=system, version=version, actor=MACHINE, reason="test"
            )
    register_target(
        system=system, key="shop", title="Test shop", settings=FOR_DRILLS, actor=MACHINE
    )
    return System.objects.get(pk=system.pk)


def planned(system: System, cast: Cast, **changes: Any) -> DrillPlan:
    """Plan a drill whose objectives are easily met."""
    given: dict[str, Any] = {
        "title": "Ads prefer one group",
        "scenario": "An alert says that the carousel leaves out one group of sellers.",
        "kind": Kind.BIAS,
        "severity": Severity.S2,
        "unattended": True,
        "roles": ["incident_commander", "product_owner"],
        "limits": LIMITS,
        **changes,
    }
    return plan_drill(system=system, actor=cast.actor("ivo"), **given)


def target_says_what_it_should(system: System) -> None:
    """Have the test shop report what it is asked to serve."""
    desired = DesiredState.objects.get(system=system)
    for target in ServingTarget.objects.filter(system=system, active=True):
        report_served(
            target=target,
            version=desired.version,
            personalises=desired.personalises,
            actor=MACHINE,
        )


def lifted_by_two(incident: Incident, cast: Cast) -> None:
    """Lift every hold of an incident: one person proposes, another confirms."""
    for hold in Hold.objects.active().filter(incident_reference=incident.reference):
        reason = "The rehearsal is over."
        registry.propose_release(hold=hold, actor=cast.actor("ada"), reason=reason)
        registry.release_hold(hold=hold, actor=cast.actor("elif"), reason=reason)


def rehearsed(plan: DrillPlan, cast: Cast) -> Drill:
    """Run a drill from its start to its report as it should go."""
    cast.person("ada")
    target_says_what_it_should(plan.system)
    drill = start_drill(plan=plan, actor=cast.actor("ivo"))
    drain()
    take_command(incident=drill.incident, user=cast.person("ivo"), actor=cast.actor("ivo"))
    target_says_what_it_should(plan.system)
    lifted_by_two(drill.incident, cast)
    return end_drill(drill=drill, actor=cast.actor("ivo"))


def contained_for_real(system: System, cause: str = "breach:real") -> Incident:
    """Open what an alert opens, with its containment."""
    incident, _created = open_incident(
        title="Carousel: one group is left out",
        summary="An alert that is no drill.",
        kind=Kind.BIAS,
        severity=Severity.S2,
        cause_key=cause,
        system=system,
        unattended=True,
        actor=MACHINE,
    )
    run_automatic_steps(incident=incident, actor=MACHINE)
    return incident
