"""What stands in the editor before anybody types: defaults, a preset, a choice, a plan."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django.http import QueryDict

from audits.chooser import Choice
from audits.models import Plan
from audits.presets import Preset
from audits.schedule_words import duration_in_words
from audits.web.editor import parameters as parts
from audits.web.editor.dates import typed_moment
from audits.web.editor.known import Known
from audits.web.editor.limits import typed_limits, without_limits

if TYPE_CHECKING:
    from methods.kinds import Roles

Typed = Mapping[str, str | list[str]]


def _empty() -> QueryDict:
    return QueryDict(mutable=True)


def put(data: QueryDict, typed: Typed) -> None:
    """Write into a form as if it had been typed."""
    for name, value in typed.items():
        data.setlist(name, value if isinstance(value, list) else [value])


def defaults(now: datetime, owner: Any) -> dict[str, str | list[str]]:
    """A daily plan that starts today."""
    today = now.astimezone(ZoneInfo("UTC")).replace(hour=0, minute=0, second=0, microsecond=0)
    return {
        "rhythm": "interval",
        "every": "1 day",
        "zone": "UTC",
        "starts_at": typed_moment(today, "UTC"),
        "time_limit": "30 minutes",
        "weight": "light",
        "on_breach": "finding",
        "suppress_below": "10",
        "owner": str(owner or ""),
        **typed_limits([]),
    }


def blank(now: datetime, owner: Any) -> QueryDict:
    """The form as it is first seen."""
    data = _empty()
    put(data, defaults(now, owner))
    return data


def fill_method(data: QueryDict) -> None:
    """Put in a method's defaults where nothing was typed for it."""
    from methods import catalogue

    key, keys = str(data.get("method", "")), catalogue.keys()
    if key not in keys or data.get("drawn_for") == key:
        return
    for one in parts.parameters_of(catalogue.get(key).Parameters.model_json_schema()):
        if one.name not in data:
            put(data, parts.typed([one], {}))
    data["drawn_for"] = key


def fill_columns(data: QueryDict, roles: Roles, known: Known) -> None:
    """Guess the column of each role nobody has given one."""
    for role in roles.roles:
        name = f"col_{role.name}"
        if not [one for one in data.getlist(name) if one] and (found := known.guess(role.name)):
            data.setlist(name, found if role.many else found[:1])


def fill_preset(data: QueryDict, preset: Preset, known: Known) -> None:
    """Take over a preset: method, parameters, limits, dates; columns where the source has them."""
    from methods import catalogue

    method = catalogue.get(preset.method)
    found = parts.parameters_of(method.Parameters.model_json_schema())
    without_limits(data)
    typed: dict[str, str | list[str]] = {
        "preset": preset.key,
        "method": preset.method,
        "drawn_for": preset.method,
        "limits_note": preset.note(),
        "rhythm": "interval",
        "every": duration_in_words(preset.schedule.every),
        "length": _length(preset.schedule.length, preset.schedule.every),
        "lateness": _wait(preset.schedule.lateness),
        "label_maturity": _wait(preset.schedule.label_maturity),
        "on_breach": preset.on_breach,
        "suppress_below": str(preset.evidence.suppress_below),
        **parts.typed(found, preset.declared_parameters()),
        **typed_limits(preset.declared_limits()),
    }
    put(data, typed)
    if not data.get("title"):
        data["title"] = preset.question
    for role in preset.roles:
        name = f"col_{role.name}"
        if [one for one in data.getlist(name) if one]:
            continue
        guessed = known.guess(role.name)
        if not guessed and role.needed and not known.columns:
            guessed = [role.column]
        if not guessed and role.column in known.columns:
            guessed = [role.column]
        if guessed:
            data.setlist(name, guessed)


def fill_choice(data: QueryDict, choice: Choice) -> None:
    """Take over what the chooser ended in; where a limit lies is still to be said."""
    from methods import catalogue

    method = catalogue.get(choice.method)
    found = parts.parameters_of(method.Parameters.model_json_schema())
    without_limits(data)
    limits = [
        {"metric": one.metric, "op": one.op, "severity": "warn" if number else "fail"}
        for number, one in enumerate(choice.metrics)
    ]
    parameters = dict(choice.parameters)
    if choice.comparison == "pair":
        # Which pair it is stays empty, and so is asked for.
        parameters["primary"] = {"metric": choice.metrics[0].metric}
    put(
        data,
        {
            "method": choice.method,
            "drawn_for": choice.method,
            **parts.typed(found, parameters),
            **typed_limits(limits),
        },
    )


def of_plan(plan: Plan) -> QueryDict:
    """A plan as it would be typed."""
    from methods import catalogue

    data = _empty()
    method = catalogue.get(plan.method)
    found = parts.parameters_of(method.Parameters.model_json_schema())
    typed: dict[str, str | list[str]] = {
        "title": plan.title,
        "source": plan.source.key if plan.source else "",
        "version": plan.version.key if plan.version else "",
        "method": plan.method,
        "drawn_for": plan.method,
        "limits_note": plan.limits_note,
        "rhythm": "cron" if plan.cron else "interval",
        "cron": plan.cron,
        "every": duration_in_words(plan.every),
        "length": _length(plan.length, plan.every),
        "zone": plan.zone,
        "starts_at": typed_moment(plan.starts_at, plan.zone),
        "ends_at": typed_moment(plan.ends_at, plan.zone),
        "lateness": _wait(plan.lateness),
        "label_maturity": _wait(plan.label_maturity),
        "planned_looks": str(plan.planned_looks or ""),
        "time_limit": duration_in_words(plan.time_limit),
        "weight": plan.weight,
        "owner": str(plan.owner_id or ""),
        "on_breach": plan.on_breach,
        "suppress_below": str(plan.suppress_below),
        "preset": plan.preset,
        **({"backfill": "on"} if plan.backfill else {}),
        **{f"col_{role}": list(names) for role, names in plan.columns.items()},
        **parts.typed(found, plan.parameters),
        **typed_limits(plan.limits),
    }
    answers = plan.metric_choice.get("answers", {})
    put(data, {**typed, **{f"a_{key}": str(value) for key, value in answers.items()}})
    return data


def _wait(duration: timedelta) -> str:
    return duration_in_words(duration) if duration else ""


def _length(length: timedelta, every: timedelta) -> str:
    return "" if length == every else duration_in_words(length)
