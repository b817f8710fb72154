"""Reading the registry: which systems an actor sees, what holds them, what state they are in."""

from __future__ import annotations

import enum
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from governance.core.actors import Actor
from governance.core.errors import NotFound
from governance.registry.choices import HoldEffect, OnPause
from governance.registry.models import Hold, ModelVersion, PeopleNotice, Purpose, Surface, System


class State(enum.StrEnum):
    MAY_PERSONALISE = "may_personalise"
    HELD = "held"
    NOT_APPROVED = "not_approved"
    OFF = "off"


@dataclass(frozen=True)
class SystemState:
    """Whether a system may personalise now, and why (not), in one sentence."""

    state: State
    reason: str
    version_key: str | None
    fallback_key: str | None
    holds: tuple[Hold, ...] = ()


def people_notices(system: System | None = None) -> QuerySet[PeopleNotice]:
    """What people read on their own pages now: of one system, or of all. It is public."""
    shown = PeopleNotice.objects.filter(replaced_at__isnull=True, shown_until__gt=Now())
    shown = shown.select_related("system")
    return shown if system is None else shown.filter(system=system)


def systems_for(actor: Actor) -> QuerySet[System]:
    """The systems an actor may see, with what a list shows of each."""
    related = ("owner", "serving_version", "fallback_version")
    return System.objects.for_actor(actor).select_related(*related)


def find_system(key: str, actor: Actor) -> System:
    try:
        return systems_for(actor).get(key=key)
    except System.DoesNotExist:
        raise NotFound(f"There is no system {key!r} that you may see.") from None


def find_version(system_key: str, version_key: str, actor: Actor) -> ModelVersion:
    versions = ModelVersion.objects.for_actor(actor).select_related("system")
    try:
        found: ModelVersion = versions.get(system__key=system_key, key=version_key)
    except ModelVersion.DoesNotExist:
        raise NotFound(
            f"There is no version {version_key!r} of a system {system_key!r} that you may see."
        ) from None
    return found


def surfaces_for(actor: Actor) -> QuerySet[Surface]:
    """Surfaces of visible systems, and the actor's own that no system uses yet."""
    if not actor.may("registry.view"):
        return Surface.objects.none()
    if actor.system_keys is None:
        return Surface.objects.all()
    used = System.objects.for_actor(actor).filter(surfaces__isnull=False).values("surfaces")
    own = Q(changed_by=actor.reference, systems=None)
    return Surface.objects.filter(Q(pk__in=used) | own)


def find_target(kind: str, key: str, actor: Actor) -> Any:
    """The target of a hold by its key, if the actor may see it."""
    if kind == "system":
        return find_system(key, actor)
    if kind == "version":
        system_key, _, version_key = key.partition(":")
        return find_version(system_key, version_key, actor)
    if kind not in ("surface", "purpose"):
        raise NotFound(f"A hold has no target of the kind {kind!r}.")
    targets: QuerySet[Any] = surfaces_for(actor) if kind == "surface" else Purpose.objects.all()
    found = targets.filter(key=key).first()
    if found is None:
        raise NotFound(f"There is no {kind} {key!r} that you may see.")
    return found


def active_holds(system: System) -> list[Hold]:
    """The active holds that reach what the system serves now, oldest first.

    They lie on the system, its serving version, its surfaces, or a purpose of its own or of
    its surfaces. A hold on the system or its serving version stops the whole system.
    """
    return list(_holds_by_system([system])[system.pk])


def stops_whole(hold: Hold) -> bool:
    return hold.system_id is not None or hold.version_id is not None


def system_state(system: System) -> SystemState:
    """May this system personalise now, with which version, and why (not)?"""
    return system_states([system])[system.key]


def system_states(systems: Iterable[System]) -> dict[str, SystemState]:
    """The states of many systems, with a constant number of queries."""
    systems = list(systems)
    if not systems:
        return {}
    holds = _holds_by_system(systems)
    return {system.key: _state(system, tuple(holds[system.pk])) for system in systems}


def _state(system: System, holds: tuple[Hold, ...]) -> SystemState:
    serving, fallback = system.serving_version, system.fallback_version
    version_key = serving.key if serving else None
    fallback_key = fallback.key if fallback else None
    whole = [hold for hold in holds if stops_whole(hold)]
    partial = [hold for hold in holds if not stops_whole(hold)]
    if whole:
        denied = any(hold.effect == HoldEffect.DENY for hold in whole)
        off = denied and system.on_pause == OnPause.OFF
        state = State.OFF if off else State.HELD
        more = f" and {len(whole) - 1} more" if len(whole) > 1 else ""
        reason = f"Held since {whole[0].placed_at:%-d %B %H:%M} UTC: {whole[0].reason}{more}"
    elif serving is None:
        state = State.NOT_APPROVED
        reason = "No approved version serves." + (
            f" People get the fallback {fallback_key}." if fallback_key else ""
        )
    else:
        state = State.MAY_PERSONALISE
        names = ", ".join(f"{hold.target_kind} {hold.target_key}" for hold in partial)
        reason = f"Serves {version_key}" + (f"; held on {names}." if names else ".")
    return SystemState(state, reason, version_key, fallback_key, holds)


def _holds_by_system(systems: list[System]) -> dict[Any, list[Hold]]:
    surfaces: dict[Any, set[Any]] = defaultdict(set)
    purposes: dict[Any, set[Any]] = defaultdict(set)
    by_system: dict[Any, list[Hold]] = defaultdict(list)
    ids = [system.pk for system in systems]
    serving = [system.serving_version_id for system in systems if system.serving_version_id]
    holds = list(
        Hold.objects.active()
        .filter(
            Q(system__in=ids)
            | Q(version__in=serving)
            | Q(surface__isnull=False)
            | Q(purpose__isnull=False)
        )
        .select_related("system", "surface", "purpose", "version__system")
        .order_by("placed_at", "pk")
    )
    if any(hold.surface_id or hold.purpose_id for hold in holds):
        rows = System.objects.filter(pk__in=ids).values_list("pk", "surfaces", "surfaces__purposes")
        for pk, surface, purpose in rows:
            surfaces[pk].add(surface)
            purposes[pk].add(purpose)
        for pk, purpose in System.objects.filter(pk__in=ids).values_list("pk", "purposes"):
            purposes[pk].add(purpose)
    for system in systems:
        for hold in holds:
            if (
                hold.system_id == system.pk
                or (hold.version_id and hold.version_id == system.serving_version_id)
                or (hold.surface_id and hold.surface_id in surfaces[system.pk])
                or (hold.purpose_id and hold.purpose_id in purposes[system.pk])
            ):
                by_system[system.pk].append(hold)
    return by_system
