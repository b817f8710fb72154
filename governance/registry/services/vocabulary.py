"""Changes to purposes, personalization types and surfaces."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from governance.core.actors import Actor
from governance.registry.access import require
from governance.registry.changes import apply_changes
from governance.registry.models import PersonalizationType, Purpose, Surface, System
from governance.registry.services.record import record_change
from governance.registry.services.rules import set_mechanism, systems_of

#: What holds for a new purpose until somebody says more: nothing without a yes.
OPT_IN_EVERYWHERE: Mapping[str, str] = {"*": "opt_in"}


@transaction.atomic
def register_purpose(
    *, key: str, actor: Actor, mechanism: Mapping[str, str] | None = None, **fields: Any
) -> Purpose:
    """Register a purpose; `fields` are the model's, `mechanism` the regimes from now on."""
    require(actor, "registry.edit_purposes")
    purpose = Purpose(key=key, changed_by=actor.reference)
    changed = apply_changes(purpose, fields)
    changed |= set_mechanism(purpose, mechanism or OPT_IN_EVERYWHERE, actor)
    record_change(verb="purpose_registered", kind="purpose", key=key, changed=changed, actor=actor)
    return purpose


@transaction.atomic
def update_purpose(
    *,
    purpose: Purpose,
    actor: Actor,
    mechanism: Mapping[str, str] | None = None,
    **changes: Any,
) -> Purpose:
    """Change a purpose; approvals of every system that uses it become stale.

    `mechanism` sets the regimes from now on; rules with a time: `services.rules`.
    """
    require(actor, "registry.edit_purposes")
    purpose = Purpose.objects.select_for_update(of=("self",)).get(pk=purpose.pk)
    purpose.changed_by = actor.reference
    changed = apply_changes(purpose, changes)
    if mechanism is not None:
        changed |= set_mechanism(purpose, mechanism, actor)
    if changed:
        record_change(
            verb="purpose_changed",
            kind="purpose",
            key=purpose.key,
            changed=changed,
            actor=actor,
            systems=systems_of([purpose]),
        )
    return purpose


@transaction.atomic
def register_type(*, key: str, actor: Actor, **fields: Any) -> PersonalizationType:
    require(actor, "registry.edit_purposes")
    kind = PersonalizationType(key=key)
    changed = apply_changes(kind, fields)
    record_change(verb="type_registered", kind="type", key=key, changed=changed, actor=actor)
    return kind


@transaction.atomic
def update_type(
    *,
    type: PersonalizationType,  # noqa: A002 (the room's own noun)
    actor: Actor,
    **changes: Any,
) -> PersonalizationType:
    """Change a toggle; approvals of systems that serve its purposes become stale."""
    require(actor, "registry.edit_purposes")
    kind = PersonalizationType.objects.select_for_update().get(pk=type.pk)
    before = list(kind.purposes.all())
    changed = apply_changes(kind, changes)
    if changed:
        record_change(
            verb="type_changed",
            kind="type",
            key=kind.key,
            changed=changed,
            actor=actor,
            systems=systems_of([*before, *kind.purposes.all()]),
        )
    return kind


@transaction.atomic
def register_surface(*, key: str, actor: Actor, **fields: Any) -> Surface:
    require(actor, "registry.edit")
    surface = Surface(key=key, changed_by=actor.reference)
    changed = apply_changes(surface, fields)
    record_change(verb="surface_registered", kind="surface", key=key, changed=changed, actor=actor)
    return surface


@transaction.atomic
def update_surface(*, surface: Surface, actor: Actor, **changes: Any) -> Surface:
    """Change a surface; approvals of every system on it become stale."""
    systems = System.objects.filter(surfaces=surface)
    require(actor, "registry.edit", systems)
    surface = Surface.objects.select_for_update().get(pk=surface.pk)
    surface.changed_by = actor.reference
    changed = apply_changes(surface, changes)
    if changed:
        record_change(
            verb="surface_changed",
            kind="surface",
            key=surface.key,
            changed=changed,
            actor=actor,
            systems=systems,
        )
    return surface
