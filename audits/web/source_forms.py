"""Forms of sources: where the rows are, by origin; how an uploaded file is taken in."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from django import forms

from audits.choices import SourceKind, SourceOrigin
from governance.core.actors import Actor
from governance.registry.models import ModelVersion, System
from governance.registry.selectors import systems_for

_PATH = "An absolute path below a folder that the operator has opened."


def _text(label: str, hint: str = "", required: bool = True, **more: Any) -> forms.CharField:
    return forms.CharField(label=label, help_text=hint, required=required, max_length=1000, **more)


def location_fields(origin: str) -> dict[str, forms.Field]:
    """The fields of a place; names as in the location of the origin, `secret` apart."""
    secret = forms.PasswordInput(render_value=False, attrs={"autocomplete": "off"})
    if origin == SourceOrigin.FILES:
        hint = f"{_PATH} A file, a folder, or a pattern such as /data/loans/*.parquet."
        return {"path": _text("File, folder or pattern", hint)}
    if origin == SourceOrigin.S3:
        return {
            "url": _text("Address", "Such as s3://bucket/loans/ or s3://bucket/loans/*.parquet."),
            "region": _text("Region", required=False, initial="us-east-1"),
            "endpoint": _text("Endpoint", "Empty: Amazon's own.", required=False),
            "secret": _text(
                "Credential",
                'As {"access_key": "...", "secret_key": "..."}; empty for an open bucket. '
                "Stored encrypted, never shown again.",
                required=False,
                widget=secret,
            ),
        }
    if origin == SourceOrigin.POSTGRESQL:
        return {
            "schema": _text("Schema", required=False, initial="public"),
            "table": _text("Table or view"),
            "secret": _text(
                "Connection string",
                "As postgresql://user:password@host:5432/database, of a role that may only read. "
                "Stored encrypted, never shown again.",
                widget=secret,
            ),
        }
    if origin == SourceOrigin.SPARK:
        return {
            "remote": _text("Spark Connect server", "As sc://host:port.", required=False),
            "table": _text("Table", "With a server.", required=False),
            "path": _text("Or a path of Parquet", f"{_PATH} Without a server.", required=False),
        }
    if origin == SourceOrigin.CUBE:
        return {
            "path": _text("File of counts", f"{_PATH} One line a cell, with its count."),
            "count": _text("Column of the counts", required=False, initial="n"),
        }
    return {}


class SourceForm(forms.Form):
    """A new source of one origin."""

    title = forms.CharField(max_length=200, help_text="Such as: Loan decisions.")
    key = forms.SlugField(max_length=63, help_text="A short name in lower case, such as loans.")
    system: forms.ModelChoiceField[System] = forms.ModelChoiceField(
        queryset=System.objects.none(), to_field_name="key"
    )
    kind = forms.ChoiceField(choices=SourceKind.choices, label="What a row is")

    def __init__(self, *args: Any, actor: Actor, origin: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["system"].queryset = systems_for(actor)  # type: ignore[attr-defined]
        self.places = location_fields(origin)
        self.fields.update(self.places)
        if origin == SourceOrigin.PUSHED:
            self.fields["file"] = forms.FileField(
                label="A file to begin with",
                required=False,
                help_text="CSV, Parquet, Arrow or JSON lines, at most 1 GB. Its column names may "
                "be your own: you say next what they mean.",
                widget=forms.ClearableFileInput(
                    attrs={"accept": ".csv,.parquet,.arrow,.arrows,.jsonl,.ndjson"}
                ),
            )

    def location(self) -> dict[str, str]:
        """The place as the service takes it; what was left empty is left out."""
        names = [name for name in self.places if name != "secret"]
        return {name: self.cleaned_data[name] for name in names if self.cleaned_data[name]}

    @property
    def secret(self) -> str:
        return str(self.cleaned_data.get("secret") or "")


class IntakeForm(forms.Form):
    """Which version produced the rows, and when, where the file does not say."""

    version: forms.ModelChoiceField[ModelVersion] = forms.ModelChoiceField(
        queryset=ModelVersion.objects.none(),
        to_field_name="key",
        required=False,
        empty_label="by the column of versions",
        label="Version that produced these rows",
    )
    moment = forms.DateTimeField(
        required=False,
        label="When they occurred, in UTC",
        help_text="Only for files whose rows have no time of their own: one time for all.",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )

    def __init__(
        self, *args: Any, system: System, undated: bool | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        if undated is not None:  # the source says whether its files have a time of their own
            self.fields["moment"].required = undated
            if not undated:
                del self.fields["moment"]
        versions = ModelVersion.objects.filter(system=system).order_by("key")
        self.fields["version"].queryset = versions  # type: ignore[attr-defined]
        serving = system.serving_version
        self.fields["version"].initial = serving.key if serving else None
        self.fields["version"].label_from_instance = lambda one: one.key  # type: ignore[attr-defined]

    def clean_moment(self) -> Any:
        moment = self.cleaned_data.get("moment")
        return moment.replace(tzinfo=UTC) if moment else None
