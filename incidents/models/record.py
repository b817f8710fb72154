"""What cannot be changed afterwards: frozen evidence and the timeline."""

from __future__ import annotations

from django.db import models

from governance.core.append_only import AppendOnly
from incidents.choices import TimelineKind
from incidents.models.incidents import Incident


class Evidence(AppendOnly):
    """What was true when the incident opened, frozen as JSON with its SHA-256."""

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="evidence")
    title = models.CharField(max_length=120)
    content = models.JSONField()
    sha256 = models.CharField(max_length=64)

    class Meta(AppendOnly.Meta):
        ordering = ("at",)

    def __str__(self) -> str:
        return self.title


class TimelineEntry(AppendOnly):
    """What happened, in words, in the order it happened."""

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="timeline")
    kind = models.CharField(max_length=8, choices=TimelineKind)
    sentence = models.TextField()
    actor_reference = models.CharField(max_length=80)
    actor_display = models.CharField(max_length=120)
    link = models.CharField(max_length=255, blank=True)

    class Meta(AppendOnly.Meta):
        ordering = ("at", "id")

    def __str__(self) -> str:
        return self.sentence
