"""The words around a text: dates, what an update after a correction says, blanks, the footer. Pure.

Templates stand in `templates`; who is told stands in `services`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

ENGLISH, GERMAN = "en", "de"
LANGUAGES: dict[str, str] = {ENGLISH: "English", GERMAN: "German"}

_MONTHS_DE = [
    "Januar",
    "Februar",
    "März",
    "April",
    "Mai",
    "Juni",
    "Juli",
    "August",
    "September",
    "Oktober",
    "November",
    "Dezember",
]
_BLANK = re.compile(r"\[[^\[\]\n]{3,}\]")


@dataclass(frozen=True)
class Text:
    """A subject and a body, as a reader gets them."""

    subject: str
    body: str


def said_at(moment: datetime, language: str) -> str:
    """A moment in words, in UTC, for a reader who may be anywhere."""
    at = moment.astimezone(UTC)
    if language == GERMAN:
        return f"{at.day}. {_MONTHS_DE[at.month - 1]} {at.year}, {at:%H:%M} Uhr (UTC)"
    return f"{at.day} {at:%B %Y, %H:%M} UTC"


def blanks(text: str) -> list[str]:
    """The parts in square brackets that a person still has to write."""
    return [found.strip("[]") for found in _BLANK.findall(text)]


def framed(
    text: Text,
    *,
    language: str,
    reference: str,
    number: int,
    corrects: datetime | None = None,
    corrected: Sequence[tuple[datetime, datetime]] = (),
    drill: bool = False,
) -> Text:
    """Put around a text what a reader must know of the messages before it.

    `corrects` is when the message was sent that this one corrects; `corrected` holds, for every
    correction this audience heard before, when the wrong message and when its correction left.
    """
    subject, before = text.subject.strip(), []
    german = language == GERMAN
    if corrects is not None:
        subject = f"{'Berichtigung' if german else 'Correction'}: {subject}"
        moment = said_at(corrects, language)
        before.append(
            f"Dies berichtigt unsere Nachricht vom {moment}. Bitte verlassen Sie sich nicht mehr "
            "auf jene Nachricht."
            if german
            else f"This corrects our message of {moment}. Please do not rely on that message."
        )
    for wrong, right in corrected:
        first, then = said_at(wrong, language), said_at(right, language)
        before.append(
            f"Unsere Nachricht vom {first} wurde am {then} berichtigt; es gilt die Berichtigung."
            if german
            else f"Our message of {first} was corrected on {then}; the correction holds."
        )
    if drill:
        subject = f"{'Übung' if german else 'Drill'}: {subject}"
        before.insert(0, "Dies ist eine Übung." if german else "This is a drill.")
    word = "Nachricht" if german else "message"
    body = "\n\n".join([*before, text.body.strip(), f"({reference}, {word} {number})"])
    return Text(subject, body)


def digest(texts: Mapping[str, Mapping[str, str]]) -> str:
    """SHA-256 of what was sent, in all its languages."""
    plain = json.dumps(texts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(plain.encode()).hexdigest()
