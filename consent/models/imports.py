"""Imports of consents: which file, how far it is read, what came of it. Never the rows."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from consent.choices import ImportState
from governance.core.models import PublicModel


class ImportBatch(PublicModel):
    """One file; `cursor` moves in the transaction of each chunk, so a killed import goes on."""

    file_name = models.CharField(max_length=200)
    file_sha256 = models.CharField(max_length=64)
    form = models.CharField(max_length=8)  # csv | parquet
    preset = models.CharField(max_length=40)
    mapping = models.JSONField(default=dict)
    path = models.CharField(max_length=500)
    keep_file = models.BooleanField(default=True)
    dry_run = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=ImportState, default=ImportState.READY)
    problem = models.CharField(max_length=400, blank=True)
    cursor = models.BigIntegerField(default=0)
    line = models.BigIntegerField(default=0)
    chunks = models.PositiveIntegerField(default=0)
    rows = models.PositiveBigIntegerField(default=0)
    applied = models.PositiveBigIntegerField(default=0)
    unchanged = models.PositiveBigIntegerField(default=0)
    without_evidence = models.PositiveBigIntegerField(default=0)
    refused = models.PositiveBigIntegerField(default=0)
    # "purpose: before -> after" -> how many; a dry run says what would change.
    differences = models.JSONField(default=dict)
    errors_size = models.BigIntegerField(default=0)
    started_by = models.CharField(max_length=100)
    finished_at = models.DateTimeField(null=True)

    class Meta(PublicModel.Meta):
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=ImportState.values), name="import_batch_state_known"
            ),
            models.UniqueConstraint(
                fields=["file_sha256", "preset"],
                condition=Q(dry_run=False) & ~Q(state="failed"),
                name="import_batch_file_once",
            ),
        ]

    def __str__(self) -> str:
        return self.file_name
