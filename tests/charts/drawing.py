"""Reads a chart back as a reader would: where each shape lies, which words stand where."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from xml.etree import ElementTree as ET

NAMESPACE = "{http://www.w3.org/2000/svg}"
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
# The mean width of a glyph of Inter, of the font size; narrower than the room the charts reserve.
GLYPH = 0.56


@dataclass(frozen=True)
class Box:
    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: Box) -> bool:
        apart = self.right <= other.left or other.right <= self.left
        return not (apart or self.bottom <= other.top or other.bottom <= self.top)

    def inside(self, other: Box, slack: float = 0.51) -> bool:
        return (
            self.left >= other.left - slack
            and self.top >= other.top - slack
            and self.right <= other.right + slack
            and self.bottom <= other.bottom + slack
        )


def parse(svg: str) -> ET.Element:
    return ET.fromstring(svg)


def name_of(element: ET.Element) -> str:
    return element.tag.removeprefix(NAMESPACE)


def view_box(root: ET.Element) -> Box:
    x, y, width, height = (float(part) for part in root.get("viewBox", "").split())
    return Box(x, y, x + width, y + height)


def words(element: ET.Element) -> str:
    """The text that is drawn, without the hint inside it."""
    return (element.text or "") + "".join(child.tail or "" for child in element)


def texts(root: ET.Element) -> list[tuple[str, Box]]:
    """Every drawn label with the box it fills."""
    found = []
    for element in root.iter(f"{NAMESPACE}text"):
        said = words(element)
        size = float(element.get("font-size", "12"))
        width = len(said) * size * GLYPH
        x, y = float(element.get("x", "0")), float(element.get("y", "0"))
        shift = {"start": 0.0, "middle": width / 2, "end": width}
        left = x - shift[element.get("text-anchor", "start")]
        found.append((said, Box(left, y - size * 0.75, left + width, y + size * 0.2)))
    return found


def _shape(element: ET.Element) -> Box | None:
    def at(key: str) -> float:
        return float(element.get(key, "0"))

    match name_of(element):
        case "rect":
            return Box(at("x"), at("y"), at("x") + at("width"), at("y") + at("height"))
        case "circle":
            r = at("r")
            return Box(at("cx") - r, at("cy") - r, at("cx") + r, at("cy") + r)
        case "line":
            xs, ys = sorted((at("x1"), at("x2"))), sorted((at("y1"), at("y2")))
            return Box(xs[0], ys[0], xs[1], ys[1])
        case "path" if not re.search("[a-bd-z]", element.get("d", "")):
            numbers = [float(part) for part in _NUMBER.findall(element.get("d", ""))]
            return Box(min(numbers[::2]), min(numbers[1::2]), max(numbers[::2]), max(numbers[1::2]))
        case _:
            return None


def shapes(root: ET.Element) -> list[Box]:
    """Boxes of all shapes given in absolute coordinates."""
    return [box for element in root.iter() if (box := _shape(element)) is not None]


def marks(root: ET.Element, css: str) -> list[ET.Element]:
    """Elements that carry a class."""
    return [element for element in root.iter() if css in (element.get("class") or "").split()]


def assert_sound(svg: str) -> ET.Element:
    """What every chart promises: well formed, named, inside its frame, nothing a policy refuses."""
    root = parse(svg)
    assert root.get("role") in {"img", "group"}
    assert name_of(root[0]) == "title" and (root[0].text or "").strip()
    assert root.get("aria-label") == root[0].text
    frame = view_box(root)
    for said, box in texts(root):
        assert box.inside(frame), f"the label {said!r} leaves the frame: {box} of {frame}"
    for box in shapes(root):
        assert box.inside(frame), f"a shape leaves the frame: {box} of {frame}"
    for element in root.iter():
        assert name_of(element) not in {"style", "script", "foreignObject"}
        for attribute in element.attrib:
            assert attribute != "style" and not attribute.startswith("on")
            if attribute in {"x", "y", "x1", "y1", "x2", "y2", "cx", "cy", "r", "width", "height"}:
                assert math.isfinite(float(element.get(attribute, "")))
    return root
