"""The form of a new plan; parameters of basic types come from the method's JSON Schema."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from audits.choices import OnBreach
from governance.registry.models import ModelVersion, System

UNITS = {"hours": timedelta(hours=1), "days": timedelta(days=1), "weeks": timedelta(weeks=1)}
SET_ELSEWHERE = {"looks"}


def _moment() -> forms.DateTimeInput:
    return forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")


class PlanForm(forms.Form):
    """What is watched, against which limits, in which windows."""

    title = forms.CharField(max_length=200, label="The question this plan answers")
    key = forms.SlugField(max_length=63, help_text="A short name in lower case, such as exposure.")
    system: forms.ModelChoiceField[System] = forms.ModelChoiceField(
        queryset=System.objects.none(), to_field_name="key"
    )
    version = forms.SlugField(
        required=False, help_text="Empty: the version that serves when a window is scheduled."
    )
    method = forms.ChoiceField()
    columns = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="One role a line, such as item=item or group=race,sex.",
    )
    limits = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 2}),
        required=False,
        help_text="One limit a line, such as: top share at most 0.30, or: accuracy at least 0.80. "
        "They cannot be changed later.",
    )
    limits_note = forms.CharField(required=False, label="How the limits were chosen")
    starts_at = forms.DateTimeField(
        widget=_moment(), help_text="The start of the first window, in UTC."
    )
    ends_at = forms.DateTimeField(
        widget=_moment(), required=False, help_text="In UTC; empty: no end."
    )
    length = forms.IntegerField(min_value=1, initial=1, label="Length of a window")
    unit = forms.ChoiceField(choices=[(name, name.capitalize()) for name in UNITS], initial="days")
    zone = forms.CharField(max_length=64, initial="UTC")
    lateness_hours = forms.IntegerField(min_value=0, initial=0, label="Hours to wait for late rows")
    backfill = forms.BooleanField(
        required=False, label="Also audit windows that ended before today"
    )
    planned_looks = forms.IntegerField(
        min_value=1,
        required=False,
        help_text="How often the data will be looked at; intervals are widened for that many.",
    )
    on_breach = forms.ChoiceField(choices=OnBreach.choices, label="On a breach")

    def __init__(
        self, *args: Any, systems: QuerySet[System], method: str, user: Any, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        from methods import catalogue

        self.user = user
        keys = catalogue.keys()
        field = self.fields["method"]
        field.choices = [(key, catalogue.get(key).title) for key in keys]  # type: ignore[attr-defined]
        self.fields["system"].queryset = systems  # type: ignore[attr-defined]
        posted = self.data.get("method", "") if self.is_bound else method
        self.chosen_method = posted if posted in keys else keys[0]
        field.initial = self.chosen_method
        chosen = catalogue.get(self.chosen_method)
        self.roles = chosen.roles.roles
        self.metrics = chosen.metrics()
        self.parameters = parameter_fields(chosen.Parameters.model_json_schema())
        self.fields.update({f"set_{name}": one for name, one in self.parameters.items()})

    def clean_columns(self) -> dict[str, list[str]]:
        columns: dict[str, list[str]] = {}
        for line in self.cleaned_data["columns"].splitlines():
            if not line.strip():
                continue
            role, _, names = line.partition("=")
            columns[role.strip()] = [one.strip() for one in names.split(",") if one.strip()]
        return columns

    def clean_limits(self) -> list[str]:
        """Limits as the plan keeps them; words and signs are read alike."""
        lines = self.cleaned_data["limits"].splitlines()
        return [limit_from_words(line) for line in lines if line.strip()]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        system, key = values.get("system"), values.get("version")
        values["version"] = None
        if system is not None and key:
            version = ModelVersion.objects.filter(system=system, key=key).first()
            if version is None:
                raise ValidationError(f"{system.title} has no version {key!r}.")
            values["version"] = version
        return values

    def declared(self) -> dict[str, Any]:
        """The arguments of `create_plan`, but for the actor."""
        values = self.cleaned_data
        same = [
            "key",
            "title",
            "system",
            "version",
            "method",
            "columns",
            "limits",
            "limits_note",
            "starts_at",
            "ends_at",
            "zone",
            "backfill",
            "planned_looks",
            "on_breach",
        ]
        set_values = {name: values[f"set_{name}"] for name in self.parameters}
        return {
            **{name: values[name] for name in same},
            "length": values["length"] * UNITS[values["unit"]],
            "lateness": timedelta(hours=values["lateness_hours"]),
            "parameters": {name: one for name, one in set_values.items() if one not in (None, "")},
            "owner": self.user,
        }


def limit_from_words(line: str) -> str:
    """`Top share at most 0.30` as `top_share<=0.30`; a line with signs stays as it is."""
    for words, sign in (("at most", "<="), ("at least", ">="), ("≤", "<="), ("≥", ">=")):
        metric, found, value = line.lower().partition(words)
        if found:
            return f"{'_'.join(metric.split())}{sign}{value.strip()}"
    return line.strip()


def parameter_fields(schema: dict[str, Any]) -> dict[str, forms.Field]:
    """Return a field for each parameter of a basic type; others keep their default."""
    found = {}
    for name, part in schema.get("properties", {}).items():
        field = None if name in SET_ELSEWHERE else _field(name, part)
        if field is not None:
            found[name] = field
    return found


def _field(name: str, part: dict[str, Any]) -> forms.Field | None:
    options = [one for one in part.get("anyOf", [part]) if one.get("type") != "null"]
    if len(options) != 1:
        return None
    kind = options[0]
    title, _, more = (one.strip() for one in str(part.get("description", "")).partition(";"))
    shown: dict[str, Any] = {
        "label": title.rstrip(".") or name.replace("_", " ").capitalize(),
        "required": False,
        "initial": part.get("default"),
        "help_text": more[:1].upper() + more[1:],
    }
    if "enum" in kind:
        named = [(one, str(one).replace("_", " ").capitalize()) for one in kind["enum"]]
        return forms.ChoiceField(choices=named, **shown)
    bounds = {"min_value": kind.get("minimum"), "max_value": kind.get("maximum")}
    match kind.get("type"):
        case "integer":
            return forms.IntegerField(**bounds, **shown)
        case "number":
            return forms.FloatField(**bounds, **shown)
        case "boolean":
            return forms.BooleanField(**shown)
        case "string":
            return forms.CharField(**shown)
    return None
