"""Changes to systems and model versions: registration, state, and which version serves."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from governance.core.actors import Actor, SystemActor
from governance.core.errors import Conflict, Invalid, NotPermitted
from governance.core.events import ServingVersionChanged
from governance.ledger.services import record_entry
from governance.outbox.services import emit
from governance.people.models import User
from governance.people.services import add_member
from governance.registry.access import require
from governance.registry.changes import apply_changes
from governance.registry.choices import VersionState
from governance.registry.models import ModelVersion, System
from governance.registry.services.record import record_change

# What `set_version_state` may do; `serving` is entered and left by `set_serving_version` alone.
TRANSITIONS: dict[str, frozenset[str]] = {
    VersionState.REGISTERED: frozenset({VersionState.IN_REVIEW, VersionState.RETIRED}),
    VersionState.IN_REVIEW: frozenset({VersionState.APPROVED, VersionState.REGISTERED}),
    VersionState.APPROVED: frozenset({VersionState.IN_REVIEW, VersionState.RETIRED}),
    VersionState.SERVING: frozenset(),
    VersionState.RETIRED: frozenset(),
}


@transaction.atomic
def register_system(*, key: str, actor: Actor, owner: User | None = None, **fields: Any) -> System:
    """Register a system; its owner (else the person who registers it) becomes a member."""
    require(actor, "registry.edit")
    system = System(key=key, changed_by=actor.reference)
    changed = apply_changes(system, {"owner": owner, **fields})
    member = owner or _person(actor)
    if member is not None:
        add_member(user=member, system_key=key, actor=SystemActor("registry"))
    record_change(
        verb="system_registered",
        kind="system",
        key=key,
        changed=changed,
        actor=actor,
        systems=[system],
    )
    return system


@transaction.atomic
def update_system(*, system: System, actor: Actor, **changes: Any) -> System:
    """Change a system's registration. Versions it serves: the functions below."""
    require(actor, "registry.edit", [system])
    if changes.keys() & {"serving_version", "fallback_version", "key"}:
        raise Invalid("The key stays, and versions are set by their own acts.")
    system = System.objects.select_for_update().get(pk=system.pk)
    system.changed_by = actor.reference
    changed = apply_changes(system, changes)
    if changed:
        record_change(
            verb="system_changed",
            kind="system",
            key=system.key,
            changed=changed,
            actor=actor,
            systems=[system],
        )
    return system


@transaction.atomic
def register_version(*, system: System, key: str, actor: Actor, **fields: Any) -> ModelVersion:
    """Register a model version; it waits for its review."""
    require(actor, "registry.edit", [system])
    version = ModelVersion(
        system=system,
        key=key,
        registered_by=actor.reference,
        changed_by=actor.reference,
    )
    changed = apply_changes(version, fields)
    record_change(
        verb="version_registered",
        kind="version",
        key=version.scope_key,
        changed=changed,
        actor=actor,
        systems=[system],
    )
    return version


@transaction.atomic
def update_version(*, version: ModelVersion, actor: Actor, **changes: Any) -> ModelVersion:
    """Change what a version says about itself; its approval becomes stale."""
    require(actor, "registry.edit", [version.system])
    if changes.keys() & {"state", "system", "key"}:
        raise Invalid("A version keeps its key and system; its state has its own acts.")
    version = (
        ModelVersion.objects.select_related("system")
        .select_for_update(of=("self",))
        .get(pk=version.pk)
    )
    version.changed_by = actor.reference
    changed = apply_changes(version, changes)
    if changed:
        record_change(
            verb="version_changed",
            kind="version",
            key=version.scope_key,
            changed=changed,
            actor=actor,
            systems=[version.system],
        )
    return version


@transaction.atomic
def set_version_state(
    *, version: ModelVersion, state: str, actor: Actor, reason: str
) -> ModelVersion:
    """Move a version along its states; a move that is not in `TRANSITIONS` is refused.

    People retire versions; into review, back, and to approved only the reviews move them.
    """
    require(actor, "registry.edit", [version.system])
    if state != VersionState.RETIRED and actor.kind != "system":
        raise NotPermitted("A version is approved by its review alone: start one for it.")
    sources = [source for source, targets in TRANSITIONS.items() if state in targets]
    moved = ModelVersion.objects.filter(pk=version.pk, state__in=sources).update(state=state)
    before = version.state
    version.refresh_from_db()
    if not moved:
        raise Conflict(
            f"Version {version.scope_key} is {version.get_state_display().lower()} "
            f"and cannot become {state.replace('_', ' ')}."
        )
    record_entry(
        verb="registry.version_state_set",
        object_type="version",
        object_id=version.scope_key,
        actor=actor,
        facts={
            "systems": [version.system.key],
            "from": before,
            "to": state,
        },
        personal={"reason": reason} if reason else None,
    )
    return version


@transaction.atomic
def set_serving_version(
    *, system: System, version: ModelVersion, actor: Actor, reason: str
) -> System:
    """Make an approved version the one that serves; the former one goes back to approved."""
    require(actor, "registry.serve", [system])
    system = System.objects.select_for_update().get(pk=system.pk)
    _same_system(system, version)
    former = system.serving_version
    if former is not None and former.pk == version.pk:
        return system
    if former is not None:
        ModelVersion.objects.filter(pk=former.pk).update(state=VersionState.APPROVED)
    ready = ModelVersion.objects.filter(pk=version.pk, state=VersionState.APPROVED)
    if ready.update(state=VersionState.SERVING) != 1:
        version.refresh_from_db()
        raise Conflict(
            f"Version {version.scope_key} is {version.get_state_display().lower()}; "
            "only an approved version may serve. Finish its review first."
        )
    system.serving_version = version
    system.save(update_fields=["serving_version", "updated_at"])
    version.refresh_from_db()
    record_entry(
        verb="registry.serving_version_set",
        object_type="system",
        object_id=system.key,
        actor=actor,
        facts={
            "systems": [system.key],
            "from": former.key if former else None,
            "to": version.key,
        },
        personal={"reason": reason} if reason else None,
    )
    emit(ServingVersionChanged(system_key=system.key, version_key=version.key))
    return system


@transaction.atomic
def set_fallback_version(
    *, system: System, version: ModelVersion | None, actor: Actor, reason: str
) -> System:
    """Name the version that serves people who are not profiled."""
    require(actor, "registry.edit", [system])
    system = System.objects.select_for_update().get(pk=system.pk)
    if version is not None:
        _same_system(system, version)
        if version.profiled:
            raise Invalid(
                f"Version {version.scope_key} profiles people; a fallback serves those "
                "who are not profiled."
            )
    former = system.fallback_version
    system.fallback_version = version
    system.changed_by = actor.reference
    system.save(update_fields=["fallback_version", "changed_by", "updated_at"])
    record_change(
        verb="fallback_version_set",
        kind="system",
        key=system.key,
        changed={
            "fallback_version": {
                "from": former.key if former else None,
                "to": version.key if version else None,
            },
        },
        reason=reason,
        actor=actor,
        systems=[system],
    )
    return system


def _same_system(system: System, version: ModelVersion) -> None:
    if version.system_id != system.pk:
        raise Invalid(f"Version {version.scope_key} belongs to another system than {system.key}.")


def _person(actor: Actor) -> User | None:
    if actor.kind != "person":
        return None
    return User.objects.get(pk=actor.reference.removeprefix("user:"))
