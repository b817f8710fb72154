"""Recording a registry change: its ledger entry and, where approvals cover it, its event."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from governance.core.actors import Actor
from governance.core.events import MaterialChange
from governance.ledger.services import record_entry
from governance.outbox.services import emit
from governance.registry.models import System


def record_change(
    *,
    verb: str,
    kind: str,
    key: str,
    changed: dict[str, Any],
    actor: Actor,
    systems: Iterable[System] = (),
    material: bool = True,
    reason: str = "",
) -> None:
    """Write one ledger entry; tell upper rooms about each system whose approvals it touches.

    `reason` is what a person wrote: it may name anybody and stays erasable, beside the leaf.
    """
    touched = sorted({system.key for system in systems})
    record_entry(
        verb=f"registry.{verb}",
        object_type=kind,
        object_id=key,
        actor=actor,
        facts={"changed": changed, "systems": touched},
        personal={"reason": reason} if reason else None,
    )
    if not material:
        return
    words = ", ".join(name.replace("_", " ") for name in sorted(changed)) or "registration"
    for system_key in touched:
        emit(
            MaterialChange(
                system_key=system_key,
                what=f"{kind}:{key}",
                sentence=f"{kind.capitalize()} {key} was changed: {words}.",
            )
        )
