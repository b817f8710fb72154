"""Steps that contain by holding: a target, everybody's profile, a feature, or a part of the scope.

Every one of them is a hold in the registry, so that two people lift it and nothing else does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

from django.db.models import Q, QuerySet

from governance.core.actors import Actor
from governance.core.clock import database_now
from governance.core.errors import Conflict, Invalid
from governance.registry.choices import HoldEffect, VersionState
from governance.registry.models import Feature, Hold, ModelVersion, Purpose, Surface, System
from governance.registry.services import place_hold
from incidents.models import Incident, IncidentStep
from incidents.playbook.params import DisableFeature, FallbackNonProfiled, PlaceHold, ReduceScope
from incidents.services.steps.results import StepResult, done, params_of, system_of
from incidents.services.targets import renew_desired, settle_containment

Target = System | Surface | Purpose | ModelVersion
RowT = TypeVar("RowT", Surface, Purpose, ModelVersion, Feature)
_NAME: dict[type[Target], str] = {
    System: "system",
    Surface: "surface",
    Purpose: "purpose",
    ModelVersion: "version",
}


def hold_target(step: IncidentStep, actor: Actor) -> StepResult:
    """Hold the system, or the surfaces, purposes or versions that the step names."""
    told, incident = params_of(step, PlaceHold), step.incident
    targets = _targets(incident, told)
    return _contain(step, targets, told.effect, actor)


def fall_back_non_profiled(step: IncidentStep, actor: Actor) -> StepResult:
    """Have everybody served the non-profiled variant, on the system or on some surfaces."""
    told, system = params_of(step, FallbackNonProfiled), system_of(step.incident)
    targets: Sequence[Target] = [system]
    if told.surfaces:
        targets = _named(Surface.objects.filter(systems=system), told.surfaces, "surface")
    return _contain(step, targets, HoldEffect.NON_PROFILED, actor)


def disable_feature(step: IncidentStep, actor: Actor) -> StepResult:
    """Hold every version that reads one of the features: none of them serves until it is lifted."""
    told = params_of(step, DisableFeature)
    features = _named(Feature.objects.all(), told.features, "feature")
    versions = versions_reading(features)
    names = ", ".join(told.features)
    if not versions:
        return done(f"No version reads {names}: there is nothing to hold.", holds=[])
    return _contain(step, versions, told.effect, actor, why=f"disabled: {names}")


def reduce_scope(step: IncidentStep, actor: Actor) -> StepResult:
    """Hold some surfaces, all surfaces but some, or some purposes of the system."""
    told, system = params_of(step, ReduceScope), system_of(step.incident)
    surfaces = Surface.objects.filter(systems=system)
    targets: Sequence[Target]
    if told.purposes:
        targets = _named(_purposes(system), told.purposes, "purpose")
    elif told.surfaces:
        targets = _named(surfaces, told.surfaces, "surface")
    else:
        kept = _named(surfaces, told.keep_surfaces, "surface")
        targets = [one for one in surfaces.order_by("key") if one not in kept]
        if not targets:
            raise Conflict(f"{system.title} has no other surface: nothing would be held.")
    return _contain(step, targets, told.effect, actor)


def versions_reading(features: Iterable[Feature]) -> list[ModelVersion]:
    """The versions that may serve and read one of the features.

    Where a system uses the feature and none of its versions says what it reads, what serves is
    taken to read it.
    """
    wanted = list(features)
    living = ModelVersion.objects.exclude(state=VersionState.RETIRED).select_related("system")
    found = living.filter(features__in=wanted)
    silent = living.filter(
        system__features__in=wanted, state=VersionState.SERVING, features__isnull=True
    )
    either = living.filter(Q(pk__in=found.values("pk")) | Q(pk__in=silent.values("pk")))
    return list(either.order_by("system__key", "key"))


def _purposes(system: System) -> QuerySet[Purpose]:
    mine = Q(systems=system) | Q(surfaces__systems=system)
    return Purpose.objects.filter(mine).distinct()


def _targets(incident: Incident, told: PlaceHold) -> Sequence[Target]:
    system = system_of(incident)
    if told.on == "system":
        return [system]
    if told.on == "version":
        versions = ModelVersion.objects.filter(system=system).select_related("system")
        if told.keys:
            return _named(versions, told.keys, "version")
        version = incident.version or system.serving_version
        if version is None:
            raise Invalid(f"{system.title} serves no version that could be held.")
        return [version]
    # Where the register names none, all of the system is the safe reading of "every one".
    if told.on == "surface":
        return _those(Surface.objects.filter(systems=system), told) or [system]
    return _those(_purposes(system), told) or [system]


def _those(owned: QuerySet[RowT], told: PlaceHold) -> list[RowT]:
    return _named(owned, told.keys, told.on) if told.keys else list(owned.order_by("key"))


def _named(rows: QuerySet[RowT], keys: Sequence[str], kind: str) -> list[RowT]:
    found = {row.key: row for row in rows.filter(key__in=keys)}
    missing = [key for key in keys if key not in found]
    if missing:
        raise Invalid(f"There is no {kind} {missing[0]!r} that this step could reach.")
    return [found[key] for key in keys]


def _contain(
    step: IncidentStep,
    targets: Sequence[Target],
    effect: str | None,
    actor: Actor,
    *,
    why: str = "",
) -> StepResult:
    incident = step.incident
    unasked = Incident.objects.filter(pk=incident.pk, containment_requested_at__isnull=True)
    unasked.update(containment_requested_at=database_now())
    holds = [_hold(incident, target, effect, actor, why) for target in targets]
    systems = _reached(holds)
    renew_desired(systems)
    sentence = f"{_listed(targets)} held: {_what_people_get(holds)}"
    ids = [str(hold.pk) for hold in holds]
    incident.refresh_from_db()
    if not any(system.serving_targets.filter(active=True).exists() for system in systems):
        now = database_now()
        Incident.objects.filter(pk=incident.pk, contained_at__isnull=True).update(contained_at=now)
        incident.refresh_from_db()
        return done(sentence, holds=ids)
    if any(hold.system_id or hold.version_id for hold in holds):
        for system in systems:
            settle_containment(system)
        incident.refresh_from_db()
        return done(f"{sentence} Its serving targets confirm that themselves.", holds=ids)
    # Targets report what a system serves, not what each surface does: a person looks.
    return done(f"{sentence} Look at what people get there, and confirm it.", holds=ids)


def _hold(incident: Incident, target: Target, effect: str | None, actor: Actor, why: str) -> Hold:
    hold = place_hold(
        system=target if isinstance(target, System) else None,
        surface=target if isinstance(target, Surface) else None,
        purpose=target if isinstance(target, Purpose) else None,
        version=target if isinstance(target, ModelVersion) else None,
        effect=effect,
        cause=incident.cause_key,
        reason=f"{incident.title} ({why})" if why else incident.title,
        actor=actor,
        incident_reference=incident.reference,
    )
    if effect == HoldEffect.NON_PROFILED and hold.effect == HoldEffect.DENY:
        raise Conflict(
            f"{hold.target_kind.capitalize()} {hold.target_key} is held for this incident already, "
            "and that hold denies: the non-profiled variant reaches nobody before it is lifted."
        )
    return hold


def _reached(holds: Iterable[Hold]) -> list[System]:
    reached: dict[object, System] = {}
    for hold in holds:
        if hold.system is not None:
            found: Iterable[System] = [hold.system]
        elif hold.version is not None:
            found = [hold.version.system]
        elif hold.surface is not None:
            found = System.objects.filter(surfaces=hold.surface)
        else:
            mine = Q(purposes=hold.purpose) | Q(surfaces__purposes=hold.purpose)
            found = System.objects.filter(mine).distinct()
        reached |= {system.pk: system for system in found}
    return list(reached.values())


def _listed(targets: Sequence[Target]) -> str:
    first = targets[0]
    if isinstance(first, System):
        return f"{first.title} is"
    keys = ", ".join(one.scope_key if isinstance(one, ModelVersion) else one.key for one in targets)
    name = _NAME[type(first)].capitalize()
    return f"{name} {keys} is" if len(targets) == 1 else f"{name}s {keys} are"


def _what_people_get(holds: Sequence[Hold]) -> str:
    if any(hold.effect == HoldEffect.DENY for hold in holds):
        return "nothing is decided about people there."
    return "people get the non-profiled variant."
