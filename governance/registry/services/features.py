"""Changes to features and data flows; each makes approvals that cover it stale."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction

from governance.core.actors import Actor
from governance.registry.access import require
from governance.registry.changes import apply_changes
from governance.registry.models import DataFlow, Feature, System
from governance.registry.services.record import record_change


@transaction.atomic
def register_feature(*, key: str, actor: Actor, **fields: Any) -> Feature:
    """Register a feature, usually with `systems` it is used by."""
    systems = list(fields.get("systems", []))
    require(actor, "registry.edit", systems)
    feature = Feature(key=key, changed_by=actor.reference)
    changed = apply_changes(feature, fields)
    record_change(
        verb="feature_registered",
        kind="feature",
        key=key,
        changed=changed,
        actor=actor,
        systems=systems,
    )
    return feature


@transaction.atomic
def update_feature(*, feature: Feature, actor: Actor, **changes: Any) -> Feature:
    """Change a feature; approvals of the systems that use it become stale."""
    feature = Feature.objects.select_for_update().get(pk=feature.pk)
    before = systems_using(feature)
    require(actor, "registry.edit", [*before, *changes.get("systems", [])])
    feature.changed_by = actor.reference
    changed = apply_changes(feature, changes)
    if changed:
        record_change(
            verb="feature_changed",
            kind="feature",
            key=feature.key,
            changed=changed,
            actor=actor,
            systems=[*before, *systems_using(feature)],
        )
    return feature


@transaction.atomic
def register_flow(*, key: str, system: System, actor: Actor, **fields: Any) -> DataFlow:
    """Declare a data flow of a system."""
    require(actor, "registry.edit", [system])
    flow = DataFlow(key=key, system=system, changed_by=actor.reference)
    changed = apply_changes(flow, fields)
    record_change(
        verb="flow_registered",
        kind="flow",
        key=key,
        changed=changed,
        actor=actor,
        systems=[system],
    )
    return flow


@transaction.atomic
def update_flow(*, flow: DataFlow, actor: Actor, **changes: Any) -> DataFlow:
    require(actor, "registry.edit", [flow.system])
    flow = DataFlow.objects.select_related("system").select_for_update(of=("self",)).get(pk=flow.pk)
    flow.changed_by = actor.reference
    changed = apply_changes(flow, changes)
    if changed:
        record_change(
            verb="flow_changed",
            kind="flow",
            key=flow.key,
            changed=changed,
            actor=actor,
            systems=[flow.system],
        )
    return flow


@transaction.atomic
def observe_flow(*, flow: DataFlow, observed_at: dt.datetime, actor: Actor) -> DataFlow:
    """Note that a declared flow was seen; no approval covers when, so none becomes stale."""
    require(actor, "registry.edit", [flow.system])
    flow.observed_last_at = observed_at
    flow.save(update_fields=["observed_last_at", "updated_at"])
    record_change(
        verb="flow_observed",
        kind="flow",
        key=flow.key,
        changed={"observed_last_at": {"to": observed_at.isoformat()}},
        actor=actor,
        systems=[flow.system],
        material=False,
    )
    return flow


def systems_using(feature: Feature) -> list[System]:
    """The systems a feature belongs to, by itself or through their versions."""
    direct = System.objects.filter(features=feature)
    return list(direct.union(System.objects.filter(versions__features=feature)))
