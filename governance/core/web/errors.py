"""Refusals as pages: a DomainError raised in a web view becomes its sentence, never a traceback."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.db import DataError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from governance.core.errors import UNSTORABLE, DomainError, Invalid

logger = logging.getLogger(__name__)


def error_page(request: HttpRequest, problem: DomainError) -> HttpResponse:
    """The page of a refusal; a request by htmx gets the message alone."""
    is_fragment = request.headers.get("HX-Request") == "true"
    template = "core/refused_message.html" if is_fragment else "core/refused.html"
    return render(request, template, {"problem": problem}, status=problem.status)


class DomainErrorPages:
    """Catch DomainError of web views; API views answer problem+json before it comes here."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, DomainError):
            return error_page(request, exception)
        if isinstance(exception, DataError):
            # Kept in the log: the value may also be one of ours.
            logger.warning("The database refused a value.", exc_info=exception)
            return error_page(request, Invalid(UNSTORABLE))
        return None
