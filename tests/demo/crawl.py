"""A walk along every link that a signed-in person sees, an example of each kind of page.

Opens pages and says what is there; what a page must be stands in the tests.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urldefrag, urlsplit

from django.urls import Resolver404, resolve
from playwright.sync_api import Page

# Leaving, and pages of packages that ask for the password first.
NOT_FOLLOWED = ("/accounts/", "/static/", "/api/")

Kind = tuple[str, ...]


def kind_of(link: str) -> Kind:
    """What kind of page a link opens: its route, its filters by name, its tab by value."""
    parts = urlsplit(link)
    try:
        route = resolve(parts.path).route
    except Resolver404:
        route = parts.path
    query = parse_qsl(parts.query, keep_blank_values=True)
    return (route, *sorted(f"tab={value}" if name == "tab" else name for name, value in query))


@dataclass
class Walk:
    """The pages one person reaches from the overview by following links."""

    page: Page
    origin: str
    examples: int = 1
    seen: set[str] = field(default_factory=set)
    kinds: Counter[Kind] = field(default_factory=Counter)
    refused: dict[str, int] = field(default_factory=dict)

    def pages(self, *starts: str) -> Iterator[str]:
        """Open each page and hand its path over while it is open; note links that fail."""
        waiting = list(starts or ("/",))
        while waiting:
            path = waiting.pop(0)
            self.seen.add(path)
            status = self.page.request.get(f"{self.origin}{path}")
            if status.status != 200:
                self.refused[path] = status.status
                continue
            if "text/html" not in status.headers["content-type"]:
                continue
            if status.headers.get("content-disposition", "").startswith("attachment"):
                continue
            if urlsplit(status.url).path != urlsplit(path).path:
                continue
            self.page.goto(f"{self.origin}{path}")
            yield path
            for link in self.links():
                if link not in self.seen and link not in waiting and self._is_wanted(link):
                    waiting.append(link)

    def links(self) -> list[str]:
        """Links of the open page that stay in this house, without their anchors."""
        hrefs: list[str] = self.page.eval_on_selector_all("a[href]", "all => all.map(a => a.href)")
        own = [urldefrag(href).url for href in hrefs if href.startswith(f"{self.origin}/")]
        return sorted({href.removeprefix(self.origin) for href in own})

    def _is_wanted(self, link: str) -> bool:
        if link.startswith(NOT_FOLLOWED):
            return False
        kind = kind_of(link)
        self.kinds[kind] += 1
        return self.kinds[kind] <= self.examples
