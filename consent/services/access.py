"""The one check every write of this room begins with."""

from __future__ import annotations

from governance.core.actors import Actor
from governance.core.errors import NotPermitted
from governance.people.permissions import find_action


def require(actor: Actor, action: str) -> None:
    """Refuse an actor who may not do this."""
    if not actor.may(action):
        raise NotPermitted(f"{actor.display} may not do this: {find_action(action).sentence}")
