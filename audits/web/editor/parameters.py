"""A method's parameters as form fields: made from its JSON Schema, read back as plain data.

Every kind a schema of ours holds has a field: choices, numbers, truth values, texts, lists, maps of
column to value, and objects such as the primary comparison. Nothing here knows a method by name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

PREFIX = "set_"
#: Said elsewhere on the form: the planned looks stand with the dates.
SET_ELSEWHERE = frozenset({"looks"})
LONG_TEXT = 200


@dataclass(frozen=True)
class Parameter:
    """One field of the form and the place of its value among the parameters."""

    path: tuple[str, ...]
    field: forms.Field
    default: Any = None

    @property
    def name(self) -> str:
        """The name of the form field."""
        return PREFIX + "__".join(self.path)


class ListField(forms.CharField):
    """Texts separated by commas."""

    def to_python(self, value: Any) -> Any:
        return [part.strip() for part in str(value or "").split(",") if part.strip()] or None


class MapField(forms.CharField):
    """`race=Black, sex=female`: names and values; numbers where the schema says so."""

    def __init__(self, *, numbers: bool = False, **kwargs: Any) -> None:
        self.numbers = numbers
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> Any:
        found: dict[str, Any] = {}
        for part in str(value or "").replace("\n", ",").split(","):
            if not part.strip():
                continue
            name, sign, told = (one.strip() for one in part.partition("="))
            if not sign or not name or not told:
                raise ValidationError(f"“{part.strip()}” does not read as name=value.")
            found[name] = self._number(told) if self.numbers else told
        return found or None

    def _number(self, told: str) -> float:
        try:
            return float(told)
        except ValueError:
            raise ValidationError(f"“{told}” is not a number.") from None


def parameters_of(schema: Mapping[str, Any]) -> list[Parameter]:
    """Return the fields of all parameters, those of objects among them."""
    found = _of_object(schema, schema.get("$defs", {}), (), required=True)
    return [one for one in found if one.path[0] not in SET_ELSEWHERE]


def _of_object(
    part: Mapping[str, Any], shared: Mapping[str, Any], path: tuple[str, ...], *, required: bool
) -> Iterator[Parameter]:
    needed = set(part.get("required", ())) if required else set()
    for name, inner in part.get("properties", {}).items():
        kinds = [_resolved(one, shared) for one in inner.get("anyOf", [inner])]
        kinds = [one for one in kinds if one.get("type") != "null"]
        if len(kinds) == 1 and "properties" in kinds[0]:
            yield from _of_object(kinds[0], shared, (*path, name), required=name in needed)
            continue
        field = _field(name, inner, kinds, path, needed=name in needed)
        if field is not None:
            yield Parameter((*path, name), field, inner.get("default"))


def _resolved(part: Mapping[str, Any], shared: Mapping[str, Any]) -> Mapping[str, Any]:
    target = str(part.get("$ref", "")).rpartition("/")[2]
    return shared[target] if target else part


def _field(
    name: str,
    part: Mapping[str, Any],
    kinds: Sequence[Mapping[str, Any]],
    path: tuple[str, ...],
    *,
    needed: bool,
) -> forms.Field | None:
    title, _, more = (one.strip() for one in str(part.get("description", "")).partition(";"))
    plain = " ".join((*path, name)).replace("_", " ").capitalize()
    shown: dict[str, Any] = {
        "label": title.rstrip(".") or plain,
        "required": needed,
        "help_text": more[:1].upper() + more[1:],
    }
    # Where a text is one of several ways to give it, the method reads the text itself.
    kind = next((one for one in kinds if one.get("type") == "string"), kinds[0])
    if "const" in kind:
        return None
    if "enum" in kind:
        named = [(one, str(one).replace("_", " ").capitalize()) for one in kind["enum"]]
        return forms.ChoiceField(choices=named, **shown)
    bounds: dict[str, Any] = {"min_value": kind.get("minimum"), "max_value": kind.get("maximum")}
    match kind.get("type"):
        case "integer":
            return forms.IntegerField(**bounds, **shown)
        case "number":
            return forms.FloatField(**bounds, **shown)
        case "boolean":
            return forms.BooleanField(**{**shown, "required": False})
        case "array":
            return ListField(**_hinted(shown, "Separated by commas."))
        case "object":
            numbers = kind.get("additionalProperties", {}).get("type") == "number"
            return MapField(numbers=numbers, **_hinted(shown, "Such as race=Black, sex=female."))
        case _:
            long = kind.get("maxLength", 0) > LONG_TEXT
            widget = forms.Textarea(attrs={"rows": 2}) if long else forms.TextInput()
            return forms.CharField(widget=widget, max_length=kind.get("maxLength"), **shown)


def _hinted(shown: dict[str, Any], hint: str) -> dict[str, Any]:
    return {**shown, "help_text": f"{shown['help_text']} {hint}".strip()}


def declared(parameters: Sequence[Parameter], cleaned: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was filled in as the method takes it; what equals its default is left out."""
    found: dict[str, Any] = {}
    for one in parameters:
        value = cleaned.get(one.name)
        if value in (None, "", []) or (value == one.default and len(one.path) == 1):
            continue
        place = found
        for step in one.path[:-1]:
            place = place.setdefault(step, {})
        place[one.path[-1]] = value
    return found


def typed(parameters: Sequence[Parameter], values: Mapping[str, Any]) -> dict[str, str]:
    """Return parameters as they would be typed into the form, defaults filled in."""
    found: dict[str, str] = {}
    for one in parameters:
        value: Any = values
        for step in one.path:
            value = value.get(step) if isinstance(value, Mapping) else None
        text = as_text(one.default if value is None else value)
        if text:
            found[one.name] = text
    return found


def as_text(value: Any) -> str:
    """A parameter's value as one would type it; nothing for what is not set."""
    if value is None or value is False:
        return ""
    if value is True:
        return "on"
    if isinstance(value, Mapping):
        return ", ".join(f"{name}={as_text(part)}" for name, part in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(as_text(part) for part in value)
    return f"{value:.15g}" if isinstance(value, float) else str(value)


def field_of_problem(location: Sequence[Any], parameters: Sequence[Parameter]) -> str | None:
    """Return the form field that a problem at this place of the parameters belongs to."""
    steps = tuple(str(step) for step in location)
    for length in range(len(steps), 0, -1):
        for one in parameters:
            if one.path[:length] == steps[:length]:
                return one.name
    return None
