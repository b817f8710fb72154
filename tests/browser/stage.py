"""The stage of the person's pages: tokens, addresses, and a shop of another origin."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse

from consent import services
from governance.core.actors import SystemActor

STAGE = SystemActor("tests")
TEXTS = {
    "en": ("What we do with what you look at", "We order what you see by what you like.", "All."),
    "de": ("Was wir tun", "Wir ordnen, was Sie sehen, danach, was Sie mögen.", "Alles."),
}


def mint(subject: str = "anna", origin: str = "", **more: Any) -> str:
    """A subject token for a page of `origin`, else for Tactful's own pages."""
    text, _ = services.mint_subject_token(
        subject=subject,
        origin=origin or settings.PUBLIC_URL,
        ttl=more.pop("ttl", timedelta(minutes=10)),
        actor=STAGE,
        **more,
    )
    return text


def hosted(server: str, name: str = "consent:preferences", **query: str) -> str:
    return f"{server}{reverse(name)}?{urlencode(query)}"


@dataclass
class Shop:
    """A customer's page of another origin, under the strictest policy that lets the widget in."""

    tactful: str
    origin: str = ""
    pages: dict[str, str] = field(default_factory=dict)

    @property
    def policy(self) -> str:
        return (
            f"default-src 'none'; script-src {self.tactful}; connect-src {self.tactful}; "
            "style-src 'none'; base-uri 'none'; form-action 'none'"
        )

    def page(self, token: str, language: str = "en", path: str = "/choices") -> str:
        """Put the widget on a page; returns the page's address."""
        self.pages[path] = (
            f'<!DOCTYPE html><html lang="{language}"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width"><title>Shop</title>'
            f'<script type="module" src="{self.tactful}/widget/v1/tactful-choices.js"></script>'
            "</head><body><main><h1>Shop</h1>"
            f'<tactful-choices token="{token}"></tactful-choices></main></body></html>'
        )
        return f"{self.origin}{path}"


@contextmanager
def open_shop(tactful: str) -> Iterator[Shop]:
    shop = Shop(tactful)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = shop.pages.get(self.path.split("?")[0], "").encode()
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Content-Security-Policy", shop.policy)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base names it
            """Say nothing: a test's output is its verdict."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    shop.origin = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield shop
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
