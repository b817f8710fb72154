"""The form of a surface; its main parameters are written one a line."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from governance.registry.models import Surface

_LINE = re.compile(
    r"^(?P<name>.+?)\s*\((?P<importance>high|medium|low)\)\s*:\s*(?P<description>.+)$"
)


class SurfaceForm(forms.ModelForm[Surface]):
    """What people see there, what decides it, and what they get without profiling."""

    parameters = forms.CharField(
        required=False,
        label="What decides what is shown",
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="One a line, such as: Clicks so far (high): items clicked more often are shown "
        "more often. The weight is high, medium or low.",
    )

    class Meta:
        model = Surface
        fields = (
            "key",
            "title",
            "kind",
            "objective",
            "non_profiled_variant",
            "dsa_scope",
            "purposes",
        )
        labels = {
            "objective": "What it is optimised for",
            "non_profiled_variant": "What people get without profiling",
            "dsa_scope": "Digital Services Act, Art. 27 and 38",
        }
        widgets = {
            "objective": forms.Textarea(attrs={"rows": 2}),
            "purposes": forms.CheckboxSelectMultiple,
        }
        help_texts = {"key": "A short name in lower case, such as home-feed."}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance._state.adding:
            self.fields["key"].disabled = True
            self.initial["parameters"] = "\n".join(
                f"{one['name']} ({one['importance']}): {one['description']}"
                for one in self.instance.main_parameters
            )

    def clean_parameters(self) -> list[dict[str, str]]:
        found = []
        for line in filter(None, map(str.strip, self.cleaned_data["parameters"].splitlines())):
            parts = _LINE.match(line)
            if parts is None:
                raise ValidationError(
                    f"“{line}” is not read: write a name, its weight in brackets, a colon and "
                    "what it does."
                )
            found.append(parts.groupdict())
        return found

    def declared(self) -> dict[str, Any]:
        """The fields of the services, but for the key."""
        given = {name: one for name, one in self.cleaned_data.items() if name != "key"}
        given["main_parameters"] = given.pop("parameters")
        given["purposes"] = list(given["purposes"])
        return given

    def _post_clean(self) -> None:
        """The service validates the whole surface, so that one place holds the rules."""
