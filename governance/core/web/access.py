"""Who may open a route: every web view is marked with an action or with a reason to be open.

The permission table itself lives in `governance.people`; here only the mark and the check.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast, overload

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse

from governance.core.actors import Actor
from governance.core.errors import NotPermitted

View = TypeVar("View", bound=Callable[..., Any])

_sentences: list[Callable[[str], str]] = []


def describe_actions(sentence_of: Callable[[str], str]) -> None:
    """Register how an action reads as a sentence; the room that holds the table does it."""
    _sentences[:] = [sentence_of]


def _refusal(action: str) -> str:
    needed = _sentences[0](action) if _sentences else ""
    what = f" It is for those who may do this: {needed}" if needed else ""
    return f"Your roles do not open this page.{what} Ask an administrator for a role that does."


def actor_of(request: Any) -> Actor | None:
    """The actor that authentication put on the request; None for an anonymous one."""
    return cast("Actor | None", getattr(request, "actor", None))


def requires(action: str) -> Callable[[View], View]:
    """Let only actors who may do `action` open the view; the anonymous are sent to sign in."""

    def mark(view: View) -> View:
        @wraps(view)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            actor = actor_of(request)
            if actor is None:
                return redirect_to_login(request.get_full_path())
            if not actor.may(action):
                raise NotPermitted(_refusal(action))
            return cast("HttpResponse", view(request, *args, **kwargs))

        checked.route_permission = action  # type: ignore[attr-defined]
        return cast("View", checked)

    return mark


@overload
def public_route(view_or_reason: View) -> View: ...
@overload
def public_route(view_or_reason: str) -> Callable[[View], View]: ...
def public_route(view_or_reason: Any) -> Any:
    """Mark a route as open to everyone: `@public_route` or `@public_route("why it is open")`."""

    def mark(view: View, reason: str = "open by design") -> View:
        view.route_permission = "public"  # type: ignore[attr-defined]
        view.public_reason = reason  # type: ignore[attr-defined]
        return view

    if callable(view_or_reason):
        return mark(view_or_reason)
    return lambda view: mark(view, view_or_reason)
