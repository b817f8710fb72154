"""Codes as words: metrics, parameters, recorded deeds and values as people read them.

Pure functions of what they are given; the sentences about verdicts live in `methods.sentences`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django import template

from governance.charts import figures
from governance.people.choices import Role
from governance.people.permissions import EVERYONE, Action

register = template.Library()

SIGNS = {">=": "≥", "<=": "≤"}


@register.filter
def capital_words(value: object) -> str:
    """`top_share` is `Top share`."""
    text = str(value).replace("_", " ")
    return text[:1].upper() + text[1:]


@register.filter
def sign(operator: object) -> str:
    """The comparison of a limit as it is written: `>=` is `≥`."""
    return SIGNS.get(str(operator), str(operator))


@register.filter
def deed(verb: object) -> str:
    """A ledger verb without its room: `registry.system_registered` is `System registered`."""
    _, _, act = str(verb).rpartition(".")
    return capital_words(act)


@register.filter
def room(verb: object) -> str:
    """The room that recorded it: `registry`."""
    return str(verb).partition(".")[0]


@register.filter
def role_names(action: Action) -> str:
    """The roles of an action in words, for where eight columns do not fit."""
    if action.roles == EVERYONE:
        return "Everyone"
    return ", ".join(role.label for role in Role if role in action.roles) or "No role"


@register.filter
def plain_value(value: object) -> str:
    """A parameter's value as people write it, nested ones included."""
    if value is None or value == "" or value == []:
        return "not set"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return "; ".join(f"{key}: {plain_value(part)}" for key, part in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(plain_value(part) for part in value)
    if isinstance(value, float):
        return f"{value:g}"
    return str(value).replace("_", " ")


@register.filter
def is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


@register.filter
def table_cell(value: object) -> str:
    """A cell of a report's table: figures as everywhere, a missing one in words."""
    if isinstance(value, bool) or value is None:
        return plain_value(value) if value is not None else "no value"
    if isinstance(value, int):
        return figures.count(value)
    return figures.figure(value) if isinstance(value, float) else str(value)


@register.filter
def parameter_title(name: str, method: str) -> str:
    """The meaning of a method's parameter, from the method's own schema."""
    from methods import catalogue

    if not _is_known(method):
        return capital_words(name)
    schema = catalogue.get(method).Parameters.model_json_schema()
    return title_of(name, schema.get("properties", {}).get(name, {}))


def title_of(name: str, part: Mapping[str, object]) -> str:
    """The first clause of a parameter's description, else its name in words."""
    clause = str(part.get("description", "")).partition(";")[0].rstrip(".").strip()
    return clause or capital_words(name)


@register.filter
def method_title(method: str) -> str:
    """What a method is called: `fairness.groups` is `Fairness between groups`."""
    from methods import catalogue

    return catalogue.get(method).title if _is_known(method) else str(method)


def _is_known(method: str) -> bool:
    from methods import catalogue

    known = catalogue.keys()
    return method in known
