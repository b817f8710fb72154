"""Alerts in words: what left its limit, how strong the evidence is, what was decided by itself."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from audits.choices import AlertSide, AlertStatus

if TYPE_CHECKING:
    from audits.models import AlertRule, Plan
    from methods.statistics.alerts import State, Window


def figure(value: float | None) -> str:
    """A number as people read it: 0.56, 0.0123, 20, 4,120."""
    if value is None:
        return "unknown"
    if abs(value) >= 1e9:
        return "more than a billion"
    if abs(value) >= 100 or (abs(value) >= 2 and float(value).is_integer()):
        return f"{value:,.0f}"
    return f"{value:.2f}" if abs(value) >= 0.1 or value == 0 else f"{value:.3g}"


def limit_words(rule: AlertRule) -> str:
    """`at most 0.30`, `0.80 to 1.25`, `between -0.1 and 0.1`."""
    if rule.side == AlertSide.AT_MOST:
        return f"at most {figure(rule.limit)}"
    if rule.side == AlertSide.AT_LEAST:
        return f"at least {figure(rule.limit)}"
    low = 1 / rule.limit if rule.log else -rule.limit
    return f"between {figure(low)} and {figure(rule.limit)}"


def raised_sentence(label: str, rule: AlertRule, window: Window, state: State) -> str:
    """What an alert says when it fires."""
    shown = window.subjects >= rule.plan.suppress_below
    size = f" (n = {window.subjects:,})" if shown else ""
    return (
        f"{label}: {figure(window.estimate)} in the window of {day(window.start)}{size}; the limit "
        f"is {limit_words(rule)}. The evidence of all windows together that it is left is "
        f"{figure(state.evidence)} to 1; the alert line is {figure(rule.threshold)}."
    )


def recovered_sentence(label: str, rule: AlertRule, state: State) -> str:
    """What is said when the level lies well inside the limit again."""
    return (
        f"{label}: the level since the alert lies between {figure(state.low)} and "
        f"{figure(state.high)}, for {rule.calm} windows well inside the limit "
        f"({limit_words(rule)})."
    )


def plan_sentence(plan: Plan, counts: dict[str, int]) -> str:
    """What the alerts of a plan say together."""
    streams = sum(counts.values())
    firing, watched = counts.get(AlertStatus.ALERT, 0), counts.get(AlertStatus.WATCH, 0)
    few = counts.get(AlertStatus.INSUFFICIENT_DATA, 0)
    if not streams:
        return f"{plan.title}: no window has been weighed yet."
    parts = [f"{firing} of {streams} alert" if firing else f"none of {streams} alerts"]
    parts += [f"{watched} watched"] if watched else []
    parts += [f"{few} with too few people"] if few else []
    return f"{plan.title}: {', '.join(parts)}."


def day(moment: datetime) -> str:
    return f"{moment.day} {moment:%b %Y}"
