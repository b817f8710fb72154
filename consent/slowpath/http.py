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
        """Both standards name exactly this kind; AuthZEN refuses any other with 400."""
        return self.content_type.split(";", 1)[0].strip().lower() == "application/json"

    @property
    def request_id(self) -> str:
        """What the caller calls this request; empty when it cannot be a header of the answer."""
        given = self.header("X_REQUEST_ID")
        return "" if any(sign < " " or sign == "\x7f" for sign in given) else given

    @property
    def gpc(self) -> bool:
        """Global Privacy Control: only a value of exactly `1` counts, in any of several headers."""
        return "1" in [value.strip() for value in self.header("SEC_GPC").split(",")]


class BodyTooLarge(Exception):
    """The request's body is larger than a door takes."""


class NotJSON(Exception):
    """The body cannot be read; the text says why."""


def parse_json(request: Request) -> dict[str, Any]:
    """Return the body's object; a body that is anything else is `NotJSON`."""
    if not request.is_json:
        raise NotJSON("Send a JSON body with Content-Type application/json.")
    try:
        body = msgspec.json.decode(request.body)
        request.body.decode("utf-8")
    except RecursionError as error:
        raise NotJSON("The body is nested too deeply.") from error
    except (msgspec.MsgspecError, ValueError) as error:
        raise NotJSON("The body is not JSON.") from error
    if not isinstance(body, dict):
        raise NotJSON("The body must be an object.")
    return body


def read_head(environ: dict[str, Any]) -> Request:
    """Take a WSGI environment apart, without its body."""
    return Request(
        method=environ["REQUEST_METHOD"],
        path=environ.get("PATH_INFO", "").encode("latin-1").decode("utf-8", "replace"),
        content_type=environ.get("CONTENT_TYPE", ""),
        headers={name[5:]: value for name, value in environ.items() if name.startswith("HTTP_")},
        query=environ.get("QUERY_STRING", ""),
    )


def read_body(environ: dict[str, Any]) -> bytes:
    """Return the body whole; a larger one than a door takes is not read."""
    try:
        length = int(environ.get("CONTENT_LENGTH") or 0)
    except ValueError:
        length = 0
    if not length and environ.get("HTTP_TRANSFER_ENCODING"):
        length = LARGEST_BODY + 1  # chunked: its end says how long it is
    elif length > LARGEST_BODY:
        raise BodyTooLarge
    body: bytes = environ["wsgi.input"].read(length) if length else b""
    if len(body) > LARGEST_BODY:
        raise BodyTooLarge
    return body


def write_answer(
    answer: Answer, request: Request, start_response: Callable[..., Any]
) -> Iterable[bytes]:
    """Send an answer; nothing of it may be cached by those who do not ask again."""
    body = b"" if answer.body is None else encode_json(answer.body)
    headers = [("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff")]
    if answer.body is not None:
        headers.append(("Content-Type", "application/json"))
    if answer.status not in (204, 304):
        headers.append(("Content-Length", str(len(body))))
    if request_id := request.request_id:
        headers.append(("X-Request-ID", request_id))
    headers.extend(answer.headers)
    start_response(f"{answer.status} {HTTPStatus(answer.status).phrase}", headers)
    return [body]
