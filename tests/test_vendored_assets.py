"""The committed front-end files are exactly those that config/vendor.toml records."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from config.vendor_assets import ROOT, digest, packages, recorded_hashes


@pytest.mark.parametrize("path", sorted(recorded_hashes()))
def test_a_vendored_file_has_its_recorded_hash(path: str) -> None:
    assert digest(ROOT / path) == recorded_hashes()[path], f"{path} was changed by hand"


def test_every_vendored_file_is_recorded() -> None:
    found = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "static/vendor").rglob("*")
        if path.is_file()
    }
    assert found == {path for path in recorded_hashes() if path.startswith("static/vendor/")}


def test_every_package_names_its_licence_and_integrity() -> None:
    for package in packages():
        assert package["licence"] in {"MIT", "OFL-1.1"}
        assert re.fullmatch(r"sha512-[A-Za-z0-9+/]{86}==", package["integrity"])
        assert any(file["path"].endswith("/LICENSE") for file in package["files"])


def test_the_sprite_holds_every_icon_that_the_templates_name() -> None:
    sprite = ET.parse(ROOT / "static/tactful/icons.svg").getroot()
    symbols = {symbol.get("id") for symbol in sprite}
    named = set()
    for template in (ROOT / "templates").rglob("*.html"):
        named |= set(re.findall(r'{% icon "([a-z0-9-]+)"', template.read_text("utf-8")))
    assert named <= symbols, f"the sprite lacks {sorted(named - symbols)}"


def test_no_template_carries_an_inline_style_or_script() -> None:
    offence = re.compile(
        r"""<style|\sstyle\s*=|\son[a-z]+\s*=\s*["']|<script(?![^>]*(\ssrc=|application/json))""",
        re.IGNORECASE,
    )
    found = []
    for folder in ("templates", "static/tactful"):
        for path in Path(ROOT / folder).rglob("*.html"):
            for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
                if offence.search(line):
                    found.append(f"{path.relative_to(ROOT)}:{number}")
    assert not found, f"the content security policy refuses these: {found}"
