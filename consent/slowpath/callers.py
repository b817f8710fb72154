"""Who asks at a decision's door: a server with an API key, or a browser with a subject token."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import UTC, datetime

from consent.slowpath import queries
from consent.slowpath.http import Request
from consent.slowpath.reading import Cursor
from consent.tokens import SubjectToken, TokenRefused, VerifyingKeys, read_token
from governance.people.keys import read_key

CHECK_SCOPE = "consent:check"


class Refused(Exception):
    """The caller may not ask; `status` 401 or 403, and a sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence


@dataclass(frozen=True, slots=True)
class Caller:
    """What a caller may see. `token` is set for browsers; `systems` None means all."""

    systems: frozenset[str] | None = None
    token: SubjectToken | None = None

    def sees_purpose(self, key: str) -> bool:
        return self.token is None or self.token.covers(key)

    def sees_system(self, key: str) -> bool:
        return self.systems is None or key in self.systems


def presented_secret(request: Request) -> str:
    """Return the bearer or X-API-Key value; refuse a request with neither or both."""
    scheme, _, value = request.header("AUTHORIZATION").partition(" ")
    bearer = value.strip() if scheme.lower() == "bearer" else ""
    named = request.header("X_API_KEY").strip()
    if bearer and named and bearer != named:
        raise Refused(401, "Send one credential: Authorization: Bearer or X-API-Key.")
    if not bearer and not named:
        raise Refused(401, "Send an API key or a subject token as Authorization: Bearer.")
    return bearer or named


def caller_by_token(request: Request, secret: str, key: VerifyingKeys) -> Caller:
    """Return the browser behind a subject token; it speaks from its own origin only."""
    try:
        token = read_token(key, secret, now=datetime.now(UTC))
    except TokenRefused as refusal:
        raise Refused(401, str(refusal)) from refusal
    origin = request.header("ORIGIN")
    if origin and origin != token.origin:
        raise Refused(403, "This subject token is bound to another origin.")
    return Caller(token=token)


def caller_by_key(cursor: Cursor, secret: str) -> Caller:
    """Return the server behind an API key with the scope to check."""
    presented = read_key(secret)
    if presented is None:
        raise Refused(401, "This API key is not one of ours or is mistyped.")
    cursor.execute(queries.API_KEY, {"prefix": presented.prefix})
    row = cursor.fetchone()
    if row is None or not hmac.compare_digest(bytes(row[0]), presented.secret_hash):
        raise Refused(401, "This API key is unknown, has expired or was revoked.")
    _, scopes, systems = row
    if CHECK_SCOPE not in scopes:
        raise Refused(403, f"This API key lacks the scope {CHECK_SCOPE}.")
    return Caller(systems=None if systems is None else frozenset(systems))
