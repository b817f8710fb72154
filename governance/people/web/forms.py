"""Forms of the settings pages: they parse and show; the rules are in services."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django import forms
from django.utils import timezone

from governance.people.choices import Role, Scope
from governance.people.models import User, known_zones


def _shape(form: forms.Form) -> None:
    """Give each field the look of the house."""
    for field in form.fields.values():
        if isinstance(field.widget, (forms.CheckboxSelectMultiple, forms.CheckboxInput)):
            css = "form-check-input"
        elif isinstance(field.widget, forms.Select):
            css = "form-select"
        else:
            css = "form-control"
        field.widget.attrs.setdefault("class", css)


class ShapedForm(forms.Form):
    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        _shape(self)


class PersonForm(ShapedForm):
    name = forms.CharField(max_length=150)
    email = forms.EmailField(label="E-mail address")
    zone = forms.ChoiceField(
        label="Time zone",
        initial="UTC",
        choices=lambda: [(name, name) for name in known_zones()],
    )
    roles = forms.MultipleChoiceField(
        choices=Role.choices, required=False, widget=forms.CheckboxSelectMultiple
    )
    password = forms.CharField(
        label="First password",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        min_length=12,
        max_length=128,
        help_text="At least 12 characters. Tell it to the person; they can change it.",
    )


class RoleForm(ShapedForm):
    role = forms.ChoiceField(choices=Role.choices)


class MemberForm(ShapedForm):
    system_key = forms.CharField(label="System", max_length=63)


class DeputyForm(ShapedForm):
    deputy = forms.ModelChoiceField(queryset=User.objects.none(), label="Deputy")
    role = forms.ChoiceField(choices=Role.choices)
    until = forms.DateField(
        label="Until the end of",
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    reason = forms.CharField(max_length=300)

    def __init__(self, principal: User, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        held = set(principal.role_assignments.values_list("role", flat=True))
        self.fields["role"].choices = [  # type: ignore[attr-defined]
            choice for choice in Role.choices if choice[0] in held
        ]
        self.fields["deputy"].queryset = (  # type: ignore[attr-defined]
            User.objects.filter(is_active=True).exclude(pk=principal.pk)
        )

    def ends_at(self, principal: User) -> datetime:
        """The first instant after the last day, in the principal's zone."""
        day_after = self.cleaned_data["until"] + timedelta(days=1)
        return datetime.combine(day_after, time(), tzinfo=ZoneInfo(principal.zone))


class ApiKeyForm(ShapedForm):
    name = forms.CharField(max_length=100, help_text="The program that uses it.")
    scopes = forms.MultipleChoiceField(
        choices=[(scope.value, f"{scope.value}: {scope.label}") for scope in Scope],
        widget=forms.CheckboxSelectMultiple,
    )
    days = forms.IntegerField(label="Days until it ends", min_value=1, max_value=365, initial=90)
    systems = forms.CharField(
        required=False,
        help_text="System keys separated by commas; leave empty for every system.",
    )

    def expires_at(self) -> datetime:
        return timezone.now() + timedelta(days=self.cleaned_data["days"])

    def system_keys(self) -> list[str] | None:
        named = [part.strip() for part in self.cleaned_data["systems"].split(",") if part.strip()]
        return named or None
