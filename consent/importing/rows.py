"""One row of a file becomes a choice, or a sentence that says why not. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from consent.importing.presets import WORDS

#: Methods we know stay; every other name is kept as an import's.
LONGEST_ID = 1024


@dataclass(frozen=True, slots=True)
class Choice:
    """A choice as a file tells it; `evidenced` is what lets a grant count."""

    line: int
    subject: str
    purpose: str
    status: str
    occurred_at: datetime | None
    notice_version: str
    method: str
    region: str
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Broken:
    """A row that cannot be taken, and why."""

    line: int
    sentence: str


def moment(text: str) -> datetime | None:
    """Read an ISO 8601 time, or seconds or milliseconds since 1970; no zone means UTC."""
    if not text:
        return None
    if text.isdigit():
        number = int(text)
        return datetime.fromtimestamp(number / 1000 if number > 10**11 else number, UTC)
    found = datetime.fromisoformat(text)
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def read_row(
    line: int,
    row: Mapping[str, str],
    *,
    columns: Mapping[str, str],
    words: Mapping[str, str],
    purposes: Mapping[str, UUID],
    now: datetime,
) -> Choice | Broken:
    """Judge one row. A consent without a time, or without notice and method, is no consent."""
    said = {name: (row.get(column) or "").strip() for name, column in columns.items()}
    subject = said.get("subject", "")
    if not subject or len(subject) > LONGEST_ID or "\x00" in subject:
        return Broken(line, "The subject is missing or longer than 1024 signs.")
    purpose = said.get("purpose", "")
    key = purpose if purpose in purposes else purpose.lower().replace(" ", "_")
    if key not in purposes:
        return Broken(line, f"There is no purpose {purpose[:60]!r}.")
    word = said.get("status", "").lower()
    status = words.get(word, WORDS.get(word, ""))
    if not status:
        return Broken(line, f"{word[:40]!r} is not a status that we know.")
    try:
        occurred_at = moment(said.get("occurred_at", ""))
        expires_at = moment(said.get("expires_at", ""))
    except (ValueError, OverflowError, OSError):
        return Broken(line, "A time is not in ISO 8601, such as 2026-03-01T12:00:00Z.")
    if occurred_at is not None and occurred_at > now + timedelta(minutes=5):
        return Broken(line, "occurred_at lies in the future.")
    notice, method = said.get("notice_version", "")[:63], said.get("method", "")[:20]
    if status == "given" and (occurred_at is None or not (notice or method)):
        status = "unknown"
    return Choice(
        line,
        subject,
        key,
        status,
        occurred_at,
        notice,
        method,
        said.get("region", "")[:6],
        expires_at if status == "given" else None,
    )
