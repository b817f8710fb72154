"""The tabs of the settings pages: which one is open, which ones this person may open."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from governance.people.actors import request_actor


def tabs(request: HttpRequest, open_tab: str) -> dict[str, Any]:
    """Context every settings page shares."""
    actor = request_actor(request)
    return {
        "tab": open_tab,
        "may_see_people": actor.may("people.view"),
        "may_see_keys": actor.may("keys.view"),
        "may_see_webhooks": actor.may("webhooks.view"),
        "may_edit": actor.may("people.edit"),
    }
