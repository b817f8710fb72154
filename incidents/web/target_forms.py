"""Forms that register a serving target: one for each way of hearing of a change."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet

from governance.outbox.webhooks.models import EndpointState, Signing, WebhookEndpoint
from governance.registry.models import System
from incidents.choices import TargetKind
from incidents.services.targets import TargetSettings


class TargetForm(forms.Form):
    """A place that asks over OFREP, with or without the stream."""

    system: forms.ModelChoiceField[System] = forms.ModelChoiceField(
        queryset=System.objects.none(), label="System"
    )
    key = forms.SlugField(max_length=63, label="Key", help_text="Such as web-shop.")
    title = forms.CharField(max_length=120, label="Name")
    for_drills = forms.BooleanField(
        required=False,
        label="For drills only",
        help_text="A system is drilled only if all its targets are for drills.",
    )

    def __init__(self, *args: Any, kind: str, systems: QuerySet[System], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind = kind
        self.fields["system"].queryset = systems  # type: ignore[attr-defined]
        self.order_fields(["system", "key", "title", *self.own_fields, "for_drills"])

    own_fields: tuple[str, ...] = ()

    @property
    def settings(self) -> TargetSettings:
        """What is told of the kind, once the form is valid."""
        own = {name: self.cleaned_data[name] for name in self.own_fields}
        return TargetSettings(kind=self.kind, for_drills=self.cleaned_data["for_drills"], **own)


class WebhookTargetForm(TargetForm):
    """A place that is told by webhook and reports back, signed."""

    own_fields = ("endpoint",)
    endpoint: forms.ModelChoiceField[WebhookEndpoint] = forms.ModelChoiceField(
        queryset=WebhookEndpoint.objects.none(),
        label="Endpoint",
        help_text="Registered under Settings, Webhooks, with a shared secret. Its owner verifies "
        "our messages with the secret and signs the reports with it.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        usable = WebhookEndpoint.objects.exclude(state=EndpointState.GONE)
        self.fields["endpoint"].queryset = usable.filter(  # type: ignore[attr-defined]
            signing=Signing.HMAC
        ).order_by("name")


class MlflowTargetForm(TargetForm):
    """What loads an alias of a model in MLflow."""

    own_fields = ("tracking_url", "model_name", "alias", "credential", "reports_itself")
    tracking_url = forms.CharField(
        max_length=300,
        label="Tracking URL",
        help_text="Such as https://mlflow.example.com. A server inside your network is first named "
        "in the setting TACTFUL_MLFLOW_HOSTS.",
    )
    model_name = forms.CharField(max_length=200, label="Registered model")
    alias = forms.CharField(max_length=100, label="Alias", initial="champion")
    credential = forms.CharField(
        max_length=2000,
        required=False,
        label="Credential",
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text="A token, or user:password. It is sealed, and never shown again.",
    )
    reports_itself = forms.BooleanField(
        required=False,
        initial=True,
        label="What loads the alias also reports",
        help_text="Then both are needed: the alias read back, and its own word.",
    )


FORMS: dict[str, type[TargetForm]] = {
    TargetKind.OFREP: TargetForm,
    TargetKind.STREAM: TargetForm,
    TargetKind.WEBHOOK: WebhookTargetForm,
    TargetKind.MLFLOW: MlflowTargetForm,
}
