"""The decision's doors answered from the shared table, in front of those that ask PostgreSQL.

A plain WSGI function. It answers what is usual and certain; everything else (a doubt, a stale
table, an unknown key, an odd body, a browser) goes on to the slow path unchanged, which is the one
complete implementation. What the doors say stands in `standards`, many people in `batch`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from io import BytesIO
from itertools import count
from typing import Any

import msgspec

from consent.fastpath.batch import Batches
from consent.fastpath.samples import Samples
from consent.fastpath.serving import Served, Serving
from consent.fastpath.standards import Door, Environ, Standards, Told
from consent.fastpath.view import MOST_CALLERS, KnownCaller, View
from consent.slowpath import authzen, ofrep
from consent.slowpath.http import LARGEST_BODY
from consent.slowpath.wsgi import DecisionDoors

logger = logging.getLogger(__name__)

CHECK = "/api/v1/consent/check"
_OURS = (ofrep.BULK, authzen.SINGLE, CHECK)
#: What a body that is not the usual one raises while it is read.
_UNUSUAL = (msgspec.MsgspecError, UnicodeError, RecursionError)


class Front:
    """A WSGI application before the decision's doors. It keeps no truth, only what was rendered."""

    def __init__(
        self,
        doors: DecisionDoors,
        serving: Serving,
        samples: Samples | None = None,
    ) -> None:
        self.doors = doors
        self.samples = samples
        self.serving = serving
        self._routes: tuple[Served | None, dict[str, Door]] = (None, {})
        # Counted without a lock: `next` of a count is one step that no thread interrupts.
        self._fast, self._slow = count(), count()

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if not path.startswith(_OURS):
            return self.doors(environ, start_response)
        question = None
        if self.samples is not None and self.samples.is_due():
            question = _read_again(environ)
        try:
            told = self._answer(path, environ)
        except Exception:
            logger.exception("The fast path failed; the slow path answers")
            told = None
        if told is None:
            next(self._slow)
            answer = self.doors(environ, start_response)
        else:
            next(self._fast)
            start_response(told[0], told[1])
            answer = (told[2],)
        if question and self.samples is not None and isinstance(answer, (tuple, list)):
            body = b"".join(answer)
            if body:  # a 304 tells nothing new
                self.samples.keep(path, question, body)
        return answer

    def counts(self) -> dict[str, int]:
        """How many questions the table answered, and how many were handed on."""
        counted = {"fast": self._fast, "slow": self._slow}
        return {name: int(each.__reduce__()[1][0]) for name, each in counted.items()}

    def _answer(self, path: str, environ: Environ) -> Told | None:
        served = self.serving.current()
        if served is None:
            return None
        known, routes = self._routes
        if known is not served:
            routes = self._routes_of(served)
        door = routes.get(path)
        if door is None or environ["REQUEST_METHOD"] != "POST" or "HTTP_ORIGIN" in environ:
            return None
        caller = self._caller(served.view, environ)
        kind = environ.get("CONTENT_TYPE", "")
        if caller is None or (kind != "application/json" and not _is_json(kind)):
            return None
        length = int(environ.get("CONTENT_LENGTH") or 0)
        if not 0 < length <= LARGEST_BODY:
            return None
        body: bytes = environ["wsgi.input"].read(length)
        told = None
        try:
            str(body, "utf-8")
            told = door(served.view, caller, body, environ)
        except _UNUSUAL:
            pass
        finally:
            if told is None:
                environ["wsgi.input"] = BytesIO(body)
        # Asked last: all that was read is of this epoch, and stood while the stamp was valid.
        table = served.table
        if told is not None and table.stamp_is_valid() and table.epoch == served.epoch:
            return told
        environ["wsgi.input"] = BytesIO(body)
        return None

    def _caller(self, view: View, environ: Environ) -> KnownCaller | None:
        """Return the server that asks, if it is one of this epoch's and says so in one way."""
        presented: Any = environ.get("HTTP_AUTHORIZATION")
        if "HTTP_X_API_KEY" in environ:
            presented = (presented, environ["HTTP_X_API_KEY"])
        now = self.serving.clock.now()
        caller = view.callers.get(presented)
        if caller is None:
            caller = self._recognise(view, presented, now)
        return caller if caller is not None and now < caller.expires_at else None

    def _recognise(self, view: View, presented: Any, now: float) -> KnownCaller | None:
        if isinstance(presented, tuple):
            bearer, secret = presented
            if bearer is not None:
                return None
        else:
            scheme, _, secret = (presented or "").partition(" ")
            if scheme.lower() != "bearer":
                return None
        caller = view.recognise(secret.strip(), now)
        if caller is not None:
            if len(view.callers) >= MOST_CALLERS:
                view.callers.clear()
            view.callers[presented] = caller
        return caller

    def _routes_of(self, served: Served) -> dict[str, Door]:
        keys = self.doors.keys
        routes = Standards(served.people, keys.stream).routes(served.view)
        routes[CHECK] = Batches(served.people, self.doors).check
        self._routes = (served, routes)
        return routes


def _is_json(kind: str) -> bool:
    return kind.split(";", 1)[0].strip().lower() == "application/json"


def _read_again(environ: Environ) -> bytes:
    """The body of a question, which whoever answers reads once more."""
    length = environ.get("CONTENT_LENGTH") or "0"
    if not length.isdigit() or not 0 < int(length) <= LARGEST_BODY:
        return b""
    body: bytes = environ["wsgi.input"].read(int(length))
    environ["wsgi.input"] = BytesIO(body)
    return body
