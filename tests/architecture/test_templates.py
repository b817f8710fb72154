"""Templates live under a strict content policy: no inline style, script or handler."""

import re

from tests.architecture.sources import ROOT, shown

FORBIDDEN = {
    "style attribute": re.compile(r"<[a-zA-Z][^>]*\sstyle\s*="),
    "style element": re.compile(r"<style\b", re.IGNORECASE),
    "inline script": re.compile(
        r"<script\b(?![^>]*\bsrc=)(?![^>]*application/json)", re.IGNORECASE
    ),
    "event handler": re.compile(r"<[a-zA-Z][^>]*\son[a-z]+\s*=", re.IGNORECASE),
    "javascript address": re.compile(r"javascript:", re.IGNORECASE),
}


def test_no_template_holds_what_the_content_policy_refuses() -> None:
    templates = [
        path
        for path in ROOT.rglob("*.html")
        if not {"node_modules", "vendor"} & set(path.relative_to(ROOT).parts)
        and not path.relative_to(ROOT).parts[0].startswith(".")
    ]
    assert templates
    found = [
        f"{shown(path)}: {what}"
        for path in templates
        for what, pattern in FORBIDDEN.items()
        if pattern.search(path.read_text("utf-8"))
    ]
    assert not found
