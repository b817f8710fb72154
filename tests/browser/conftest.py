"""A real browser for the person's pages, and axe. The pages themselves: `stage`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.chromium import AXE_RULES
from tests.clients.node.conftest import installed

__all__ = ["installed"]  # the fixture that holds axe-core


@pytest.fixture(autouse=True)
def orm_beside_the_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    """Playwright runs a loop in the test's thread; the tests' own queries wait for nothing."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


Open = Callable[..., AbstractContextManager[Page]]


@pytest.fixture
def open_page(browser: Browser) -> Open:
    """`with open_page(url, width=390, dark=True) as page`; a word in the console fails the test."""

    @contextmanager
    def begin(
        url: str, *, width: int = 1280, dark: bool = False, script: bool = True, **more: Any
    ) -> Iterator[Page]:
        expected = more.pop("expected", ())
        context = browser.new_context(
            viewport={"width": width, "height": 800},
            color_scheme="dark" if dark else "light",
            java_script_enabled=script,
            **more,
        )
        page = context.new_page()
        page.set_default_timeout(15_000)
        said: list[str] = []
        page.on("console", lambda one: said.append(one.text) if one.type == "error" else None)
        page.on("pageerror", lambda one: said.append(str(one)))
        page.goto(url)
        yield page
        context.close()
        assert [one for one in said if not any(each in one for each in expected)] == []

    return begin


@pytest.fixture
def axe(installed: Path) -> Callable[[Page], list[str]]:
    """What axe finds to mend on a page, shadow roots included, with every folded part open."""
    script = (installed / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")

    def look(page: Page) -> list[str]:
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        page.evaluate(script)
        options = json.dumps({"runOnly": AXE_RULES, "resultTypes": ["violations"]})
        report: dict[str, Any] = page.evaluate(f"axe.run(document, {options})")
        return [
            f"{rule['id']}: {node['html'][:160]}"
            for rule in report["violations"]
            for node in rule["nodes"]
        ]

    return look
