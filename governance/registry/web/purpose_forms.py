"""Forms of purposes, types and their rules; the rules of what is valid stand in the services."""

from __future__ import annotations

from typing import Any

from django import forms

from governance.registry.choices import Mechanism, UnknownAge
from governance.registry.models import PersonalizationType, Purpose

_WHEN = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
_FORMATS = ["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%d"]


class KeyedForm(forms.ModelForm[Any]):
    """The key is given once; validation of the whole is the service's."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance._state.adding:
            self.fields["key"].disabled = True

    def _post_clean(self) -> None:
        """The service validates the whole object, so that one place holds the rules."""


class SecureURLField(forms.URLField):
    """An address written without its scheme is one of https."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(assume_scheme="https", **kwargs)


class PurposeForm(KeyedForm):
    class Meta:
        model = Purpose
        fields = (
            "key", "title", "description", "parent", "lawful_basis", "needs_device_access",
            "gpc_covers", "default_ttl_days", "dpv_iri", "fideslang_use", "record_basis",
            "record_retention", "state",
        )  # fmt: skip
        labels = {
            "parent": "Part of",
            "needs_device_access": "Reads or writes on the person's device",
            "gpc_covers": "Global Privacy Control covers it",
            "default_ttl_days": "A yes lasts, in days",
            "dpv_iri": "DPV concept",
            "fideslang_use": "Fideslang data use",
            "record_basis": "Lawful basis of the consent record",
            "record_retention": "The consent record is kept for",
        }
        help_texts = {
            "key": "A short name in lower case, such as gift_ideas.",
            "parent": "Who refuses the wider purpose refuses this one with it.",
            "gpc_covers": "Sale, sharing, and ads across companies.",
            "default_ttl_days": "Then people are asked again; a region's rule may be shorter.",
            "dpv_iri": "Such as https://w3id.org/dpv#ServicePersonalisation",
            "fideslang_use": "Such as personalize.content.profiled",
            "record_basis": "Showing that consent was given is a duty: legal obligation.",
            "record_retention": "An ISO 8601 duration: P3Y is three years.",
        }
        widgets = {"description": forms.Textarea(attrs={"rows": 3})}
        field_classes = {"dpv_iri": SecureURLField}


class TypeForm(KeyedForm):
    class Meta:
        model = PersonalizationType
        fields = ("key", "title", "help", "purposes", "order")
        labels = {"help": "What people read beside the switch", "order": "Place in the list"}
        help_texts = {"key": "A short name in lower case."}
        widgets = {
            "help": forms.Textarea(attrs={"rows": 2}),
            "purposes": forms.CheckboxSelectMultiple,
        }


class TimedForm(forms.Form):
    """A region, and from when until when."""

    region = forms.CharField(
        max_length=6,
        help_text="A country such as DE, a part such as US-CA, EU, or * for everywhere else.",
    )
    valid_from = forms.DateTimeField(
        required=False,
        widget=_WHEN,
        input_formats=_FORMATS,
        label="From",
        help_text="Your local time; empty: from now on.",
    )
    valid_until = forms.DateTimeField(
        required=False, widget=_WHEN, input_formats=_FORMATS, label="Until"
    )


class RegionRuleForm(TimedForm):
    regime = forms.ChoiceField(choices=Mechanism.choices, label="How people choose")
    max_age_days = forms.IntegerField(
        required=False, min_value=1, max_value=36_500, label="A yes lasts at most, in days"
    )
    field_order = ("region", "regime", "max_age_days", "valid_from", "valid_until")


class AgeRuleForm(TimedForm):
    minimum_age = forms.IntegerField(min_value=0, max_value=99, label="Open from the age of")
    unknown_age = forms.ChoiceField(
        choices=UnknownAge.choices, label="For people of unknown age it is"
    )
    field_order = ("region", "minimum_age", "unknown_age", "valid_from", "valid_until")
