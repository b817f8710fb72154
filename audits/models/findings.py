"""Findings: a measured breach, who owns it and what was done about it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from audits.choices import UNDONE_STATES, FindingState, RemediationKind, RemediationState
from audits.models.scoped import FindingScoped, PlanScoped
from governance.core.models import PublicModel


class Finding(PublicModel):
    """One measurement wholly beyond its limit, from its discovery to its verified remedy."""

    plan = models.ForeignKey("audits.Plan", on_delete=models.PROTECT, related_name="findings")
    run = models.ForeignKey("audits.Run", on_delete=models.PROTECT, related_name="findings")
    position = models.PositiveIntegerField(help_text="Which measurement of the run's report.")
    metric = models.CharField(max_length=120)
    definition = models.CharField(max_length=160)
    slice = models.JSONField(default=dict)
    # Null where the number is hidden for the people behind it, or a side has no bound.
    value = models.FloatField(null=True, blank=True)
    low = models.FloatField(null=True, blank=True)
    high = models.FloatField(null=True, blank=True)
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
    fixed_by = models.CharField(max_length=120, blank=True, default="")
    verified_by = models.CharField(max_length=120, blank=True, default="")
    verified_run = models.UUIDField(
        null=True, blank=True, help_text="The later run that passed on the same measurement."
    )

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
            # Nobody verifies his own remedy by his word alone: a passing run does, or a second
            # person with a reason.
            models.CheckConstraint(
                condition=~Q(state=FindingState.VERIFIED)
                | Q(verified_run__isnull=False)
                | (~Q(verified_by="") & ~Q(verified_by=F("fixed_by")) & ~Q(note="")),
                name="finding_verified_by_run_or_second_person",
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

    @property
    def is_waiting(self) -> bool:
        """Whether somebody still has to do something."""
        return self.state in UNDONE_STATES


class Remediation(PublicModel):
    """One thing done about a finding, and what a later run says it changed.

    `before` is the finding's own measurement; `after_*` is the same measurement in `measured_run`.
    """

    finding = models.ForeignKey(Finding, on_delete=models.CASCADE, related_name="remediations")
    kind = models.CharField(max_length=20, choices=RemediationKind.choices)
    description = models.TextField()
    due_at = models.DateTimeField(null=True, blank=True)
    state = models.CharField(
        max_length=20, choices=RemediationState.choices, default=RemediationState.PLANNED
    )
    note = models.TextField(blank=True, default="")
    planned_by = models.CharField(max_length=120)
    done_at = models.DateTimeField(null=True, blank=True)
    measured_run = models.UUIDField(null=True, blank=True)
    after_value = models.FloatField(null=True, blank=True)
    after_low = models.FloatField(null=True, blank=True)
    after_high = models.FloatField(null=True, blank=True)
    after_n = models.PositiveBigIntegerField(null=True, blank=True)
    after_verdict = models.CharField(max_length=20, blank=True, default="")

    objects = FindingScoped.as_manager()

    class Meta:
        ordering = ["created_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=RemediationState.values), name="remediation_state_known"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=RemediationKind.values), name="remediation_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(state=RemediationState.DONE, done_at__isnull=False)
                | (~Q(state=RemediationState.DONE) & Q(done_at__isnull=True)),
                name="remediation_done_iff_dated",
            ),
            models.CheckConstraint(
                condition=Q(measured_run__isnull=True) | Q(state=RemediationState.DONE),
                name="remediation_measured_when_done",
            ),
        ]

    def __str__(self) -> str:
        return self.description

    @property
    def before(self) -> Finding:
        """The measurement that made the finding."""
        return self.finding

    @property
    def after(self) -> dict[str, object] | None:
        """The same measurement later, as charts and pages read it."""
        if self.measured_run is None:
            return None
        return {
            "value": self.after_value,
            "low": self.after_low,
            "high": self.after_high,
            "n": self.after_n,
            "verdict": self.after_verdict or None,
            "threshold": self.finding.threshold,
        }
