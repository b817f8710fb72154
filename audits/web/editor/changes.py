"""What a change of a plan amounts to: the fields that differ, as people read them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from audits.loosening import weakenings
from audits.models import Plan, PlanChange
from audits.plan_files.content import CHANGEABLE, Content, content_of, plain
from audits.web.editor.words import in_words, title_of

Difference = tuple[str, str, str]


def changed_fields(plan: Plan, declared: Mapping[str, Any]) -> Content:
    """Return the fields of the form that differ from the plan in force, as plain data."""
    content = content_of(plan)
    told = {name: plain(name, value) for name, value in declared.items() if name in CHANGEABLE}
    return {name: value for name, value in told.items() if not _same(content[name], value)}


def _same(kept: Any, told: Any) -> bool:
    if isinstance(kept, list) and isinstance(told, list):
        return len(kept) == len(told) and all(one in told for one in kept)
    return bool(kept == told) or (not kept and not told)


def ways_weakened(plan: Plan, changes: Content, now: datetime) -> list[str]:
    """Return each way in which a change would weaken the plan, in words."""
    content = content_of(plan)
    return weakenings(content, {**content, **changes}, now)


def differences(plan: Plan, changes: Content) -> list[Difference]:
    """Return title, before and after of every changed field."""
    content = content_of(plan)
    return [
        (title_of(name), in_words(content[name]), in_words(value))
        for name, value in changes.items()
    ]


def recorded_differences(change: PlanChange) -> list[Difference]:
    """Return the same of a change as it was proposed; its values stand as a plan file has them."""
    names = dict.fromkeys((*change.before, *change.after))
    return [
        (title_of(name), in_words(change.before.get(name)), in_words(change.after.get(name)))
        for name in names
    ]
