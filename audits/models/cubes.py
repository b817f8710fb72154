"""The cube a run collected: small, whole, and enough to measure again without any engine."""

from __future__ import annotations

from django.db import models

from audits.models.runs import Run
from audits.models.scoped import RunScoped
from governance.core.models import PublicModel


class RunCube(PublicModel):
    """What one run's engine handed back, packed by the run's method."""

    run = models.OneToOneField(Run, on_delete=models.CASCADE, related_name="cube")
    method = models.CharField(max_length=100)
    format = models.CharField(max_length=40, help_text="Of the packed bytes, with its version.")
    data = models.BinaryField()
    cells = models.PositiveIntegerField()
    subjects = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    panel = models.JSONField(
        null=True, blank=True, help_text="Sums over people who were in the window before too."
    )

    objects = RunScoped.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return f"{self.method} cube of run {self.run_id}"
