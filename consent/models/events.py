"""What people said, append-only and kept by month, and the head of each (person, purpose).

How the months' partitions are made and guarded: `consent.partitions`.
"""

from __future__ import annotations

import pgtrigger
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Func, Q

from consent.choices import ActorKind, EventStatus, Method
from consent.models.subjects import DataSubject
from governance.core.append_only import REFUSALS, AppendOnly
from governance.core.models import PublicModel


class ClockTimestamp(Func):
    """The database's clock at this very moment, also inside a long transaction."""

    function = "clock_timestamp"
    template = "%(function)s()"
    output_field = models.DateTimeField()


# A row trigger cannot move a row into another partition. The row's month is that of the time
# sent, so another month than now's is refused; at the turn of a month the time sent stands.
STAMP_IN_MONTH = pgtrigger.Trigger(
    name="append_only_stamp",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert,
    level=pgtrigger.Row,
    declare=[("instant", "timestamptz := clock_timestamp()")],
    func="""
        NEW.id := tactful_uuid7();
        IF date_trunc('month', NEW.at, 'UTC') = date_trunc('month', instant, 'UTC') THEN
            NEW.at := instant;
        ELSIF abs(extract(epoch FROM instant - NEW.at)) > 5 THEN
            RAISE EXCEPTION '% is append-only: a row of another month is refused', TG_TABLE_NAME
                USING ERRCODE = 'insufficient_privilege';
        END IF;
        RETURN NEW;
    """,
)


class ConsentEvent(AppendOnly):
    """One thing a person said (or that befell their consent) about one purpose.

    `position` in the feed is the ledger's, reached through `ledger_entry`. One revision a subject
    and purpose: the head row, locked by every writer, counts it; each partition has a unique
    index of its own. No foreign key points here.
    """

    at = models.DateTimeField(db_default=ClockTimestamp(), editable=False)
    subject = models.ForeignKey(
        DataSubject, on_delete=models.PROTECT, related_name="events", db_index=False
    )
    purpose = models.ForeignKey(
        "registry.Purpose", on_delete=models.PROTECT, related_name="consent_events", db_index=False
    )
    revision = models.PositiveIntegerField()
    status = models.CharField(max_length=12, choices=EventStatus)
    previous_status = models.CharField(max_length=12, choices=EventStatus)
    method = models.CharField(max_length=20, choices=Method)
    actor_kind = models.CharField(
        max_length=12, choices=ActorKind, default=ActorKind.SUBJECT, db_default=ActorKind.SUBJECT
    )
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
    # How many steps the choice took, on which surface and in which language it was asked for.
    clicks = models.PositiveSmallIntegerField(null=True)
    surface = models.CharField(max_length=63, blank=True, default="", db_default="")
    language = models.CharField(max_length=8, blank=True, default="", db_default="")

    class Meta(AppendOnly.Meta):
        ordering = ["subject", "purpose", "revision"]
        triggers = [*REFUSALS, STAMP_IN_MONTH]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=EventStatus.values),
                name="consent_event_status_known",
            ),
            models.CheckConstraint(
                condition=Q(revision__gte=1),
                name="consent_event_revision_starts_at_one",
            ),
            models.CheckConstraint(
                condition=Q(actor_kind__in=ActorKind.values),
                name="consent_event_actor_kind_known",
            ),
        ]
        indexes = [
            models.Index(fields=["purpose", "at"], name="consent_event_by_time"),
            models.Index(fields=["ledger_entry"], name="consent_event_by_entry"),
            BrinIndex(fields=["at"], name="consent_event_age"),
        ]

    def __str__(self) -> str:
        return f"{self.status} #{self.revision}"


class ConsentState(PublicModel):
    """The head of one person's events about one purpose; the row every writer locks."""

    subject = models.ForeignKey(
        DataSubject, on_delete=models.CASCADE, related_name="states", db_index=False
    )
    purpose = models.ForeignKey(
        "registry.Purpose", on_delete=models.PROTECT, related_name="consent_states", db_index=False
    )
    revision = models.PositiveIntegerField(default=0)
    status = models.CharField(max_length=12, choices=EventStatus, default=EventStatus.UNKNOWN)
    # What the newest event changed: a writer learns it from the statement that locks the row.
    previous_status = models.CharField(
        max_length=12,
        choices=EventStatus,
        default=EventStatus.UNKNOWN,
        db_default=EventStatus.UNKNOWN,
    )
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
