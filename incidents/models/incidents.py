"""Incidents: one harm, or the suspicion of one, with its times and its state."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from governance.core.append_only import AppendOnly
from governance.core.models import PublicModel
from incidents.choices import FINAL_STATES, Kind, Severity, State


class Incident(PublicModel):
    """One harm, or the suspicion of one, from its report to its closing.

    `cause_key` names what went wrong (which plan, version and metric); while an incident is open
    no second one may claim the same cause. The times are those of the present episode; a reopened
    incident keeps those of the episodes before.
    """

    number = models.PositiveIntegerField(unique=True, editable=False)
    title = models.CharField(max_length=200)
    summary = models.TextField(blank=True)
    kind = models.CharField(max_length=24, choices=Kind)
    severity = models.CharField(max_length=2, choices=Severity)
    state = models.CharField(max_length=16, choices=State, default=State.REPORTED)
    drill = models.BooleanField(
        default=False, db_default=False, help_text="A rehearsal: counted in nothing, shown as such."
    )
    cause_key = models.CharField(max_length=200)
    system = models.ForeignKey(
        "registry.System", on_delete=models.PROTECT, null=True, related_name="incidents"
    )
    version = models.ForeignKey(
        "registry.ModelVersion", on_delete=models.PROTECT, null=True, related_name="incidents"
    )
    plan = models.ForeignKey(
        "audits.Plan", on_delete=models.PROTECT, null=True, related_name="incidents"
    )
    run = models.ForeignKey(
        "audits.Run", on_delete=models.PROTECT, null=True, related_name="opened_incidents"
    )
    reported_by = models.CharField(max_length=80)
    commander = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="commanded_incidents",
    )
    duplicate_of = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="duplicates"
    )
    cause = models.TextField(blank=True)
    episode = models.PositiveSmallIntegerField(default=1)
    started_at = models.DateTimeField(null=True)
    detected_at = models.DateTimeField()
    reported_at = models.DateTimeField()
    acknowledged_at = models.DateTimeField(null=True)
    containment_requested_at = models.DateTimeField(null=True)
    contained_at = models.DateTimeField(null=True)
    verified_at = models.DateTimeField(null=True)
    mitigated_at = models.DateTimeField(null=True)
    resolved_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-number",)
        constraints = (
            models.UniqueConstraint(
                fields=("cause_key",),
                condition=~Q(state__in=[str(state) for state in FINAL_STATES]),
                name="incident_once_per_cause",
            ),
            models.CheckConstraint(
                condition=Q(state__in=State.values), name="incident_state_is_known"
            ),
            models.CheckConstraint(
                condition=Q(duplicate_of__isnull=True)
                | (Q(state=State.DUPLICATE) & ~Q(duplicate_of=F("id"))),
                name="incident_duplicate_of_another",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["mitigated", "resolved", "review", "closed"])
                | Q(contained_at__isnull=False)
                | Q(drill=True, state=State.CLOSED),
                name="incident_mitigated_only_when_contained",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["resolved", "review", "closed"])
                | Q(verified_at__isnull=False)
                | Q(drill=True, state=State.CLOSED),
                name="incident_resolved_only_when_verified",
            ),
            models.CheckConstraint(
                condition=Q(contained_at__isnull=True) | Q(contained_at__gte=F("detected_at")),
                name="incident_contained_after_detected",
            ),
            models.CheckConstraint(
                condition=Q(drill=False) | Q(system__isnull=False),
                name="incident_drill_has_a_system",
            ),
        )

    def __str__(self) -> str:
        return f"{self.reference} {self.title}"

    @property
    def reference(self) -> str:
        return f"INC-{self.number:04d}"

    @property
    def called(self) -> str:
        """The reference as messages say it: nobody takes a rehearsal for the real thing."""
        return f"Drill {self.reference}" if self.drill else self.reference


class Episode(AppendOnly):
    """The times of an episode that ended because the incident was opened again."""

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="past_episodes")
    number = models.PositiveSmallIntegerField()
    severity = models.CharField(max_length=2, choices=Severity)
    reopened_because = models.TextField()
    started_at = models.DateTimeField(null=True)
    detected_at = models.DateTimeField()
    reported_at = models.DateTimeField()
    acknowledged_at = models.DateTimeField(null=True)
    containment_requested_at = models.DateTimeField(null=True)
    contained_at = models.DateTimeField(null=True)
    verified_at = models.DateTimeField(null=True)
    mitigated_at = models.DateTimeField(null=True)
    resolved_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta(AppendOnly.Meta):
        ordering = ("incident", "number")
        constraints = (
            models.UniqueConstraint(fields=("incident", "number"), name="episode_number_once"),
        )

    def __str__(self) -> str:
        return f"Episode {self.number} of {self.incident.reference}"
