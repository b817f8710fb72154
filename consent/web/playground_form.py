"""The inputs of the decision playground: a person made up, and the moment that is asked about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms

from consent.choices import AgeBand, EventStatus
from governance.registry.models import PersonalizationType

_SAID = [
    (value, label)
    for value, label in EventStatus.choices
    if value not in (EventStatus.UNKNOWN, EventStatus.REQUESTED)
]
CHOICES = [("", "Never chose"), *_SAID]
_HOLDS = [
    ("", "As it is"),
    ("non_profiled", "Held: without profiling"),
    ("deny", "Held: deny"),
]
#: The field of one type's toggle is called this and the type's key.
TOGGLE = "said_"


class PlaygroundForm(forms.Form):
    """The inputs of a what-if decision; a link with them says the same to everybody."""

    system = forms.ChoiceField()
    surface = forms.ChoiceField(required=False, help_text="Empty: all that the system serves.")
    region = forms.RegexField(
        r"^[A-Za-z]{2}(-[A-Za-z0-9]{1,3})?$",
        required=False,
        help_text="DE or US-CA; empty if unknown",
    )
    at = forms.DateTimeField(
        required=False,
        label="When",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%d"],
        help_text="Empty: now. Earlier moments are told by the rules of their day.",
    )
    age = forms.ChoiceField(choices=AgeBand.choices, required=False, initial=AgeBand.UNKNOWN)
    choice = forms.ChoiceField(choices=CHOICES, required=False, label="What the person said")
    days_ago = forms.IntegerField(
        required=False, min_value=0, max_value=36_500, label="Said how many days before"
    )
    notice = forms.ChoiceField(required=False, label="Notice they saw")
    gpc = forms.BooleanField(required=False, label="Global Privacy Control is on")
    restricted = forms.BooleanField(required=False, label="Processing is restricted")
    erased = forms.BooleanField(required=False, label="The person was erased")
    hold = forms.ChoiceField(choices=_HOLDS, required=False, label="Hold on the system")

    def __init__(
        self,
        *args: Any,
        systems: list[tuple[str, str]],
        surfaces: Sequence[tuple[str, str]],
        notices: Sequence[str],
        types: Sequence[PersonalizationType],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.has_systems = bool(systems)
        self._choose("system", systems)
        self._choose("surface", [("", "Any"), *surfaces])
        newest = ("", "The current one")
        self._choose("notice", [newest, *((key, key) for key in notices)])
        for kind in types:
            self.fields[TOGGLE + kind.key] = forms.ChoiceField(
                choices=[("", "As above"), ("never", "Never chose"), *_SAID],
                required=False,
                label=f"Toggle: {kind.title}",
            )

    def _choose(self, name: str, choices: Sequence[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = list(choices)
