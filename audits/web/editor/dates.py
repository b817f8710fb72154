"""The dates of a plan as they are typed: durations in words, moments in the plan's own zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django import forms
from django.core.exceptions import ValidationError

from audits.schedule_words import duration_in_words, read_duration
from audits.web.editor.quiet import text

MOMENT = "%Y-%m-%dT%H:%M"
#: Offered to choose from; any zone of the IANA database is taken.
ZONES = (
    "UTC",
    "Europe/Berlin",
    "Europe/London",
    "Europe/Madrid",
    "Europe/Paris",
    "Europe/Warsaw",
    "America/New_York",
    "America/Chicago",
    "America/Los_Angeles",
    "America/Sao_Paulo",
    "Africa/Johannesburg",
    "Africa/Lagos",
    "Asia/Dubai",
    "Asia/Kolkata",
    "Asia/Shanghai",
    "Asia/Tokyo",
    "Australia/Sydney",
)


class WordsOfTime(forms.CharField):
    """`1 day`, `6 hours`, `30 minutes`; nothing where it may be left out."""

    def __init__(self, *, at_least: timedelta = timedelta(0), **kwargs: Any) -> None:
        self.at_least = at_least
        super().__init__(widget=kwargs.pop("widget", text()), **kwargs)

    def to_python(self, value: Any) -> Any:
        told = str(value or "").strip()
        if not told:
            return None
        if told == "0":
            return timedelta(0)
        try:
            found = read_duration(told)
        except ValueError as problem:
            raise ValidationError(str(problem)) from None
        if found < self.at_least:
            raise ValidationError(f"It is at least {duration_in_words(self.at_least)}.")
        return found


class LocalMoment(forms.DateTimeField):
    """A moment without a zone; the zone stands in a field of its own."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format=MOMENT)

    def to_python(self, value: Any) -> Any:
        found = super().to_python(value)
        return found.replace(tzinfo=None) if isinstance(found, datetime) else found


def check_zone(name: str) -> None:
    """Refuse what is no time zone."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValidationError(f"“{name}” is not a time zone such as Europe/Berlin.") from None


def in_zone(moment: datetime | None, zone: str) -> datetime | None:
    """Return a local moment of a zone in UTC."""
    if moment is None:
        return None
    return moment.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def typed_moment(moment: datetime | None, zone: str) -> str:
    """Return a moment as it is typed in its zone."""
    return f"{moment.astimezone(ZoneInfo(zone)):{MOMENT}}" if moment else ""
