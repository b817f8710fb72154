"""Uploads whose columns have not been named yet: kept as sent, for a day at most."""

from __future__ import annotations

from django.db import models

from audits.models.outputs import Source
from audits.models.scoped import SystemScoped
from governance.core.models import PublicModel


class SourceScoped(SystemScoped["StagedUpload"]):
    system_lookup = "source__system__key__in"


class StagedUpload(PublicModel):
    """One file that waits; what it holds is looked at, and stored only under its roles."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="staged")
    name = models.CharField(max_length=200, help_text="The file's name as it was sent.")
    media_type = models.CharField(max_length=100)
    path = models.CharField(max_length=300, help_text="Place below STORAGE_URL.")
    size = models.PositiveBigIntegerField()
    digest = models.CharField(max_length=64)
    rows = models.PositiveBigIntegerField(help_text="Rows that were looked at.")
    whole = models.BooleanField(help_text="Whether these are all rows.")
    uploaded_by = models.CharField(max_length=200)
    expires_at = models.DateTimeField(db_index=True)

    objects = SourceScoped.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return self.name
