"""The small part of HTTP the doors need: read a WSGI request, write a JSON answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import msgspec

WSGIApplication = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
LARGEST_BODY = 4 * 1024 * 1024

encode_json = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back; `body` None means no body at all (304, 204)."""

    status: int
    body: Any = None
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Request:
    """What a door sees of a WSGI request."""

    method: str
    path: str
    body: bytes = b""
    content_type: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    query: str = ""

    def header(self, name: str) -> str:
        return self.headers.get(name, "")

    @property
    def is_json(self) -> bool:
        kind = self.content_type.split(";", 1)[0].strip().lower()
        return kind == "application/json" or kind.endswith("+json")

    @property
    def gpc(self) -> bool:
        """Global Privacy Control: only a value of exactly `1` counts, in any of several headers."""
        return "1" in [value.strip() for value in self.header("SEC_GPC").split(",")]


class BodyTooLarge(Exception):
    """The request's body is larger than a door takes."""


def read_request(environ: dict[str, Any]) -> Request:
    """Take a WSGI environment apart; the body is read whole."""
    try:
        length = int(environ.get("CONTENT_LENGTH") or 0)
    except ValueError:
        length = 0
    if length > LARGEST_BODY:
        raise BodyTooLarge
    return Request(
        method=environ["REQUEST_METHOD"],
        path=environ.get("PATH_INFO", "").encode("latin-1").decode("utf-8", "replace"),
        body=environ["wsgi.input"].read(length) if length else b"",
        content_type=environ.get("CONTENT_TYPE", ""),
        headers={name[5:]: value for name, value in environ.items() if name.startswith("HTTP_")},
        query=environ.get("QUERY_STRING", ""),
    )


def write_answer(
    answer: Answer, request: Request | None, start_response: Callable[..., Any]
) -> Iterable[bytes]:
    """Send an answer; nothing of it may be cached by those who do not ask again."""
    body = b"" if answer.body is None else encode_json(answer.body)
    headers = [("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff")]
    if answer.body is not None:
        headers.append(("Content-Type", "application/json"))
    if answer.status not in (204, 304):
        headers.append(("Content-Length", str(len(body))))
    request_id = request.header("X_REQUEST_ID") if request else ""
    if request_id and len(request_id) <= 200 and request_id.isprintable():
        headers.append(("X-Request-ID", request_id))
    headers.extend(answer.headers)
    start_response(f"{answer.status} {HTTPStatus(answer.status).phrase}", headers)
    return [body]
