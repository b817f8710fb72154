"""Drawings of alerts: the path of the evidence, and a limit in words."""

from __future__ import annotations

import math
from collections.abc import Sequence

from django import template
from django.utils.safestring import SafeString, mark_safe

from audits.alerts.words import day, figure, limit_words
from audits.models import AlertRule, AlertStep
from governance import charts
from governance.people.choices import Role

register = template.Library()

LARGEST_LOG = 700.0
# Below it nothing speaks for a change: drawn there, so that the lines that matter have room.
FLOOR = 0.01


@register.simple_tag
def evidence_path(steps: Sequence[AlertStep], rule: AlertRule, title: str = "") -> SafeString:
    """The evidence after each window, on a log scale, with the lines of watch and alert."""
    drawn = charts.evidence_path(
        [
            charts.EvidencePoint(day(step.window_start), _drawn(step.log_evidence), step.status)
            for step in steps
        ],
        watch=rule.watch,
        alert=rule.threshold,
        title=title or "Evidence that the limit is left",
    )
    return mark_safe(drawn)  # noqa: S308  (charts escape every text)


def _drawn(log_evidence: float | None) -> float | None:
    value = evidence_of(log_evidence)
    return None if value is None else max(value, FLOOR)


@register.filter
def evidence_of(log_evidence: float | None) -> float | None:
    """The evidence itself of its natural logarithm."""
    return None if log_evidence is None else math.exp(min(log_evidence, LARGEST_LOG))


@register.filter
def evidence_words(log_evidence: float | None) -> str:
    """`4,120 to 1`."""
    value = evidence_of(log_evidence)
    if value is None:
        return "none yet"
    return f"under {FLOOR} to 1" if value < FLOOR else f"{figure(value)} to 1"


@register.filter
def role_names(roles: Sequence[str]) -> str:
    """`ML engineer, Ethics reviewer`."""
    return ", ".join(Role(role).label if role in Role.values else role for role in roles)


@register.filter
def rule_limit(rule: AlertRule) -> str:
    return limit_words(rule)


@register.filter
def alert_figure(value: float | None) -> str:
    return figure(value)
