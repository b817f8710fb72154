"""Middleware that ends sessions in time and asks approvers for a second factor.

Idle and absolute limits are kept in the session itself; a `SignIn` row per session lets people
see and end theirs.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import Resolver404, resolve

from governance.people.choices import NEEDS_SECOND_FACTOR
from governance.people.models import SignIn, User

IDLE_SECONDS = 30 * 60
ABSOLUTE_SECONDS = 12 * 3600
_GRAIN_SECONDS = 60

_STARTED, _SEEN, _KEY, _SECOND_FACTOR = (
    "started_at",
    "seen_at",
    "sign_in_key",
    "second_factor",
)


class SessionLimits:
    """Ends a session after 30 idle minutes or 12 hours; demands a second factor of approvers."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        if isinstance(user, User):
            if _is_over(request):
                _end(request)
                if _is_api(request):
                    return self.get_response(request)
                messages.info(request, "Your session ended. Sign in to go on.")
                return redirect_to_login(request.get_full_path())
            _note_visit(request, user)
            if not settings.DEMO and _lacks_second_factor(request, user):
                if _is_api(request):
                    return HttpResponse("Set up a second factor first.", status=403)
                messages.warning(request, "Your role needs a second factor. Set it up to go on.")
                return redirect("mfa_activate_totp")
        return self.get_response(request)


def _is_api(request: HttpRequest) -> bool:
    return request.path_info.startswith("/api/")


def _is_over(request: HttpRequest) -> bool:
    now = time.time()
    started = request.session.get(_STARTED, now)
    seen = request.session.get(_SEEN, now)
    return bool(now - started >= ABSOLUTE_SECONDS or now - seen >= IDLE_SECONDS)


def _end(request: HttpRequest) -> None:
    SignIn.objects.filter(session_key=request.session.get(_KEY, "")).delete()
    logout(request)
    request.actor = None  # type: ignore[attr-defined]


def _note_visit(request: HttpRequest, user: User) -> None:
    """Write at most once a minute; at once when the session is new or its key changed."""
    session, now = request.session, time.time()
    known = session.get(_KEY)
    if known == session.session_key and now - session[_SEEN] < _GRAIN_SECONDS:
        return
    session.setdefault(_STARTED, now)
    session[_SEEN] = now
    session[_KEY] = session.session_key
    browser = request.headers.get("User-Agent", "")[:200]
    fields = {"user": user, "browser": browser, "last_seen_at": Now()}
    if known and known != session.session_key:
        SignIn.objects.filter(session_key=known).delete()
    SignIn.objects.update_or_create(session_key=session.session_key, defaults=fields)


def _lacks_second_factor(request: HttpRequest, user: User) -> bool:
    if request.session.get(_SECOND_FACTOR) or _leads_to_second_factor(request):
        return False
    roles = request.actor.roles  # type: ignore[attr-defined]
    if roles & NEEDS_SECOND_FACTOR and not is_mfa_enabled(user):
        return True
    if roles & NEEDS_SECOND_FACTOR:
        request.session[_SECOND_FACTOR] = True
    return False


def _leads_to_second_factor(request: HttpRequest) -> bool:
    """The few routes a person without a second factor may still use."""
    try:
        name = resolve(request.path_info).url_name or ""
    except Resolver404:
        return False
    return name.startswith("mfa_") or name in {
        "account_logout",
        "account_reauthenticate",
    }
