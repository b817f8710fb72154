"""The registry's check before an act: the permission table and the systems an actor works on."""

from __future__ import annotations

from collections.abc import Iterable

from governance.core.actors import Actor
from governance.core.errors import NotFound, NotPermitted
from governance.people.permissions import find_action
from governance.registry.models import System


def require(actor: Actor, action: str, systems: Iterable[System] = ()) -> None:
    """Refuse an actor who lacks the action, or for whom one of the systems does not exist."""
    if not actor.may(action):
        raise NotPermitted(f"{actor.display} may not do this: {find_action(action).sentence}")
    for system in systems:
        if actor.system_keys is not None and system.key not in actor.system_keys:
            raise NotFound(f"There is no system {system.key!r} that {actor.display} works on.")


def require_person(actor: Actor, act: str) -> None:
    if actor.kind != "person":
        raise NotPermitted(f"{actor.display} is not a person; {act} needs a signed-in person.")
