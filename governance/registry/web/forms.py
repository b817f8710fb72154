"""Forms of the register: what people fill in; the rules stand in models and services."""

from __future__ import annotations

from typing import Any

from django import forms

from governance.core.actors import Actor
from governance.registry import selectors
from governance.registry.choices import HoldEffect
from governance.registry.models import DataFlow, Feature, ModelVersion, System

_DATE = forms.DateInput(attrs={"type": "date"})


class FeatureForm(forms.ModelForm[Feature]):
    """Register or edit a feature; systems and versions are those the actor works on."""

    versions: Any = forms.ModelMultipleChoiceField(
        queryset=ModelVersion.objects.none(),
        required=False,
        help_text="Versions that read this feature.",
    )

    class Meta:
        model = Feature
        fields = (
            "key", "title", "source", "systems", "allowed_purposes", "owner", "retention",
            "technique", "sensitivity", "justification", "justification_expires_at", "disclosable",
        )  # fmt: skip
        widgets = {
            "justification_expires_at": _DATE,
            "justification": forms.Textarea(attrs={"rows": 3}),
        }
        help_texts = {
            "source": "Where the fact comes from, such as: serving log, sign-up form.",
            "retention": "An ISO 8601 duration: P90D is 90 days, P1Y a year.",
            "justification": "Needed for proxies and sensitive features, with its end.",
            "disclosable": "May appear in the reasons people are shown.",
        }

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _choices(self, "systems", selectors.systems_for(actor))
        versions = ModelVersion.objects.for_actor(actor).select_related("system")
        _choices(self, "versions", versions)
        if not self.instance._state.adding:
            self.fields["key"].disabled = True
            self.initial["versions"] = list(self.instance.versions.values_list("pk", flat=True))

    def _post_clean(self) -> None:
        """The service validates the whole feature, so that one place holds the rules."""


class SystemForm(forms.ModelForm[System]):
    class Meta:
        model = System
        fields = (
            "key", "title", "description", "owner", "on_pause", "risk_tier", "surfaces",
            "purposes", "review_due",
        )  # fmt: skip
        widgets = {"review_due": _DATE, "description": forms.Textarea(attrs={"rows": 3})}
        labels = {"on_pause": "While it is held", "review_due": "Next review"}

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _choices(self, "surfaces", selectors.surfaces_for(actor))
        if not self.instance._state.adding:
            self.fields["key"].disabled = True

    def _post_clean(self) -> None:
        """As above: the service validates."""


class VersionForm(forms.ModelForm[ModelVersion]):
    """What a version says about itself; its state has its own steps."""

    class Meta:
        model = ModelVersion
        fields = ("key", "description", "profiled", "features", "mlflow_uri", "training_note")
        labels = {
            "profiled": "It profiles people",
            "features": "Features it reads",
            "mlflow_uri": "Where the model file is",
            "training_note": "How it was trained",
        }
        widgets = {
            "description": forms.Textarea(attrs={"rows": 2}),
            "features": forms.CheckboxSelectMultiple,
            "training_note": forms.Textarea(attrs={"rows": 3}),
        }
        help_texts = {
            "key": "A short name in lower case, such as v2 or 2026-03.",
            "mlflow_uri": "An MLflow address, such as models:/ranker/4.",
        }

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _choices(self, "features", Feature.objects.for_actor(actor))
        if not self.instance._state.adding:
            self.fields["key"].disabled = True

    def _post_clean(self) -> None:
        """As above: the service validates."""


class FlowForm(forms.ModelForm[DataFlow]):
    categories = forms.CharField(help_text="Separate kinds of data by commas.", required=False)

    class Meta:
        model = DataFlow
        fields = ("key", "system", "source", "destination", "kind", "categories", "purpose")

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _choices(self, "system", selectors.systems_for(actor))

    def clean_categories(self) -> list[str]:
        return [one.strip() for one in self.cleaned_data["categories"].split(",") if one.strip()]

    def _post_clean(self) -> None:
        """As above: the service validates."""


class HoldForm(forms.Form):
    """Place a hold on one target, with its reason."""

    effect = forms.ChoiceField(
        choices=[("", "As the system declares"), *HoldEffect.choices], required=False
    )
    reason = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Everyone affected will read it.",
    )


def _choices(form: forms.BaseForm, name: str, queryset: Any) -> None:
    field = form.fields[name]
    assert isinstance(field, forms.ModelChoiceField)
    field.queryset = queryset
