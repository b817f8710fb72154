"""API permission: each view names the action of each of its verbs, and an unnamed one is denied."""

from __future__ import annotations

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from governance.core.web.access import actor_of


def required_action(view: Any, method: str) -> str | None:
    """The action a view demands for a request, by its viewset action or by the HTTP method."""
    actions: dict[str, str] = getattr(view, "required_actions", {})
    return actions.get(getattr(view, "action", None) or method.lower())


class HasRequiredAction(BasePermission):
    """Deny by default: no entry in `required_actions` means nobody."""

    message = "The key or the role in use does not allow this action."

    def has_permission(self, request: Request, view: Any) -> bool:
        if request.method == "OPTIONS":
            return True
        action = required_action(view, request.method or "")
        actor = actor_of(request)
        return action is not None and actor is not None and actor.may(action)
