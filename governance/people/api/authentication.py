"""Who calls the API: an API key, or a person's browser session with CSRF. What they may: core."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import (
    BaseAuthentication,
    SessionAuthentication,
    get_authorization_header,
)
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from governance.people import selectors, services
from governance.people.actors import KeyActor, PersonActor
from governance.people.models import ApiKey, User

REFUSED = "This API key is not valid: it is mistyped, has expired or was revoked."
TWO_KEYS = "Send one API key, either as Authorization: Bearer or as X-API-Key."


class ApiKeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer <key>` or `X-API-Key: <key>`; cookies play no part."""

    def authenticate(self, request: Request) -> tuple[None, ApiKey] | None:
        presented = _presented_secret(request)
        if presented is None:
            return None
        key = selectors.find_live_key(presented)
        if key is None:
            raise AuthenticationFailed(REFUSED)
        services.note_key_use(key=key)
        _attach(request, KeyActor(key))
        return None, key

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="tactful"'


class BrowserSession(SessionAuthentication):
    """The signed-in person of this browser; every unsafe method needs the CSRF token."""

    def authenticate(self, request: Request) -> tuple[AbstractBaseUser, None] | None:
        found = super().authenticate(request)
        if found is not None and isinstance(found[0], User):
            current = getattr(request._request, "actor", None)
            if not isinstance(current, PersonActor):
                _attach(request, PersonActor(found[0]))
        return found


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Both ways of sending a key, as the API schema tells them."""

    target_class = ApiKeyAuthentication
    name: list[str] = ["apiKeyBearer", "apiKeyHeader"]

    def get_security_requirement(self, auto_schema: Any) -> list[dict[str, list[Any]]]:
        return [{name: []} for name in self.name]  # either, never both

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, Any]]:
        return [
            {"type": "http", "scheme": "bearer", "description": "An API key of this server."},
            {
                "type": "apiKey",
                "in": "header",
                "name": "X-API-Key",
                "description": "The same key, for clients that keep Authorization for themselves.",
            },
        ]


class BrowserSessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """The session cookie, as the API schema tells it."""

    target_class = BrowserSession
    name = "browserSession"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {
            "type": "apiKey",
            "in": "cookie",
            "name": settings.SESSION_COOKIE_NAME,
            "description": "A signed-in browser; unsafe methods also send X-CSRFToken.",
        }


def _presented_secret(request: Request) -> str | None:
    header = get_authorization_header(request).split()
    named = request.headers.get("X-API-Key")
    if header and header[0].lower() == b"bearer":
        if named is not None or len(header) != 2:
            raise AuthenticationFailed(TWO_KEYS)
        return header[1].decode("latin-1")
    return named


def _attach(request: Request, actor: Any) -> None:
    """Set the actor on DRF's request and on Django's beneath it."""
    request.actor = actor  # type: ignore[attr-defined]
    request._request.actor = actor  # type: ignore[attr-defined]
