"""The rows of limits: metric, direction, value, and what lies beyond it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict

from audits.web.editor.quiet import QuietForm

ROWS = "limit_rows"
SPARE_ROWS, MOST_ROWS = 3, 40
OPERATORS = [(">=", "at least"), ("<=", "at most")]
SEVERITIES = [("fail", "fails: makes a finding"), ("warn", "warns: decides nothing")]


class LimitForm(QuietForm):
    """One limit; a row without a metric is no limit."""

    metric = forms.ChoiceField(required=False)
    op = forms.ChoiceField(choices=OPERATORS, required=False, label="Direction")
    value = forms.FloatField(
        required=False, widget=forms.NumberInput(attrs={"step": "any", "inputmode": "decimal"})
    )
    severity = forms.ChoiceField(choices=SEVERITIES, required=False, label="Beyond it")

    def __init__(self, *args: Any, metrics: Sequence[str], number: int, **kwargs: Any) -> None:
        super().__init__(*args, prefix=f"limit_{number}", **kwargs)
        self.number = number
        typed = self.data.get(self.add_prefix("metric"), "")
        named = [(name, name.replace("_", " ").capitalize()) for name in metrics]
        if typed and typed not in metrics:
            named.append((typed, f"{typed}: not a metric of this method"))
        field = self.fields["metric"]
        field.choices = [("", "no limit"), *named]  # type: ignore[attr-defined]
        self.metrics = metrics
        for name, one in self.fields.items():
            one.widget.attrs["aria-label"] = f"Limit {number + 1}: {one.label or name}"

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        metric = values.get("metric")
        if metric and metric not in self.metrics:
            self.add_error("metric", "The chosen method does not measure this.")
        if metric and values.get("value") is None and "value" not in self.errors:
            self.add_error("value", "Say where the limit lies.")
        if metric and not (values.get("op") and values.get("severity")):
            raise ValidationError("Say in which direction the limit lies and what is beyond it.")
        if not metric and values.get("value") is not None:
            raise ValidationError("Choose the metric that this limit is on.")
        return values

    def declared(self) -> dict[str, Any] | None:
        """The limit as a plan keeps it; None for an empty row."""
        values = self.cleaned_data
        if not values.get("metric"):
            return None
        return {name: values[name] for name in ("metric", "op", "value", "severity")}


def limit_forms(data: QueryDict, metrics: Sequence[str], *, quiet: bool) -> list[LimitForm]:
    """Return the rows as they were sent."""
    rows = min(number_of_rows(data), MOST_ROWS)
    return [LimitForm(data, metrics=metrics, number=one, quiet=quiet) for one in range(rows)]


def number_of_rows(data: QueryDict) -> int:
    """How many rows the page shows."""
    told = data.get(ROWS, "")
    return int(told) if told.isdigit() else SPARE_ROWS


def typed_limits(limits: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return limits as they would be typed, with spare rows below."""
    found = {ROWS: str(min(max(SPARE_ROWS, len(limits) + 1), MOST_ROWS))}
    for number, limit in enumerate(limits):
        for name in ("metric", "op", "value", "severity"):
            value = limit.get(name)
            found[f"limit_{number}-{name}"] = "" if value is None else str(value)
    return found


def without_limits(data: QueryDict) -> None:
    """Take all rows out of what was typed."""
    for name in [name for name in data if name.startswith("limit_")]:
        del data[name]
