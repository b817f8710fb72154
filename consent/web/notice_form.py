"""The form of a notice draft: two layers in each language, English and German always."""

from __future__ import annotations

from typing import Any

from django import forms

from consent.choices import Language, Layer
from consent.models import NoticeVersion
from governance.core.models import KEY_PATTERN
from governance.registry.models import Purpose

_LAYERS = (("title", "title"), ("short", "short notice"), ("body", "full notice"))


class NoticeForm(forms.Form):
    """Everything of a draft; what is valid beyond single fields, the service says."""

    key = forms.RegexField(KEY_PATTERN, max_length=63, label="Name of the version")
    purposes = forms.ModelMultipleChoiceField(
        Purpose.objects.all(),
        widget=forms.CheckboxSelectMultiple,
        required=False,
        label="Purposes it tells of",
    )
    material = forms.BooleanField(
        required=False,
        label="The change is material",
        help_text="People who consented to these purposes are asked again.",
    )
    change_note = forms.CharField(
        required=False,
        label="What changed, in a sentence",
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    steps_to_accept = forms.IntegerField(min_value=1, max_value=9, initial=1)
    steps_to_refuse = forms.IntegerField(
        min_value=1, max_value=9, initial=1, help_text="Never more than to accept."
    )
    accept_layer = forms.ChoiceField(choices=Layer.choices, label="Both choices stand on the")

    def __init__(
        self,
        *args: Any,
        version: NoticeVersion | None,
        last: NoticeVersion | None,
        proposed: str,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        told = {text.language: text for text in last.texts.all()} if last else {}
        self.languages: list[str] = list(dict.fromkeys([*Language.values, *sorted(told)]))
        for language in self.languages:
            name = dict(Language.choices).get(language, language)
            for field, label in _LAYERS:
                widget: Any = forms.TextInput()
                if field != "title":
                    widget = forms.Textarea(attrs={"rows": 3 if field == "short" else 8})
                widget.attrs["lang"] = language
                self.fields[f"{language}_{field}"] = forms.CharField(
                    label=f"{name}: {label}",
                    widget=widget,
                    required=version is None or language in Language.values,
                    max_length=120 if field == "title" else None,
                    initial=getattr(told.get(language), field, ""),
                )
        self.fields["key"].initial = version.key if version else proposed
        self.fields["key"].disabled = version is not None
        if last is not None:
            self.fields["purposes"].initial = [purpose.pk for purpose in last.purposes.all()]
            for name in ("steps_to_accept", "steps_to_refuse", "accept_layer"):
                self.fields[name].initial = getattr(last, name)
        if version is not None:
            self.fields["material"].initial = version.material
            self.fields["change_note"].initial = version.change_note

    def declared(self) -> dict[str, Any]:
        """What the services take, but for the key."""
        given = dict(self.cleaned_data)
        return {
            "texts": {
                language: tuple(given[f"{language}_{field}"] for field, _ in _LAYERS)
                for language in self.languages
                if any(given[f"{language}_{field}"] for field, _ in _LAYERS)
            },
            "purposes": list(given["purposes"]),
            "material": given["material"],
            "change_note": given["change_note"],
            "steps_to_accept": given["steps_to_accept"],
            "steps_to_refuse": given["steps_to_refuse"],
            "accept_layer": given["accept_layer"],
            "refuse_layer": given["accept_layer"],
        }
