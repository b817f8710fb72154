"""Who is to be told, and when, as long as nobody has taken command."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from governance.core.models import PublicModel
from incidents.models.incidents import Incident


class Escalation(PublicModel):
    """One rung of the ladder of one episode: told at most once, or dropped by a commander."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="escalations")
    episode = models.PositiveSmallIntegerField()
    level = models.PositiveSmallIntegerField()
    roles = models.JSONField()
    due_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True)
    dropped_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("incident", "episode", "level")
        indexes = (
            models.Index(
                fields=("due_at",),
                condition=Q(told_at=None, dropped_at=None),
                name="escalation_waiting",
            ),
        )
        constraints = (
            models.UniqueConstraint(
                fields=("incident", "episode", "level"), name="escalation_rung_once"
            ),
            models.CheckConstraint(
                condition=Q(told_at__isnull=True) | Q(dropped_at__isnull=True),
                name="escalation_told_or_dropped",
            ),
        )

    def __str__(self) -> str:
        return f"Level {self.level} of {self.incident.reference}"
