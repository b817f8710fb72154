"""Setting a document as a tagged PDF (PDF/UA-1), the same bytes for the same content.

Typst sets it with the fonts of its own wheel, so no font of the machine changes a page. What a
document says is not known here; `page.typ` holds the look that documents share.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

PAGE = Path(__file__).with_name("page.typ")
STANDARD = "ua-1"
UNWRITTEN = (
    "Some names are written in a script that the fonts of this print may not hold: {elsewhere} "
    "shows them whole."
)
# Nothing invisible or unassigned may break a page: control characters are left out.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def set_pdf(
    template: Path,
    data: Mapping[str, Any],
    *,
    files: Mapping[str, bytes] | None = None,
    elsewhere: str = "the HTML report",
) -> bytes:
    """Return the PDF of a template that reads `report.json` and may import `page.typ`.

    `data` holds a list `warnings`: what the reader must know first. `elsewhere` names where names
    stand whole that the fonts of the print cannot write.
    """
    import typst

    given = {"main": template.read_bytes(), "page.typ": PAGE.read_bytes(), **(files or {})}
    data = clean(data)
    try:
        return _set(given, data, ignore_system_fonts=True, pdf_standards=STANDARD)
    except typst.TypstError as problem:
        if "could not be displayed" not in str(problem):
            raise
    # A script the wheel's fonts do not write: the machine's fonts may, and the reader is told.
    told = UNWRITTEN.format(elsewhere=elsewhere)
    data = {**data, "warnings": [*data["warnings"], told]}
    try:
        return _set(given, data, ignore_system_fonts=False, pdf_standards=STANDARD)
    except typst.TypstError:
        return _set(given, data, ignore_system_fonts=False)


def without_controls(text: str) -> str:
    return _CONTROL.sub(" ", text)


def clean(value: Any) -> Any:
    """Return plain data without control characters."""
    if isinstance(value, str):
        return without_controls(value)
    if isinstance(value, Mapping):
        return {key: clean(part) for key, part in value.items()}
    if isinstance(value, Sequence):
        return [clean(part) for part in value]
    return value


def _set(files: Mapping[str, bytes], data: Mapping[str, Any], **chosen: Any) -> bytes:
    import typst

    whole = {**files, "report.json": json.dumps(data).encode()}
    made: bytes = typst.compile(whole, format="pdf", timestamp=0, **chosen)
    return made
