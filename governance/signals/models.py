"""Signals: facts that rooms publish for lower rooms to read. Writing: services."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from governance.core.append_only import AppendOnly
from governance.core.models import PublicModel
from governance.signals.choices import SignalState


class SignalFields(models.Model):
    """What a revision and the current row both say."""

    key = models.CharField(max_length=150)
    scope = models.CharField(max_length=12)
    scope_key = models.CharField(max_length=130)
    number = models.FloatField(null=True)
    text = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=12, choices=SignalState.choices)
    sentence = models.TextField(blank=True)
    source = models.CharField(max_length=200, blank=True)
    published_by = models.CharField(max_length=100)

    class Meta:
        abstract = True


class SignalRevision(AppendOnly, SignalFields):
    """Every publication, kept as it was."""

    class Meta(AppendOnly.Meta):
        indexes = [models.Index(fields=["key", "scope_key", "-at"], name="signal_history")]

    def __str__(self) -> str:
        return f"{self.key} of {self.scope_key} at {self.at}"


class CurrentSignal(PublicModel, SignalFields):
    """The latest publication of each key and scope."""

    published_at = models.DateTimeField()

    class Meta:
        ordering = ["key", "scope_key"]
        constraints = [
            models.UniqueConstraint(fields=["key", "scope_key"], name="signal_once_a_scope"),
            models.CheckConstraint(
                condition=Q(state__in=SignalState.values), name="signal_state_known"
            ),
            models.CheckConstraint(
                condition=Q(number__isnull=True) | Q(text=""),
                name="signal_one_kind_of_value",
            ),
        ]
        indexes = [models.Index(fields=["scope_key", "key"], name="signal_by_scope")]

    def __str__(self) -> str:
        return f"{self.key} of {self.scope_key}"
