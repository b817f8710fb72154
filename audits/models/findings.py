"""Findings: a measured breach, who owns it and what was done about it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from audits.choices import FindingState
from audits.models.scoped import PlanScoped
from governance.core.models import PublicModel


class Finding(PublicModel):
    """One measurement wholly beyond its limit, from its discovery to its verified remedy."""

    plan = models.ForeignKey("audits.Plan", on_delete=models.PROTECT, related_name="findings")
    run = models.ForeignKey("audits.Run", on_delete=models.PROTECT, related_name="findings")
    position = models.PositiveIntegerField(help_text="Which measurement of the run's report.")
    metric = models.CharField(max_length=120)
    definition = models.CharField(max_length=160)
    slice = models.JSONField(default=dict)
    value = models.FloatField()
    low = models.FloatField()
    high = models.FloatField()
    n = models.PositiveBigIntegerField()
    unit = models.CharField(max_length=20)
    threshold_op = models.CharField(max_length=2)
    threshold_value = models.FloatField()
    severity = models.CharField(max_length=10)
    sentence = models.TextField()
    state = models.CharField(
        max_length=20,
        choices=FindingState.choices,
        default=FindingState.OPEN,
        db_index=True,
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="audit_findings",
    )
    due_at = models.DateTimeField(null=True, blank=True)
    note = models.TextField(blank=True, default="")

    objects = PlanScoped.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["run", "position"], name="finding_once_per_measurement"
            ),
            models.CheckConstraint(
                condition=Q(state__in=FindingState.values), name="finding_state_known"
            ),
        ]

    def __str__(self) -> str:
        return self.sentence

    @property
    def threshold(self) -> dict[str, object]:
        """The limit as charts and pages read it."""
        return {"op": self.threshold_op, "value": self.threshold_value}

    @property
    def verdict(self) -> str:
        return "fail"
