"""The states a signal may be in."""

from __future__ import annotations

from django.db.models import TextChoices


class SignalState(TextChoices):
    OK = "ok", "In order"
    WARN = "warn", "Needs attention"
    FAIL = "fail", "Beyond its limit"
    INCONCLUSIVE = "inconclusive", "Inconclusive"
    UNKNOWN = "unknown", "Unknown"
