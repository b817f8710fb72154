"""Middleware that names the actor of each web request: the signed-in person, or None."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse

from governance.people.actors import PersonActor
from governance.people.models import User


class AttachActor:
    """Sets `request.actor`. Roles and systems are read only when someone asks the actor.

    A view exempt from CSRF never gets the browser's actor: API views name their own, after
    their authentication has checked the CSRF token or the key.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        person = request.user
        actor = PersonActor(person) if isinstance(person, User) else None
        request.actor = actor  # type: ignore[attr-defined]
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> None:
        if getattr(view, "csrf_exempt", False):
            request.actor = None  # type: ignore[attr-defined]
