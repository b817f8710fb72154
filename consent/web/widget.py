"""Serves the embeddable widget, the one script that pages of other origins may load."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.views.decorators.http import require_safe

from governance.people.web.access import public_route

SCRIPT = Path(__file__).resolve().parent.parent / "widget" / "tactful-choices.js"


@cache
def _script() -> tuple[bytes, str]:
    content = SCRIPT.read_bytes()
    return content, f'"{hashlib.sha256(content).hexdigest()[:32]}"'


@public_route("a script for pages of customers; it holds nothing about anybody")
@require_safe
def widget(request: HttpRequest) -> HttpResponse:
    """The widget's script; it may be cached for an hour and loaded from anywhere."""
    content, tag = _script()
    unchanged = request.headers.get("If-None-Match") == tag
    answer = (
        HttpResponseNotModified()
        if unchanged
        else HttpResponse(content, content_type="text/javascript; charset=utf-8")
    )
    answer["ETag"] = tag
    answer["Cache-Control"] = "public, max-age=3600"
    answer["Access-Control-Allow-Origin"] = "*"
    answer["Cross-Origin-Resource-Policy"] = "cross-origin"
    return answer
