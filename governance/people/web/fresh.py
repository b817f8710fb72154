"""Steps that change who may do what ask for the password or the second factor again."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from typing import Any, cast
from urllib.parse import urlencode

from allauth.account import app_settings
from allauth.account.adapter import get_adapter
from allauth.account.decorators import reauthentication_required
from allauth.account.internal.flows.login import get_authentication_records
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

View = Callable[..., HttpResponse]


def freshly_proven(view: View) -> View:
    """Demand a proof of identity younger than ACCOUNT_REAUTHENTICATION_TIMEOUT seconds.

    Looking is free; the suspended POST runs after the proof. Signing in counts as a proof. The
    demo signs in by one click, so it asks nothing.
    """
    guard = reauthentication_required(allow_get=True, enabled=is_stale, app="people")
    return cast("View", guard(view))


def freshly_proven_to_open(view: View) -> View:
    """Demand the proof before the form opens; a form that waited too long starts again.

    For forms that carry a secret: a suspended POST would rest in the session.
    """
    guard = reauthentication_required(enabled=is_stale, app="people")
    opened = cast("View", guard(view))

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method == "POST" and is_stale(request):
            return prove_first(request, back=request.path)
        return opened(request, *args, **kwargs)

    return checked


def prove_first(request: HttpRequest, *, back: str) -> HttpResponse:
    """Ask for the proof, keep nothing of the request, and come back to a page."""
    ways = get_adapter().get_reauthentication_methods(request.user)
    url = ways[0]["url"] if ways else reverse("account_login")
    return redirect(f"{url}?{urlencode({'next': back})}")


def is_stale(request: HttpRequest) -> bool:
    """Whether the last proof of identity is too old for a sensitive step."""
    if settings.DEMO:
        return False
    proofs = get_authentication_records(request, request.user)
    newest = max((proof["at"] for proof in proofs), default=0.0)
    return bool(time.time() - newest >= app_settings.REAUTHENTICATION_TIMEOUT)
