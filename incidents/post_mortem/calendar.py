"""Days that were promised in public, as a calendar (RFC 5545). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

LONGEST_LINE = 75  # octets, by section 3.1


@dataclass(frozen=True)
class Day:
    """One day that something is due: a stable id, what is due, and where to read of it."""

    uid: str
    on: date
    title: str
    text: str
    url: str
    changed_at: datetime


def calendar(title: str, days: Iterable[Day]) -> str:
    """Return the calendar, each day as an event that takes the whole of it."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Tactful//Post-mortems//EN",
        f"X-WR-CALNAME:{_text(title)}",
    ]
    for day in days:
        lines += [
            "BEGIN:VEVENT",
            f"UID:{day.uid}",
            f"DTSTAMP:{day.changed_at:%Y%m%dT%H%M%SZ}",
            f"DTSTART;VALUE=DATE:{day.on:%Y%m%d}",
            f"DTEND;VALUE=DATE:{day.on + timedelta(days=1):%Y%m%d}",
            f"SUMMARY:{_text(day.title)}",
            f"DESCRIPTION:{_text(day.text)}",
            f"URL:{day.url}",
            "TRANSP:TRANSPARENT",
            "END:VEVENT",
        ]
    lines.append("END:VCALENDAR")
    return "".join(f"{part}\r\n" for line in lines for part in _folded(line))


def _text(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return escaped.replace("\r\n", "\\n").replace("\n", "\\n").replace("\r", "")


def _folded(line: str) -> Iterator[str]:
    """Break a long line between characters; the parts after the first begin with a space."""
    part, room = "", LONGEST_LINE
    for sign in line:
        size = len(sign.encode())
        if size > room:
            yield part
            part, room = " ", LONGEST_LINE - 1
        part += sign
        room -= size
    yield part
