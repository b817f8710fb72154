"""Whether a change makes a plan weaker, and each way in words: a pure function of both contents.

Weaker is whatever could let a harm pass that the plan would have found before, or find it later.
Who may decide on it stands in `services.changes`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any

from audits.plan_files.content import schedule_of_content
from audits.schedule_words import read_duration

STRICTNESS = ("finding", "open_incident", "auto_contain")
FORESEEN = timedelta(days=90)
NEVER_MATTERS = {"looks"}  # set from `planned_looks`

Content = Mapping[str, Any]


def weakenings(before: Content, after: Content, now: datetime) -> list[str]:
    """Return a sentence for each way in which `after` is weaker than `before`."""
    return [
        *_columns(before, after),
        *_limits(before, after),
        *_parameters(before, after),
        *_evidence(before, after),
        *_reaction(before, after),
        *_schedule(before, after, now),
    ]


def _columns(before: Content, after: Content) -> Iterator[str]:
    for role, names in before["columns"].items():
        kept = after["columns"].get(role, [])
        for name in names:
            if name in kept:
                continue
            if role == "group":
                yield f"The group {name} would no longer be audited."
            elif role == "control":
                yield f"The control {name} would be removed."
            elif role == "subject":
                yield f"People would no longer be told apart by {name}: intervals get too narrow."
            else:
                yield f"The role {role} would no longer be read from {name}."
    known = before["columns"].get("control", [])
    for name in after["columns"].get("control", []):
        if name not in known:
            yield f"Groups would be compared within {name} only."
    for name in before["vault_attributes"]:
        if name not in after["vault_attributes"]:
            yield f"The protected attribute {name} would no longer be joined."


def _limits(before: Content, after: Content) -> Iterator[str]:
    for old in before["limits"]:
        same = [
            one
            for one in after["limits"]
            if (one["metric"], one["op"]) == (old["metric"], old["op"])
        ]
        said = f"{old['metric']} {old['op']} {old['value']:g}"
        if any(_as_strict(one, old) for one in same):
            continue
        if not same:
            yield f"The limit {said} would be removed."
        elif all(_looser(one["value"], old["value"], old["op"]) for one in same):
            new = " and ".join(f"{one['value']:g}" for one in same)
            yield f"The limit {said} would be loosened to {new}."
        else:
            yield f"The limit {said} would only warn."


def _as_strict(new: Content, old: Content) -> bool:
    severe = new["severity"] == "fail" or old["severity"] == "warn"
    return severe and not _looser(new["value"], old["value"], old["op"])


def _looser(new: float, old: float, op: str) -> bool:
    return new < old if op == ">=" else new > old


def _parameters(before: Content, after: Content) -> Iterator[str]:
    old, new = before["parameters"], after["parameters"]
    for name in sorted(set(old) | set(new)):
        if name in NEVER_MATTERS or old.get(name) == new.get(name):
            continue
        if name == "min_subjects":
            was, becomes = old.get(name), new.get(name)
            if was is not None and becomes is not None and becomes > was:
                continue
            yield f"Fewer subjects would be needed: {_says(becomes)} in place of {_says(was)}."
        else:
            yield (
                f"What is measured would change: {name.replace('_', ' ')} from "
                f"{_says(old.get(name))} to {_says(new.get(name))}."
            )


def _says(value: Any) -> str:
    return "the method's own" if value is None else str(value)


def _evidence(before: Content, after: Content) -> Iterator[str]:
    if before["source"] != after["source"]:
        yield "The rows would come from another source."
    if after["version"] is not None and before["version"] != after["version"]:
        yield f"Only the version {after['version']} would be audited."
    was, becomes = before["planned_looks"], after["planned_looks"]
    if was is not None and (becomes is None or becomes < was):
        yield f"Intervals would be corrected for {becomes or 'no'} looks in place of {was}."
    if after["suppress_below"] < before["suppress_below"]:
        yield (
            f"Cells of {after['suppress_below']} people would be shown, "
            f"{before['suppress_below']} were needed."
        )


def _reaction(before: Content, after: Content) -> Iterator[str]:
    old, new = before["on_breach"], after["on_breach"]
    if STRICTNESS.index(new) < STRICTNESS.index(old):
        yield f"A breach would set off less: {new.replace('_', ' ')} for {old.replace('_', ' ')}."


def _schedule(before: Content, after: Content, now: datetime) -> Iterator[str]:
    old, new = schedule_of_content(before), schedule_of_content(after)
    if new.ends_at is not None and (old.ends_at is None or new.ends_at < old.ends_at):
        yield f"The plan would end earlier, on {new.ends_at:%d %B %Y}."
    begin = max(now, old.starts_at, new.starts_at)
    many, few = (
        sum(1 for _ in takewhile(lambda one: one.start < begin + FORESEEN, schedule.windows(begin)))
        for schedule in (old, new)
    )
    if few < many:
        yield f"Audits would be rarer: {few} windows in 90 days for {many}."
    gaps = not new.cron and new.length < new.every
    if gaps and (old.cron or read_duration(before["length"]) > new.length):
        yield "Some time would lie in no window."
    if read_duration(after["time_limit"]) < read_duration(before["time_limit"]):
        yield f"Runs would be stopped sooner, after {after['time_limit']}."
    if new.delay > old.delay:
        yield "Results would come later after the end of a window."
