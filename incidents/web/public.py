"""What every page of this room that anybody may open carries: who answers for it."""

from __future__ import annotations

from typing import Any

from consent.receipts.selectors import issuer
from consent.web.texts import TEXTS


def frame() -> dict[str, Any]:
    """Return the name and the contact at the head and the foot of a public page."""
    who = issuer()
    return {"issuer": who, "responsible": TEXTS["en"]["contact"].format(name=who.name)}
