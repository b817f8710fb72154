"""A plan as plain data and back: the words in which changes are compared, proposed and kept.

Durations are words, moments ISO times in UTC, rows their keys. Permission and checks stand in
services.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from audits.models import Plan, Source
from audits.plan_files.model import PlanFile
from audits.schedule_words import duration_in_words, read_duration
from audits.windows import Schedule
from governance.core.errors import Invalid
from governance.people.models import User
from governance.registry.models import ModelVersion

DURATIONS = ("every", "length", "lateness", "label_maturity", "time_limit")
MOMENTS = ("starts_at", "ends_at")
CHANGEABLE = (
    *("title", "source", "version", "columns", "parameters", "limits", "limits_note", "zone"),
    *("ends_at", "cron", "every", "length", "lateness", "label_maturity", "planned_looks"),
    *("time_limit", "weight", "suppress_below", "vault_attributes", "on_breach", "owner"),
    "metric_choice",
)
FIXED = ("key", "system", "method", "seed", "starts_at", "backfill", "preset")

Content = dict[str, Any]


def content_of(plan: Plan) -> Content:
    """Return everything a plan declares, as plain data."""
    return {name: plain(name, getattr(plan, name)) for name in (*FIXED, *CHANGEABLE)}


def plain(name: str, value: Any) -> Any:
    """Return one value of a plan as plain data; plain data stays as it is."""
    if value is None:
        return None
    try:
        if name in DURATIONS:
            return duration_in_words(read_duration(value) if isinstance(value, str) else value)
        if name in MOMENTS:
            return _moment(value).astimezone(UTC).isoformat()
    except ValueError as problem:
        raise Invalid(f"{name}: {problem}") from None
    match value:
        case User():
            return f"user:{value.pk}"
        case Source() | ModelVersion():
            return value.key
        case tuple():
            return list(value)
    if name == "system":
        return getattr(value, "key", value)
    if name == "columns":
        return {role: [one] if isinstance(one, str) else list(one) for role, one in value.items()}
    return value


def _moment(value: datetime | str) -> datetime:
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    if moment.tzinfo is None:
        raise ValueError("a time has a zone, such as 2026-01-05T00:00:00+01:00.")
    return moment


def set_content(plan: Plan, content: Mapping[str, Any]) -> None:
    """Give a plan, unsaved, the values of plain data.

    Raises
    ------
    Invalid : when it names a source, version or person that is not there
    """
    for name, value in content.items():
        setattr(plan, name, _value(plan, name, value))


def _value(plan: Plan, name: str, value: Any) -> Any:
    if value is None:
        return None
    if name in DURATIONS:
        return read_duration(value)
    if name in MOMENTS:
        return _moment(value)
    found: Source | ModelVersion | User | None
    if name == "source":
        found = Source.objects.filter(system=plan.system, key=value).first()
    elif name == "version":
        found = ModelVersion.objects.filter(system=plan.system, key=value).first()
    elif name == "owner":
        found = User.objects.filter(pk=str(value).removeprefix("user:")).first()
    else:
        return value
    if found is None:
        raise Invalid(f"The {name} {value!r} is not one of {plan.system.key}.")
    return found


def schedule_of_content(content: Mapping[str, Any]) -> Schedule:
    """Return the dates that plain data declares."""
    ends_at = content["ends_at"]
    return Schedule(
        starts_at=_moment(content["starts_at"]),
        ends_at=_moment(ends_at) if ends_at else None,
        length=read_duration(content["length"]),
        every=read_duration(content["every"]),
        zone=content["zone"],
        lateness=read_duration(content["lateness"]),
        label_maturity=read_duration(content["label_maturity"]),
        cron=content["cron"],
    )


def file_of(plan: Plan) -> PlanFile:
    """Return a plan as a plan file."""
    content = content_of(plan)
    del content["owner"]  # a file says what is audited, not who looks after it
    content["limits"] = [
        {"limit": f"{one['metric']}{one['op']}{one['value']!r}", "severity": one["severity"]}
        for one in content["limits"]
    ]
    if content["cron"]:
        del content["every"], content["length"]
    return PlanFile.model_validate(content)


def content_of_file(file: PlanFile) -> Content:
    """Return what a plan file declares as plain data, all of it but the owner."""
    content = file.model_dump(mode="json", exclude={"tactful", "limits"})
    content["limits"] = file.limit_rows()
    content["every"] = duration_in_words(file.every or file.length)
    for name in MOMENTS:
        content[name] = plain(name, getattr(file, name))
    return content
