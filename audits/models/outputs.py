"""Where model outputs and their outcomes are: sources and the manifest of Parquet segments."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from audits.choices import SourceKind, SourceOrigin
from audits.models.scoped import SystemScoped
from governance.core.models import KeyField, PublicModel


class Source(PublicModel):
    """A stream of outputs of one system and what its columns mean."""

    key = KeyField()
    system = models.ForeignKey(
        "registry.System", on_delete=models.PROTECT, related_name="audit_sources"
    )
    title = models.CharField(max_length=200)
    kind = models.CharField(max_length=20, choices=SourceKind.choices)
    columns = models.JSONField(
        default=dict,
        blank=True,
        help_text="Role of each column beside the standard ones: role to names.",
    )
    origin = models.CharField(
        max_length=20, choices=SourceOrigin.choices, default=SourceOrigin.PUSHED
    )
    location = models.JSONField(
        default=dict, blank=True, help_text="Where the rows are; no secret stands here."
    )
    secret = models.TextField(
        blank=True, default="", help_text="The credential of the place, encrypted."
    )
    checked_at = models.DateTimeField(null=True, blank=True)
    problem = models.TextField(blank=True, default="", help_text="Why the last look failed.")

    incoming = models.JSONField(
        default=dict,
        blank=True,
        help_text="Stored name to the name in files that are sent; empty: they are the same.",
    )
    paused_at = models.DateTimeField(null=True, blank=True)
    paused_reason = models.TextField(blank=True, default="")

    objects = SystemScoped.as_manager()

    class Meta:
        ordering = ["system__key", "key"]
        constraints = [
            models.UniqueConstraint(fields=["system", "key"], name="source_key_once_per_system"),
            models.CheckConstraint(
                condition=Q(kind__in=SourceKind.values), name="source_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(origin__in=SourceOrigin.values), name="source_origin_known"
            ),
        ]

    def __str__(self) -> str:
        return self.title


class Segment(PublicModel):
    """One immutable Parquet file below STORAGE_URL, known by the digest of what was sent."""

    digest = models.CharField(max_length=64, help_text="SHA-256 of the bytes as they were sent.")
    path = models.CharField(max_length=300, help_text="Place below STORAGE_URL.")
    media_type = models.CharField(max_length=100)
    rows = models.PositiveBigIntegerField()
    size = models.PositiveBigIntegerField(help_text="Bytes of the Parquet file.")
    columns = models.JSONField(default=list)
    pushed_by = models.CharField(max_length=200)
    retention_until = models.DateTimeField(db_index=True)
    erased_rows = models.PositiveBigIntegerField(default=0)

    objects = SystemScoped.as_manager()

    class Meta:
        abstract = True


class OutputBatch(Segment):
    """Outputs of one system (and one version, when the log names one)."""

    system = models.ForeignKey(
        "registry.System", on_delete=models.PROTECT, related_name="output_batches"
    )
    version = models.ForeignKey(
        "registry.ModelVersion",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="output_batches",
    )
    source = models.ForeignKey(
        Source, on_delete=models.PROTECT, null=True, blank=True, related_name="batches"
    )
    occurred_from = models.DateTimeField()
    occurred_to = models.DateTimeField(help_text="The latest output; inclusive.")
    shown = models.PositiveBigIntegerField(default=0, help_text="Rows that say clicked or not.")
    clicked = models.PositiveBigIntegerField(default=0)

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(
                fields=["system", "version", "occurred_from", "occurred_to"],
                name="output_batch_window",
            )
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["system", "digest"], name="output_digest_once_per_system"
            ),
            models.CheckConstraint(
                condition=Q(occurred_from__lte=F("occurred_to")),
                name="output_times_in_order",
            ),
            models.CheckConstraint(
                condition=Q(clicked__lte=F("shown")) & Q(shown__lte=F("rows")),
                name="output_clicks_within_rows",
            ),
        ]


class OutcomeBatch(Segment):
    """What became of outputs: labels that arrive later, joined by `output_id`."""

    system = models.ForeignKey(
        "registry.System", on_delete=models.PROTECT, related_name="outcome_batches"
    )
    observed_from = models.DateTimeField()
    observed_to = models.DateTimeField()

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["system", "digest"], name="outcome_digest_once_per_system"
            ),
            models.CheckConstraint(
                condition=Q(observed_from__lte=F("observed_to")),
                name="outcome_times_in_order",
            ),
        ]
