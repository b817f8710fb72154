"""Text in every tone reads on every ground it stands on, in light and in dark (WCAG 2.2 AA)."""

from __future__ import annotations

import re

import pytest

from config.vendor_assets import ROOT

AA = 4.5
TOKEN = re.compile(r"(--[a-z-]+):\s*light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)")


def tokens(sheet: str) -> dict[str, tuple[str, str]]:
    """Token -> its light and its dark colour."""
    found = TOKEN.findall((ROOT / "static/tactful" / sheet).read_text("utf-8"))
    return {name: (light, dark) for name, light, dark in found}


def channels(colour: str) -> list[float]:
    return [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]


def tinted(colour: str, ground: str, part: float) -> list[float]:
    """The ground of a badge: a little of its own colour over the surface."""
    pairs = zip(channels(colour), channels(ground), strict=True)
    return [part * over + (1 - part) * under for over, under in pairs]


def luminance(colour: list[float]) -> float:
    """Relative luminance as WCAG defines it."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: list[float], other: list[float]) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_black_on_white_is_twenty_one_to_one() -> None:
    assert contrast([0, 0, 0], [1, 1, 1]) == pytest.approx(21)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("tone", ["pass", "fail", "inconclusive", "none", "info", "ink", "quiet"])
def test_a_tone_reads_on_canvas_surface_and_its_own_badge(tone: str, theme: int) -> None:
    colours = tokens("theme.css")
    text, surface = colours[f"--tf-{tone}"][theme], colours["--tf-surface"][theme]
    assert contrast(channels(text), channels(surface)) >= AA
    assert contrast(channels(text), channels(colours["--tf-canvas"][theme])) >= AA
    assert contrast(channels(text), tinted(text, surface, 0.09)) >= AA


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_the_main_button_reads(theme: int) -> None:
    assert contrast(channels(tokens("theme.css")["--tblr-primary"][theme]), [1, 1, 1]) >= AA
    public = tokens("public.css")
    pair = (public["--action"][theme], public["--action-ink"][theme])
    assert contrast(channels(pair[0]), channels(pair[1])) >= AA


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_public_pages_read_and_their_controls_stand_out(theme: int) -> None:
    public = {name: channels(pair[theme]) for name, pair in tokens("public.css").items()}
    for ground in ("--canvas", "--surface"):
        for tone in ("--ink", "--quiet", "--action", "--good", "--bad"):
            assert contrast(public[tone], public[ground]) >= AA, (tone, ground)
        assert contrast(public["--control"], public[ground]) >= 3
