"""Whom and what an incident touched, as it was counted for one window."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from governance.core.models import PublicModel
from incidents.choices import Affected, ImpactBasis, ImpactMeasure
from incidents.models.incidents import Incident


class Impact(PublicModel):
    """The count of one episode's window; asked for again whenever the window has moved.

    `until` is empty while the harm goes on: the count then reaches to the moment it was made.
    """

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="impacts")
    episode = models.PositiveSmallIntegerField(default=1)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)
    asked_at = models.DateTimeField()
    counted_at = models.DateTimeField(null=True)
    counted_until = models.DateTimeField(null=True)
    notes = models.JSONField(default=list, help_text="What a reader of the numbers must know.")

    class Meta:
        ordering = ("incident", "episode")
        constraints = (
            models.UniqueConstraint(fields=("incident", "episode"), name="impact_once_an_episode"),
            models.CheckConstraint(
                condition=Q(counted_at__isnull=True, counted_until__isnull=True)
                | Q(counted_at__isnull=False, counted_until__isnull=False),
                name="impact_counted_until_a_moment",
            ),
        )

    def __str__(self) -> str:
        return f"Impact of {self.incident.reference}"


class ImpactFigure(PublicModel):
    """One number with its interval, what it rests on, and how it was known."""

    impact = models.ForeignKey(Impact, on_delete=models.CASCADE, related_name="figures")
    position = models.PositiveSmallIntegerField()
    measure = models.CharField(max_length=16, choices=ImpactMeasure)
    basis = models.CharField(max_length=16, choices=ImpactBasis)
    value = models.PositiveBigIntegerField()
    low = models.PositiveBigIntegerField(null=True)
    high = models.PositiveBigIntegerField(null=True)
    n = models.PositiveBigIntegerField(help_text="How many rows, samples or people it rests on.")
    note = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        ordering = ("impact", "position")
        constraints = (
            models.UniqueConstraint(
                fields=("impact", "measure", "basis"), name="impact_figure_once_a_basis"
            ),
            models.CheckConstraint(
                condition=Q(low__isnull=True, high__isnull=True)
                | Q(low__lte=F("value"), high__gte=F("value")),
                name="impact_figure_within_its_interval",
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_measure_display()}: {self.value}"

    @property
    def is_estimate(self) -> bool:
        return self.low is not None


class AffectedPart(PublicModel):
    """One system, surface, purpose, version or feature that the incident touched."""

    impact = models.ForeignKey(Impact, on_delete=models.CASCADE, related_name="parts")
    part = models.CharField(max_length=8, choices=Affected)
    key = models.CharField(max_length=130)
    title = models.CharField(max_length=200)
    detail = models.CharField(max_length=300, blank=True, default="")
    sensitive = models.BooleanField(default=False)

    class Meta:
        ordering = ("impact", "part", "key")
        constraints = (
            models.UniqueConstraint(fields=("impact", "part", "key"), name="affected_part_once"),
        )

    def __str__(self) -> str:
        return f"{self.part} {self.key}"
