"""What the watchdog saw last, and the wake-ups that it found lost."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from governance.core.models import PublicModel
from incidents.models.incidents import Incident


class WatchdogBeat(models.Model):
    """The watchdog's one row: when it looked last, and when it last found everything owned."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    looked_at = models.DateTimeField()
    well_at = models.DateTimeField(null=True)
    incidents_open = models.PositiveIntegerField(default=0)
    incidents_unowned = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = (models.CheckConstraint(condition=Q(id=1), name="watchdog_has_one_row"),)

    def __str__(self) -> str:
        return f"Looked at {self.looked_at:%H:%M:%S}"


class LostWakeUp(PublicModel):
    """An open incident that nothing would have woken: repaired once, then people are told."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="lost_wake_ups")
    episode = models.PositiveSmallIntegerField()
    why = models.TextField()
    repaired_at = models.DateTimeField(null=True)
    escalated_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("created_at",)
        constraints = (
            models.UniqueConstraint(fields=("incident", "episode"), name="lost_once_an_episode"),
        )

    def __str__(self) -> str:
        return f"{self.incident.reference}: {self.why}"
