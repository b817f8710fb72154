"""The hosts that answer checks from a table of their own, and the feed of what they must read."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Func, Q
from django.db.models.functions import Now


class TransactionId(models.Field[str, str]):
    """PostgreSQL's `xid8`: a transaction id that never repeats."""

    def db_type(self, connection: Any) -> str:
        return "xid8"


class TransactionSnapshot(models.Field[str, str]):
    """PostgreSQL's `pg_snapshot`: which transactions a reader sees."""

    def db_type(self, connection: Any) -> str:
        return "pg_snapshot"


class CurrentTransaction(Func):
    """The id of the transaction that writes the row."""

    function = "pg_current_xact_id"
    template = "%(function)s()"
    output_field = TransactionId()


class ChangeKind(models.TextChoices):
    SUBJECT = "subject", "A person or a choice of theirs"
    SUPPRESSION = "suppression", "An erased person's suppression"
    CATALOGUE = "catalogue", "Registry, notices, API keys"
    EVERYTHING = "everything", "A whole table was emptied"


class ConsentChange(models.Model):
    """Something a check depends on changed in transaction `xid`.

    Written by triggers alone (the room's migrations), so that no way of writing passes it by.
    """

    id = models.BigAutoField(primary_key=True)
    xid = TransactionId(db_default=CurrentTransaction(), editable=False)
    kind = models.CharField(max_length=11, choices=ChangeKind)
    lookup = models.BigIntegerField(null=True)
    at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        db_table = "consent_change"
        indexes = [models.Index(fields=["xid"], name="consent_change_by_xid")]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=ChangeKind.values), name="consent_change_kind_known"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} in {self.xid}"


class ServingHost(models.Model):
    """A host with a shared table: what it has applied, and whether it was fenced off.

    `generation` counts the starts of its applier: an older one can no longer renew.
    """

    id = models.BigAutoField(primary_key=True)
    name = models.CharField(max_length=120, unique=True)
    generation = models.PositiveIntegerField(default=1)
    applied = TransactionSnapshot()
    renewed_at = models.DateTimeField(db_default=Now())
    fenced = models.BooleanField(default=True, db_default=True)

    def __str__(self) -> str:
        return self.name
