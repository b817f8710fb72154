"""What may be asked about an audience, and by whom: the same rule as for `consent/check`."""

from __future__ import annotations

from consent.services.access import require
from governance.core.actors import Actor
from governance.core.errors import Invalid, NotFound
from governance.registry.models import Purpose, System


def readable_question(*, purpose: str | None, system: str | None, actor: Actor) -> tuple[str, str]:
    """Return (kind, key) of a purpose or a system that exists and that the actor may ask about."""
    require(actor, "consent.check")
    if bool(purpose) == bool(system):
        raise Invalid("Name either a purpose or a system.")
    if purpose:
        if not Purpose.objects.filter(key=purpose).exists():
            raise NotFound(f"There is no purpose {purpose!r}.")
        return "purpose", purpose
    key = str(system)
    hidden = actor.system_keys is not None and key not in actor.system_keys
    if hidden or not System._default_manager.filter(key=key).exists():
        raise NotFound(f"There is no system {key!r} that you may see.")
    return "system", key
