"""The decision's own doors in front of Django: requests that are not theirs pass through."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

from consent.slowpath import authzen, authzen_search, ofrep
from consent.slowpath.asking import Keys
from consent.slowpath.database import Database, parameters_from_settings
from consent.slowpath.http import (
    Answer,
    BodyTooLarge,
    Request,
    WSGIApplication,
    read_body,
    read_head,
    write_answer,
)
from consent.stream.capability import StreamDoor
from consent.tokens import TokenRefused, verify_compact

logger = logging.getLogger(__name__)

GPC = "/.well-known/gpc.json"
#: When the handling of Global Privacy Control last changed.
GPC_LAST_UPDATE = "2026-11-22"
_PREFIXES = ("/ofrep/v1/", "/access/v1/")
_EXACT = frozenset({GPC, authzen.CONFIGURATION})


_AUTHZEN: dict[str, Callable[[Database, Keys, Request], Answer]] = {
    authzen.SINGLE: authzen.evaluate,
    authzen.BATCH: authzen.evaluate_batch,
    authzen.SEARCH_RESOURCE: authzen_search.search_resources,
    authzen.SEARCH_ACTION: authzen_search.search_actions,
    authzen.SEARCH_SUBJECT: authzen_search.search_subjects,
}


def keys_from_settings() -> Keys:
    """Read the key ring of Django's settings."""
    from django.conf import settings

    ring = settings.KEYS
    return Keys(
        ring.subject_pepper,
        ring.fingerprint_key,
        ring.token_public_keys,
        StreamDoor(ring.stream_key, ring.subject_pepper, settings.STREAM_URL),
        ring.subject_peppers[1:],
    )


def _problem(
    request: Request, status: int, sentence: str, headers: tuple[tuple[str, str], ...] = ()
) -> Answer:
    """An error in the words of its standard: AuthZEN tells a text, OFREP an object."""
    plain = request.path.startswith(_PREFIXES[1]) or request.path == authzen.CONFIGURATION
    return Answer(status, sentence if plain else {"errorDetails": sentence}, headers)


class DecisionDoors:
    """A WSGI application that answers decisions itself and hands the rest to `behind`."""

    def __init__(
        self,
        behind: WSGIApplication,
        *,
        database: Database | None = None,
        keys: Callable[[], Keys] = keys_from_settings,
    ) -> None:
        self.behind = behind
        self.database = database or Database(parameters_from_settings)
        self._read_keys = keys
        self._keys: Keys | None = None
        self._known = ofrep.KnownFlags()

    @property
    def keys(self) -> Keys:
        if self._keys is None:
            self._keys = self._read_keys()
        return self._keys

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if not path.startswith(_PREFIXES) and path not in _EXACT:
            return self.behind(environ, start_response)
        request = read_head(environ)
        try:
            request = replace(request, body=read_body(environ))
            answer = self._with_origin(request, self._answer(request))
        except BodyTooLarge:
            answer = _problem(request, 413, "The body is larger than 4 MB.")
        except Exception:
            logger.exception("A decision failed")
            answer = _problem(request, 500, "The decision failed; treat it as a deny.")
        return write_answer(answer, request, start_response)

    def _answer(self, request: Request) -> Answer:
        if request.method == "OPTIONS":
            return Answer(204)
        if request.path in _EXACT:
            return self._well_known(request)
        route = self._route(request.path)
        if route is None:
            return _problem(request, 404, "There is no such door.")
        if request.method != "POST":
            return _problem(request, 405, "Use POST.", (("Allow", "POST, OPTIONS"),))
        return route(request)

    def _route(self, path: str) -> Callable[[Request], Answer] | None:
        database, keys = self.database, self.keys
        if path.rstrip("/") == ofrep.BULK:
            return lambda request: ofrep.evaluate_all(database, keys, request, self._known)
        if path.startswith(ofrep.SINGLE):
            flag = unquote(path.removeprefix(ofrep.SINGLE))
            return lambda request: ofrep.evaluate_one(database, keys, request, flag)
        door = _AUTHZEN.get(path)
        return (lambda request: door(database, keys, request)) if door else None

    def _well_known(self, request: Request) -> Answer:
        from django.conf import settings

        if request.method not in ("GET", "HEAD"):
            return _problem(request, 405, "Use GET.", (("Allow", "GET"),))
        if request.path == GPC:
            return Answer(200, {"gpc": True, "lastUpdate": GPC_LAST_UPDATE})
        return authzen.configuration(settings.PUBLIC_URL)

    def _with_origin(self, request: Request, answer: Answer) -> Answer:
        """Let the page that a subject token is bound to read the answer (CORS).

        A preflight carries no token, so it is answered for any origin: it grants nothing.
        """
        origin = request.header("ORIGIN")
        if not origin:
            return answer
        extra = [("Vary", "Origin")]
        if request.method == "OPTIONS":
            extra += [
                ("Access-Control-Allow-Origin", origin),
                ("Access-Control-Allow-Methods", "POST"),
                (
                    "Access-Control-Allow-Headers",
                    "authorization, content-type, if-none-match",
                ),
                ("Access-Control-Max-Age", "600"),
            ]
        elif self._bound_origin(request) == origin:
            extra += [
                ("Access-Control-Allow-Origin", origin),
                ("Access-Control-Expose-Headers", "ETag"),
            ]
        return Answer(answer.status, answer.body, (*answer.headers, *extra))

    def _bound_origin(self, request: Request) -> str:
        """The origin a presented token is bound to, expired or not; empty without one."""
        text = request.header("AUTHORIZATION").partition(" ")[2].strip()
        if text.count(".") != 2:
            return ""
        try:
            return str(verify_compact(self.keys.token_key, text).get("origin", ""))
        except TokenRefused:
            return ""
