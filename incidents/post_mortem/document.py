"""The frozen document: plain text in fixed order, and its digest. Pure.

Only strings stand in it, so that canonical JSON (RFC 8785) is easily made anywhere.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from incidents.post_mortem.sections import SECTIONS

FORMAT = "tactful-post-mortem/1"
CORRECTION = "tactful-post-mortem-correction/1"


@dataclass(frozen=True)
class Action:
    """An action as the document tells it: what, until when, how it is verified, and its state."""

    title: str
    due_on: str
    verification: str
    state: str


def whole_document(
    facts: Mapping[str, str], texts: Mapping[str, str], actions: Sequence[Action]
) -> dict[str, Any]:
    """Return everything that was written, section by section."""
    return {
        "format": FORMAT,
        "facts": dict(facts),
        "sections": [
            {"key": section.key, "title": section.title, "text": texts.get(section.key, "")}
            for section in SECTIONS
        ],
        "actions": [vars(action) for action in actions],
    }


def public_document(
    facts: Mapping[str, str],
    texts: Mapping[str, str],
    redacted: Mapping[str, str],
    actions: Sequence[Action],
) -> dict[str, Any]:
    """Return what the public reads: its sections, redactions in the place of the text, marked.

    A redaction that is empty takes the section out; the document says that it did.
    """
    shown = []
    for section in SECTIONS:
        if not section.public:
            continue
        replaced = section.key in redacted
        text = redacted[section.key] if replaced else texts.get(section.key, "")
        part = {"key": section.key, "title": section.title, "text": text}
        if replaced:
            part["redacted"] = "shortened" if text else "left out"
        if text or replaced:
            shown.append(part)
    return {
        "format": FORMAT,
        "facts": dict(facts),
        "sections": shown,
        "actions": [vars(action) for action in actions],
    }


def correction_document(
    *, reference: str, of: str, number: int, section: str, text: str, published_at: datetime
) -> dict[str, str]:
    """Return what is said beside a published document, which it names by its digest."""
    return {
        "format": CORRECTION,
        "reference": reference,
        "of_sha256": of,
        "number": str(number),
        "section": section,
        "published_at": published_at.isoformat(timespec="seconds"),
        "text": text,
    }


def digest(document: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a document as canonical JSON."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
