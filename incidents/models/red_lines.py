"""Red lines: values of a signal that a system must not cross, whatever an audit says."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from governance.core.models import PublicModel
from incidents.choices import Crossing, Kind, Severity


class RedLine(PublicModel):
    """One signal, the bound that may not be crossed, and what crossing sets off.

    A line is never edited, only withdrawn and drawn anew, so that an incident's cause stays.
    """

    system = models.ForeignKey(
        "registry.System", on_delete=models.PROTECT, related_name="red_lines"
    )
    signal_key = models.CharField(max_length=160)
    scope_key = models.CharField(max_length=160, help_text="Of what the signal speaks.")
    op = models.CharField(max_length=2, help_text=">= or <=: where the line is crossed.")
    bound = models.FloatField()
    crossing = models.CharField(max_length=16, choices=Crossing)
    kind = models.CharField(max_length=24, choices=Kind)
    severity = models.CharField(max_length=2, choices=Severity)
    reason = models.TextField()
    drawn_by = models.CharField(max_length=80)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.CharField(max_length=80, blank=True, default="")
    withdrawn_because = models.TextField(blank=True, default="")

    class Meta:
        ordering = ("system__key", "signal_key", "created_at")
        constraints = (
            models.UniqueConstraint(
                fields=("system", "signal_key", "scope_key", "op"),
                condition=Q(withdrawn_at__isnull=True),
                name="red_line_once",
            ),
            models.CheckConstraint(condition=Q(op__in=[">=", "<="]), name="red_line_op_is_known"),
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True) | ~Q(withdrawn_because=""),
                name="red_line_withdrawn_with_a_reason",
            ),
        )

    def __str__(self) -> str:
        return f"{self.signal_key} of {self.scope_key} {self.op} {self.bound:g}"

    def is_crossed(self, number: float) -> bool:
        """Whether a value of the signal lies on the wrong side, the bound itself included."""
        return number >= self.bound if self.op == ">=" else number <= self.bound
