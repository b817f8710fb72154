"""What a plan will be able to see: next windows, people its limits need, delay of its alerts.

Made before anything is saved, from what was typed and what the source delivered so far.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from audits.models import AlertRule, Plan
from audits.schedule_words import delay_in_words, schedule_in_words
from audits.schedules import schedule_of
from audits.web.editor import power
from audits.windows import Schedule

if TYPE_CHECKING:
    from audits.web.editor.form import PlanEditor

NEXT_WINDOWS = 5
MOMENT = "%a %d %b %Y, %H:%M"
NOT_KNOWN = (
    "How many people it needs is not known beforehand: the first run says how many more would "
    "decide it."
)
ASSUMED_SHARE, ASSUMED_PEOPLE = 0.30, 1_000


@dataclass(frozen=True)
class Foreseen:
    """One limit: what it needs, and when an alert on it would come."""

    limit: str
    sight: str
    alert: str
    enough: bool | None


@dataclass(frozen=True)
class Outlook:
    """What the page shows before a plan is saved."""

    schedule: str
    due: str
    windows: list[tuple[str, str, str]]
    count: int | None
    assumption: str
    limits: list[Foreseen]
    rows: str


def outlook(form: PlanEditor, now: datetime) -> Outlook:
    """Look ahead with a form that was found valid."""
    declared = form.declared()
    plan = _unsaved(form, declared)
    schedule = schedule_of(plan)
    people = form.cleaned_data.get("people") or ASSUMED_PEOPLE
    share = form.cleaned_data.get("share") or ASSUMED_SHARE
    groups = form.cleaned_data.get("groups") or 2
    told = "what you expect" if form.cleaned_data.get("people") else "an assumption"
    return Outlook(
        schedule=schedule_in_words(schedule),
        due=delay_in_words(schedule),
        windows=_next_windows(schedule, now),
        count=schedule.count(),
        assumption=(
            f"Reckoned for {people:,} people a window in the smallest of {groups} groups and a "
            f"share of {share:g}: {told}. People who come back within a window, and crossed "
            "groups, need more."
        ),
        limits=[
            Foreseen(
                limit=f"{one['metric'].replace('_', ' ')} "
                f"{'at least' if one['op'] == '>=' else 'at most'} {one['value']:g}",
                sight=seen[0],
                alert=_delay(plan, one, people * groups),
                enough=seen[1],
            )
            for one in declared["limits"]
            for seen in [_sight(form, declared, one, (people, share, groups))]
        ],
        rows=_rows(form, declared["every"]),
    )


def _unsaved(form: PlanEditor, declared: Mapping[str, Any]) -> Plan:
    fields = {name: value for name, value in declared.items() if name != "metric_choice"}
    return Plan(**fields, system=form.chosen_system)


def _next_windows(schedule: Schedule, now: datetime) -> list[tuple[str, str, str]]:
    zone = ZoneInfo(schedule.zone)
    # The window that now lies in is the first that is still to be audited.
    running = next(iter(schedule.backwards(now)), None)
    first = running.start if running else schedule.starts_at
    return [
        (
            f"{one.start.astimezone(zone):{MOMENT}}",
            f"{one.end.astimezone(zone):{MOMENT}}",
            f"{schedule.due_at(one).astimezone(zone):{MOMENT}}",
        )
        for one in schedule.following(first, NEXT_WINDOWS) or schedule.following(None, NEXT_WINDOWS)
    ]


def _sight(
    form: PlanEditor,
    declared: Mapping[str, Any],
    limit: Mapping[str, Any],
    expected: tuple[int, float, int],
) -> tuple[str, bool | None]:
    people, share, groups = expected
    metric, value = str(limit["metric"]), float(limit["value"])
    level = _level(declared, groups)
    if form.chosen_method.key == "fairness.pricing" and metric.endswith("_ratio"):
        seen = power.sight_of_price_ratio(share, value, people, level)
        return _told(seen, f"prices {seen.smallest:.3g} times as high" if seen.smallest else "")
    if metric.endswith("_ratio"):
        seen = power.sight_of_ratio(share, value, people, level)
        return _told(seen, f"a ratio of {seen.smallest:.3g}" if seen.smallest else "")
    if metric.endswith(("rate_difference", "parity_difference", "odds_difference")):
        seen = power.sight_of_difference(share, value, people, level)
        return _told(seen, f"a difference of {seen.smallest:.3g}" if seen.smallest else "")
    return NOT_KNOWN, None


def _level(declared: Mapping[str, Any], groups: int) -> float:
    parameters = declared["parameters"]
    level = float(parameters.get("level", 0.95))
    primary = bool(parameters.get("primary")) or bool(parameters.get("reference"))
    comparisons = 1 if primary else groups * (groups - 1) // 2 * max(len(declared["limits"]), 1)
    return power.member_level(level, comparisons, declared["planned_looks"] or 1)


def _told(seen: power.Sight, smallest: str) -> tuple[str, bool | None]:
    if seen.needed is None:
        return "Equality itself is the limit, or the limit lies outside what can be.", None
    enough = seen.people >= seen.needed
    text = (
        f"To tell a gap at the limit from equality in four windows of five, each group needs "
        f"{seen.needed:,} people a window: {seen.people:,} "
        f"{'are enough' if enough else 'are too few'}"
    )
    if smallest:
        return f"{text}. The smallest gap that shows is {smallest}.", enough
    return f"{text}; no gap shows with so few.", enough


def _delay(plan: Plan, limit: Mapping[str, Any], people: int) -> str:
    from audits.alerts.expectation import prospect_of
    from audits.services.alert_rules import derived_settings

    if limit["severity"] != "fail":
        return "A warning has no alert of its own."
    rule = AlertRule(plan=plan, **derived_settings(plan, limit))
    found = prospect_of(rule, people=people)
    return found.sentence if found else "Not known before the first windows are in."


def _rows(form: PlanEditor, every: timedelta) -> str:
    rows = form.known.rows_a_day
    if rows is None:
        return "No outputs have arrived yet, so rows a window are not known."
    window = rows * (every / timedelta(days=1))
    return f"From what arrived so far: about {window:,.0f} rows a window."
