"""Fetches the front-end files that config/vendor.toml names: run `python -m config.vendor_assets`.

Needs npm, and is for whoever raises a version; the product itself never runs it.
"""

from __future__ import annotations

import base64
import hashlib
import re
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from config.unpacking import unpack_archive

ROOT = Path(__file__).resolve().parent.parent
RECORD = ROOT / "config" / "vendor.toml"
SVG = "http://www.w3.org/2000/svg"
# Maps are not shipped, and a link to a missing map stops the hashed static storage.
_SOURCE_MAP = re.compile(rb"\n?(/\*# sourceMappingURL=\S+ \*/|//# sourceMappingURL=\S+)\s*\Z")


def packages() -> list[dict[str, Any]]:
    """The recorded packages, as config/vendor.toml lists them."""
    found: list[dict[str, Any]] = tomllib.loads(RECORD.read_text("utf-8"))["package"]
    return found


def recorded_hashes() -> dict[str, str]:
    """Path below the project -> sha256 of every committed file."""
    hashes = {}
    for package in packages():
        hashes.update({file["path"]: file["sha256"] for file in package["files"]})
        if sprite := package.get("sprite"):
            hashes[sprite["path"]] = sprite["sha256"]
    return hashes


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def unpack(package: dict[str, Any], folder: Path) -> Path:
    """`npm pack` the exact version, check its integrity, return the unpacked folder."""
    wanted = f"{package['name']}@{package['version']}"
    subprocess.run(["npm", "pack", "--silent", wanted], cwd=folder, check=True, text=True)  # noqa: S607  (npm, wherever this machine has it)
    (archive,) = folder.glob("*.tgz")
    found = "sha512-" + base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if found != package["integrity"]:
        raise SystemExit(f"{wanted} has integrity {found}, not the recorded one. Nothing changed.")
    with tarfile.open(archive) as tar:
        unpack_archive(tar, folder)
    return folder / "package"


def cut_sprite(sprite: dict[str, Any], icons: Path) -> bytes:
    """One SVG file with a <symbol> for each named icon, strokes in the text's colour."""
    ET.register_namespace("", SVG)
    root = ET.Element(f"{{{SVG}}}svg")
    for name in sorted(sprite["icons"]):
        symbol = ET.SubElement(
            root,
            f"{{{SVG}}}symbol",
            {
                "id": name,
                "viewBox": "0 0 24 24",
                "fill": "none",
                "stroke": "currentColor",
                "stroke-width": "1.75",
                "stroke-linecap": "round",
                "stroke-linejoin": "round",
            },
        )
        for shape in ET.parse(icons / f"{name}.svg").getroot():  # noqa: S314  (vendored, checked by hash)
            if shape.get("stroke") == "none" and shape.get("d") == "M0 0h24v24H0z":
                continue  # the invisible frame that every icon carries
            shape.tail = None
            symbol.append(shape)
    ET.indent(root, space="")
    written: bytes = ET.tostring(root, encoding="utf-8")
    return written + b"\n"


def write(path: str, content: bytes) -> None:
    target = ROOT / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)


def main() -> int:
    """Rewrite every vendored file; exit 1 when one differs from its recorded hash."""
    for package in packages():
        with tempfile.TemporaryDirectory() as temporary:
            source = unpack(package, Path(temporary))
            for file in package["files"]:
                if "source" in file:
                    content = (source / file["source"]).read_bytes()
                    write(file["path"], _SOURCE_MAP.sub(b"\n", content))
            if sprite := package.get("sprite"):
                write(sprite["path"], cut_sprite(sprite, source / sprite["folder"]))
    changed = 0
    for path, recorded in recorded_hashes().items():
        found = digest(ROOT / path)
        if found != recorded:
            changed += 1
            print(f"{path} now has sha256 {found}: record it in config/vendor.toml.")
    return 1 if changed else 0


if __name__ == "__main__":
    sys.exit(main())
