"""What people said, append-only, and the head of each (person, purpose)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from consent.choices import EventStatus, Method
from consent.models.subjects import DataSubject
from governance.core.append_only import AppendOnly
from governance.core.models import PublicModel


class ConsentEvent(AppendOnly):
    """One thing a person said (or that befell their consent) about one purpose.

    `position` in the feed is the ledger's, reached through `ledger_entry`.
    """

    subject = models.ForeignKey(DataSubject, on_delete=models.PROTECT, related_name="events")
    purpose = models.ForeignKey(
        "registry.Purpose", on_delete=models.PROTECT, related_name="consent_events"
    )
    revision = models.PositiveIntegerField()
    status = models.CharField(max_length=12, choices=EventStatus)
    previous_status = models.CharField(max_length=12, choices=EventStatus)
    method = models.CharField(max_length=20, choices=Method)
    type_key = models.CharField(max_length=63, blank=True)
    region = models.CharField(max_length=6, blank=True)
    gpc = models.BooleanField(default=False)
    notice_version = models.CharField(max_length=63, blank=True)
    lawful_basis = models.CharField(max_length=24)
    occurred_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    evidence_sha256 = models.CharField(max_length=64, blank=True)
    actor_reference = models.CharField(max_length=100)
    ledger_entry = models.UUIDField()

    class Meta(AppendOnly.Meta):
        ordering = ["subject", "purpose", "revision"]
        constraints = [
            models.UniqueConstraint(
                fields=["subject", "purpose", "revision"],
                name="consent_event_revision_once",
            ),
            models.CheckConstraint(
                condition=Q(status__in=EventStatus.values),
                name="consent_event_status_known",
            ),
            models.CheckConstraint(
                condition=Q(revision__gte=1),
                name="consent_event_revision_starts_at_one",
            ),
        ]
        indexes = [
            models.Index(fields=["purpose", "at"], name="consent_event_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.status} #{self.revision}"


class ConsentState(PublicModel):
    """The head of one person's events about one purpose; the row every writer locks."""

    subject = models.ForeignKey(DataSubject, on_delete=models.CASCADE, related_name="states")
    purpose = models.ForeignKey(
        "registry.Purpose", on_delete=models.PROTECT, related_name="consent_states"
    )
    revision = models.PositiveIntegerField(default=0)
    status = models.CharField(max_length=12, choices=EventStatus, default=EventStatus.UNKNOWN)
    decided_at = models.DateTimeField(null=True)
    notice_version = models.CharField(max_length=63, blank=True)
    gpc_at_choice = models.BooleanField(default=False)
    expires_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subject", "purpose"], name="consent_state_one_head"),
            models.CheckConstraint(
                condition=Q(status__in=EventStatus.values),
                name="consent_state_status_known",
            ),
            models.CheckConstraint(
                condition=Q(revision=0, decided_at__isnull=True)
                | Q(revision__gte=1, decided_at__isnull=False),
                name="consent_state_decided_once_written",
            ),
        ]
        indexes = [
            models.Index(fields=["purpose", "status"], name="consent_state_by_purpose"),
        ]

    def __str__(self) -> str:
        return f"{self.status} #{self.revision}"
