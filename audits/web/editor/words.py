"""A plan's fields as people read them: durations, moments, limits, columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import models

from audits.schedule_words import duration_in_words

TITLES = {
    "title": "Question",
    "source": "Source",
    "version": "Version",
    "method": "Method",
    "parameters": "Parameters",
    "columns": "Columns",
    "vault_attributes": "Attributes from the vault",
    "limits": "Limits",
    "limits_note": "How the limits were chosen",
    "zone": "Time zone",
    "starts_at": "First window",
    "ends_at": "End",
    "length": "Length of a window",
    "every": "Every",
    "cron": "Cron expression",
    "lateness": "Wait for late rows",
    "label_maturity": "Wait for labels",
    "backfill": "Earlier windows, too",
    "planned_looks": "Planned looks",
    "time_limit": "A run may take",
    "weight": "Weight",
    "owner": "Owner",
    "on_breach": "Beyond a limit",
    "suppress_below": "Cells hidden below",
    "preset": "Preset",
    "metric_choice": "Choice of metrics",
}


def title_of(name: str) -> str:
    """Return a field's name as people call it."""
    return TITLES.get(name, name.replace("_", " ").capitalize())


def in_words(value: Any, zone: str = "UTC") -> str:
    """Return a value of a plan as text."""
    match value:
        case None | "" | [] | {}:
            return "not set"
        case bool():
            return "yes" if value else "no"
        case timedelta():
            return duration_in_words(value) if value else "not at all"
        case datetime():
            return f"{value.astimezone(ZoneInfo(zone)):%d %B %Y, %H:%M}, {zone}"
        case models.Model():
            return str(value)
        case {"metric": metric, "op": op, "value": number}:
            told = f"{str(metric).replace('_', ' ')} {'≥' if op == '>=' else '≤'} {number:g}"
            return f"{told} (warning)" if value.get("severity") == "warn" else told
        case Mapping():
            return "; ".join(f"{_plain(key)}: {in_words(one, zone)}" for key, one in value.items())
        case str():
            return value.replace("_", " ")
        case Sequence():
            return ", ".join(in_words(one, zone) for one in value)
        case float():
            return f"{value:g}"
        case _:
            return str(value)


def _plain(name: str) -> str:
    return str(name).replace("_", " ")
