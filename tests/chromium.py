"""The browser of the browser tests, and the axe-core rules that pages are held to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.optional_parts import find_part

if TYPE_CHECKING:
    from playwright.sync_api import Browser

#: WCAG 2.2 at level AA, and what axe calls good practice beside it.
AXE_RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium of this machine, opened once a module."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=find_part("browser"), args=["--no-sandbox", "--disable-gpu"]
        )
        yield opened
        opened.close()
