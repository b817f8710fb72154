"""Errors of the API as problem details (RFC 9457), never with internals."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import DataError
from django.http import Http404
from rest_framework import exceptions
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.views import exception_handler, set_rollback

from governance.core.errors import UNSTORABLE, DomainError

logger = logging.getLogger(__name__)


class ProblemRenderer(JSONRenderer):
    media_type = "application/problem+json"


def problem(status: int, detail: str, title: str = "", **members: Any) -> Response:
    """Build a problem response; it is rendered as problem+json whatever was negotiated."""
    body = {
        "type": "about:blank",
        "title": title or HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        **members,
    }
    return Response(body, status=status, content_type="application/problem+json")


def _fields(detail: Any, pointer: str = "#") -> list[dict[str, str]]:
    """Flatten DRF's validation detail into RFC 9457's `errors` with JSON pointers."""
    if isinstance(detail, dict):
        return [
            row
            for name, inner in detail.items()
            for row in _fields(
                inner, pointer if name == "non_field_errors" else f"{pointer}/{name}"
            )
        ]
    if isinstance(detail, list):
        nested = any(isinstance(inner, (dict, list)) for inner in detail)
        return [
            row
            for index, inner in enumerate(detail)
            for row in _fields(inner, f"{pointer}/{index}" if nested else pointer)
        ]
    return [{"pointer": pointer, "detail": str(detail)}]


def problem_response(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler: every known refusal becomes a problem; the unknown stays a 500."""
    if isinstance(error, DomainError):
        set_rollback()
        return problem(error.status, error.sentence, error.title)
    if isinstance(error, Http404):
        error = exceptions.NotFound("There is nothing here that you may see.")
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    elif isinstance(error, RequestDataTooBig):
        set_rollback()
        most = (settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0) / 1_000_000
        return problem(413, f"This body may hold {most:.1f} MB at most: send smaller parts.")
    elif isinstance(error, DataError):
        # Kept in the log: the value may also be one of ours.
        logger.warning("The database refused a value.", exc_info=error)
        set_rollback()
        return problem(422, UNSTORABLE, "Invalid input")
    if not isinstance(error, exceptions.APIException):
        return None
    plain = exception_handler(error, context)  # keeps WWW-Authenticate and Retry-After
    assert plain is not None
    if isinstance(error, exceptions.ValidationError):
        rows = _fields(error.detail)
        answer = problem(422, rows[0]["detail"], "Invalid input", errors=rows)
    else:
        answer = problem(plain.status_code, str(error.detail))
    for name in ("WWW-Authenticate", "Retry-After", "Allow"):
        if name in plain.headers:
            answer[name] = plain.headers[name]
    return answer
