"""The decision's own doors in front of Django: requests that are not theirs pass through."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

WSGIApplication = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class DecisionDoors:
    """A WSGI application that answers decisions itself and hands the rest to `behind`."""

    def __init__(self, behind: WSGIApplication) -> None:
        self.behind = behind

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        return self.behind(environ, start_response)
