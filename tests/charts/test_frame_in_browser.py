"""The frame in a real browser: nothing is refused, nothing overflows, the keyboard suffices."""

from __future__ import annotations

import mimetypes
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from playwright.sync_api import Browser, Page

from governance.core.web.headers import content_security_policy
from tests.charts.style_guide import rendered_pages

pytestmark = pytest.mark.browser


class _Handler(BaseHTTPRequestHandler):
    """Serves the rendered pages and the product's static files under the product's policy."""

    pages: dict[str, str]

    def do_GET(self) -> None:
        path = self.path.split("?")[0]
        body, kind = b"", "text/html; charset=utf-8"
        if path.startswith("/static/"):
            found = finders.find(path.removeprefix("/static/"))
            if isinstance(found, str):
                body = Path(found).read_bytes()
                kind = mimetypes.guess_type(found)[0] or "application/octet-stream"
        else:
            body = self.pages.get(path, "").encode()
        self.send_response(200 if body else 404)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", content_security_policy())
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base names it
        """Say nothing: a test's output is its verdict."""


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    handler = type("Handler", (_Handler,), {"pages": rendered_pages()})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


@contextmanager
def _page(browser: Browser, url: str, *, width: int = 1360, dark: bool = False) -> Iterator[Page]:
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light"
    )
    page = context.new_page()
    page.goto(url)
    yield page
    context.close()


@pytest.mark.parametrize("path", ["/guide", "/public", "/error"])
@pytest.mark.parametrize("dark", [False, True])
def test_the_policy_refuses_nothing_and_nothing_fails(
    browser: Browser, site: str, path: str, dark: bool
) -> None:
    complaints: list[str] = []
    context = browser.new_context(color_scheme="dark" if dark else "light")
    page = context.new_page()
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("response", lambda answer: complaints.append(answer.url) if not answer.ok else None)
    page.goto(site + path, wait_until="networkidle")
    context.close()
    assert complaints == []


@pytest.mark.parametrize("width", [360, 390, 768, 1360, 2200])
@pytest.mark.parametrize("path", ["/guide", "/public", "/error"])
def test_no_width_makes_the_page_scroll_sideways(
    browser: Browser, site: str, path: str, width: int
) -> None:
    with _page(browser, site + path, width=width) as page:
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_theme_follows_the_system_until_one_is_chosen_and_is_remembered(
    browser: Browser, site: str
) -> None:
    with _page(browser, f"{site}/guide", dark=True) as page:
        theme = "document.documentElement.getAttribute('data-bs-theme')"
        assert page.evaluate(theme) == "dark"
        page.get_by_role("button", name="Use the light theme").click()
        page.reload()
        assert page.evaluate(theme) == "light"


def test_a_table_sorts_by_number_and_says_so(browser: Browser, site: str) -> None:
    with _page(browser, f"{site}/guide") as page:
        header = page.locator("#latest th:nth-child(3)")
        header.get_by_role("button").click()
        assert header.get_attribute("aria-sort") == "ascending"
        cells = page.locator("#latest tbody td:nth-child(3)").all_inner_texts()
        assert cells == ["3", "640", "1,792", "2,210", "9,800"]


def test_the_filter_hides_rows_and_tells_how_many_are_left(browser: Browser, site: str) -> None:
    with _page(browser, f"{site}/guide") as page:
        page.get_by_label("Filter the rows of Latest audits").fill("ads fail")
        assert page.locator("#latest tbody tr:visible").count() == 1
        assert page.locator("#latest-count").inner_text() == "1 of 5 rows"


def test_the_keyboard_searches_and_skips_to_the_content(browser: Browser, site: str) -> None:
    with _page(browser, f"{site}/guide") as page:
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip-link"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "content"
        page.keyboard.press("/")
        assert page.evaluate("document.activeElement.id") == "site-search"
        page.evaluate("document.activeElement.blur()")
        page.keyboard.press("?")
        assert page.get_by_role("dialog").is_visible()


def test_a_running_job_asks_again_until_it_is_done(browser: Browser, site: str) -> None:
    with _page(browser, f"{site}/guide") as page:
        assert page.get_by_role("progressbar", name="Reading 3,200,000 rows").is_visible()
        page.locator(".job", has_text="Read").filter(has_not=page.locator("progress")).wait_for()


def test_a_phone_opens_the_navigation(browser: Browser, site: str) -> None:
    with _page(browser, f"{site}/guide", width=390) as page:
        incidents = page.get_by_role("link", name="Incidents", exact=True)
        assert not incidents.is_visible()
        page.get_by_role("button", name="Open the navigation").click()
        incidents.wait_for(state="visible")


def test_a_confirmation_names_its_effect_before_it_acts(browser: Browser, site: str) -> None:
    with _page(browser, f"{site}/guide") as page:
        effect = page.get_by_text("all 41,220 people get the uniform arm")
        assert not effect.is_visible()
        page.locator("summary", has_text="Hold this system").click()
        assert effect.is_visible()
