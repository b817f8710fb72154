"""Runs: one window of one plan, claimed by lease, fenced by attempt; and what they measured."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from audits.choices import ENDED_RUN_STATES, RunPurpose, RunState, Verdict
from audits.models.scoped import PlanScoped, RunScoped
from governance.core.models import PublicModel


class Run(PublicModel):
    """One due audit. The row is the truth; a message that asks for it may be lost or repeated."""

    plan = models.ForeignKey("audits.Plan", on_delete=models.PROTECT, related_name="runs")
    version = models.ForeignKey(
        "registry.ModelVersion",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="audit_runs",
    )
    window_start = models.DateTimeField()
    window_end = models.DateTimeField()
    purpose = models.CharField(
        max_length=20, choices=RunPurpose.choices, default=RunPurpose.SCHEDULED
    )
    incident_id = models.CharField(max_length=64, null=True, blank=True, db_index=True)
    requested_by = models.CharField(max_length=200)
    plan_revision = models.PositiveIntegerField(
        default=1, help_text="The revision of the plan that the run measures by."
    )
    backfill = models.ForeignKey(
        "audits.Backfill", on_delete=models.PROTECT, null=True, blank=True, related_name="runs"
    )
    state = models.CharField(max_length=10, choices=RunState.choices, default=RunState.QUEUED)
    attempt = models.PositiveIntegerField(
        default=0, help_text="Fencing number: only the latest attempt may publish."
    )
    attempts_before = models.PositiveIntegerField(
        default=0, help_text="Attempts that a person's retry has forgiven."
    )
    enqueued_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    claimed_by = models.CharField(max_length=200, blank=True, default="")
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    progress = models.PositiveSmallIntegerField(default=0, help_text="Per cent.")
    progress_note = models.CharField(max_length=200, blank=True, default="")
    report = models.JSONField(null=True, blank=True)
    verdict = models.CharField(max_length=20, choices=Verdict.choices, null=True, blank=True)
    sentence = models.TextField(blank=True, default="")
    error = models.TextField(blank=True, default="")

    objects = PlanScoped.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["state", "lease_until"], name="run_state_lease"),
            models.Index(fields=["plan", "-window_end"], name="run_plan_window"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["plan", "window_start", "window_end"],
                condition=Q(purpose__in=[RunPurpose.SCHEDULED, RunPurpose.BACKFILL]),
                name="run_once_per_window",
            ),
            models.UniqueConstraint(
                fields=["plan", "window_start", "window_end", "version", "incident_id"],
                condition=Q(purpose=RunPurpose.VERIFICATION)
                & Q(state__in=[RunState.QUEUED, RunState.RUNNING]),
                nulls_distinct=False,
                name="run_verifies_once_at_a_time",
            ),
            models.UniqueConstraint(
                fields=["plan", "window_start", "window_end", "version"],
                condition=Q(purpose=RunPurpose.ON_DEMAND)
                & Q(state__in=[RunState.QUEUED, RunState.RUNNING]),
                nulls_distinct=False,
                name="run_on_demand_once_at_a_time",
            ),
            models.CheckConstraint(condition=Q(state__in=RunState.values), name="run_state_known"),
            models.CheckConstraint(
                condition=Q(purpose__in=RunPurpose.values), name="run_purpose_known"
            ),
            models.CheckConstraint(
                condition=Q(verdict__isnull=True) | Q(verdict__in=Verdict.values),
                name="run_verdict_known",
            ),
            models.CheckConstraint(
                condition=Q(window_start__lt=F("window_end")),
                name="run_window_in_order",
            ),
            models.CheckConstraint(
                condition=Q(state=RunState.SUCCEEDED, report__isnull=False)
                | (~Q(state=RunState.SUCCEEDED) & Q(report__isnull=True)),
                name="run_report_iff_succeeded",
            ),
            models.CheckConstraint(
                condition=Q(state__in=ENDED_RUN_STATES, finished_at__isnull=False)
                | (~Q(state__in=ENDED_RUN_STATES) & Q(finished_at__isnull=True)),
                name="run_finished_iff_ended",
            ),
            models.CheckConstraint(
                condition=~Q(state=RunState.RUNNING) | Q(lease_until__isnull=False, attempt__gte=1),
                name="run_running_has_lease",
            ),
            models.CheckConstraint(
                condition=~Q(purpose=RunPurpose.VERIFICATION) | Q(incident_id__isnull=False),
                name="run_verification_has_incident",
            ),
            models.CheckConstraint(
                condition=Q(purpose=RunPurpose.BACKFILL, backfill__isnull=False)
                | (~Q(purpose=RunPurpose.BACKFILL) & Q(backfill__isnull=True)),
                name="run_backfill_names_its_order",
            ),
        ]


class Measurement(PublicModel):
    """One judged or overall number of a run, kept as a row so that trends need no report."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="measurements")
    position = models.PositiveIntegerField()
    metric = models.CharField(max_length=120)
    definition = models.CharField(max_length=160)
    slice = models.JSONField(default=dict)
    comparison = models.JSONField(null=True, blank=True)
    value = models.FloatField(null=True, blank=True)
    low = models.FloatField(null=True, blank=True)
    high = models.FloatField(null=True, blank=True)
    level = models.FloatField(null=True, blank=True)
    interval = models.CharField(max_length=60, blank=True, default="")
    n = models.PositiveBigIntegerField()
    unit = models.CharField(max_length=20)
    threshold = models.JSONField(null=True, blank=True)
    verdict = models.CharField(max_length=20, choices=Verdict.choices, null=True, blank=True)

    objects = RunScoped.as_manager()

    class Meta:
        ordering = ["run", "position"]
        constraints = [
            models.UniqueConstraint(fields=["run", "position"], name="measurement_position_once"),
        ]
