"""Windows of a plan asked for after their time: the order; its runs are the progress."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from audits.models.scoped import PlanScoped
from governance.core.models import PublicModel


class Backfill(PublicModel):
    """One person's order of past windows that no scheduled run has audited."""

    plan = models.ForeignKey("audits.Plan", on_delete=models.PROTECT, related_name="backfills")
    first = models.DateTimeField(help_text="Windows that begin at this moment or later,")
    until = models.DateTimeField(help_text="and end at this moment or earlier.")
    windows = models.PositiveIntegerField(help_text="How many runs were made.")
    reason = models.TextField(blank=True, default="")
    requested_by = models.CharField(max_length=200)
    cancelled_at = models.DateTimeField(null=True, blank=True)

    objects = PlanScoped.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(first__lt=F("until")), name="backfill_range_in_order"
            ),
            models.CheckConstraint(condition=Q(windows__gte=1), name="backfill_has_windows"),
        ]

    def __str__(self) -> str:
        return f"{self.windows} windows of {self.plan_id}"
