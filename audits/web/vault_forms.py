"""The form of a protected attribute: what it is, on which grounds, until when."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any

from django import forms

from audits.choices import Article9, AttributeKind, VaultPurpose
from governance.core.actors import Actor
from governance.people.models import User
from governance.registry.choices import LawfulBasis
from governance.registry.models import System
from governance.registry.selectors import systems_for


def _date(**more: Any) -> forms.DateField:
    return forms.DateField(widget=forms.DateInput(attrs={"type": "date"}), **more)


class AttributeForm(forms.Form):
    """Everything that must be known before a value may come in."""

    title = forms.CharField(max_length=200, help_text="Such as: Origin as people told it.")
    key = forms.SlugField(
        max_length=63,
        help_text="The column's name in runs: plans name it as their group, such as origin.",
    )
    kind = forms.ChoiceField(
        choices=AttributeKind.choices,
        label="How it became known",
        help_text="Inferred attributes stay off until a privacy lead allows each with a reason.",
    )
    purposes = forms.MultipleChoiceField(
        choices=VaultPurpose.choices,
        widget=forms.CheckboxSelectMultiple,
        initial=[VaultPurpose.FAIRNESS_AUDIT],
        label="What it may be used for",
    )
    reason = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 2}),
        label="Why fairness cannot be judged without it",
    )
    legal_basis = forms.ChoiceField(
        choices=LawfulBasis.choices, label="Legal basis (GDPR, Article 6)"
    )
    article9 = forms.ChoiceField(choices=Article9.choices, label="Condition of Article 9 GDPR")
    dpia = forms.URLField(
        label="Impact assessment", help_text="Where it stands.", assume_scheme="https"
    )
    expires_on = _date(label="Held until", help_text="The values are deleted then.")
    systems: forms.ModelMultipleChoiceField[System] = forms.ModelMultipleChoiceField(
        queryset=System.objects.none(),
        to_field_name="key",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label="Systems whose plans may use it",
        help_text="None chosen: any system, and each plan still needs its own permit.",
    )
    owner: forms.ModelChoiceField[User] = forms.ModelChoiceField(
        queryset=User.objects.none(), required=False, empty_label="nobody"
    )

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["systems"].queryset = systems_for(actor)  # type: ignore[attr-defined]
        people = User.objects.filter(is_active=True).order_by("name")
        self.fields["owner"].queryset = people  # type: ignore[attr-defined]

    def declared(self) -> dict[str, Any]:
        """The arguments of `create_attribute`, but for the actor."""
        values = dict(self.cleaned_data)
        values["expires_at"] = end_of(values.pop("expires_on"))
        values["systems"] = [one.key for one in values["systems"]]
        return values


class RenewalForm(forms.Form):
    """A new end, after the grounds were examined anew."""

    expires_on = _date(label="Held until")
    reason = forms.CharField(label="What was examined")


def end_of(day: Any) -> datetime:
    """The last moment of a day in UTC."""
    return datetime.combine(day, time(23, 59, 59), tzinfo=UTC)
