"""The context every page shares: demo, roles, what needs me. Asked for only where it is shown."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.cache import caches
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from governance.core.actors import Actor
from governance.core.ports import registered_agenda_sources
from governance.people.choices import Role
from governance.people.demo import demo_people

_COUNT_SECONDS = 15


def frame(request: HttpRequest) -> dict[str, Any]:
    """Values of the frame. All that costs a query is lazy, so a page pays for what it shows."""
    actor: Actor | None = getattr(request, "actor", None)
    return {
        "actor": actor,
        "demo": settings.DEMO,
        "demo_users": SimpleLazyObject(demo_people) if settings.DEMO else [],
        "theme": request.COOKIES.get("theme", ""),
        "user_roles": SimpleLazyObject(lambda: _role_names(actor)),
        "needs_me_count": "" if actor is None else SimpleLazyObject(lambda: needs_me(actor)),
    }


def needs_me(actor: Actor) -> int:
    """How many things wait for the one who looks; counted again after a quarter of a minute."""
    process, key = caches["process"], f"needs-me:{actor.reference}"
    count: int | None = process.get(key)
    if count is None:
        count = sum(len(source.items(actor)) for source in registered_agenda_sources())
        process.set(key, count, _COUNT_SECONDS)
    return count


def _role_names(actor: Actor | None) -> str:
    if actor is None:
        return ""
    return ", ".join(Role(role).label for role in sorted(actor.roles))
