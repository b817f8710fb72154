"""What somebody reports as a harm, before it is known to be one."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from governance.core.models import PublicModel
from incidents.choices import Dismissal, Kind, Reporter, ReportState
from incidents.models.incidents import Incident


class HarmReport(PublicModel):
    """One report: it waits until a commander dismisses it, merges it or opens an incident."""

    number = models.PositiveIntegerField(unique=True, editable=False)
    reporter = models.CharField(max_length=12, choices=Reporter)
    reported_by = models.CharField(
        max_length=80, blank=True, default="", help_text="Empty: whoever it was stays unnamed."
    )
    contact = models.EmailField(blank=True, default="")
    title = models.CharField(max_length=200)
    text = models.TextField(max_length=8_000)
    kind = models.CharField(max_length=24, choices=Kind, blank=True, default="")
    system = models.ForeignKey(
        "registry.System", on_delete=models.PROTECT, null=True, related_name="harm_reports"
    )
    state = models.CharField(max_length=10, choices=ReportState, default=ReportState.NEW)
    triage_due_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=80, blank=True, default="")
    dismissal = models.CharField(max_length=20, choices=Dismissal, blank=True, default="")
    note = models.TextField(blank=True, default="")
    incident = models.ForeignKey(
        Incident, on_delete=models.PROTECT, null=True, related_name="reports"
    )

    class Meta:
        ordering = ("-number",)
        constraints = (
            models.CheckConstraint(
                condition=Q(state__in=ReportState.values), name="report_state_is_known"
            ),
            models.CheckConstraint(
                condition=Q(state=ReportState.NEW, decided_at__isnull=True)
                | (~Q(state=ReportState.NEW) & Q(decided_at__isnull=False)),
                name="report_decided_has_a_time",
            ),
            models.CheckConstraint(
                condition=~Q(state=ReportState.DISMISSED) | (~Q(dismissal="") & ~Q(note="")),
                name="report_dismissed_with_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(incident__isnull=False)
                | ~Q(state__in=[ReportState.MERGED, ReportState.INCIDENT]),
                name="report_accepted_has_an_incident",
            ),
        )

    def __str__(self) -> str:
        return f"{self.reference} {self.title}"

    @property
    def reference(self) -> str:
        return f"REP-{self.number:04d}"
