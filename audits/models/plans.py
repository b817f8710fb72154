"""What is watched, how and how often: a plan and the windows it promises to audit."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from audits.choices import OnBreach, PlanState, PlanWeight
from audits.models.scoped import SystemScoped
from governance.core.models import KeyField, PublicModel


class Plan(PublicModel):
    """One method on one system's outputs, window by window, against limits declared beforehand.

    `limits` is a list of `{"metric", "op", "value", "severity": "fail" | "warn"}`. Windows are
    half-open, `length` long, one every `every`, counted from `starts_at` in `zone`; with `cron`
    they last from one tick to the next. The fields hold the revision in force: `PlanChange`
    keeps what they were.
    """

    key = KeyField(unique=True)
    title = models.CharField(max_length=200)
    system = models.ForeignKey(
        "registry.System", on_delete=models.PROTECT, related_name="audit_plans"
    )
    source = models.ForeignKey(
        "audits.Source",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="plans",
    )
    version = models.ForeignKey(
        "registry.ModelVersion",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="audit_plans",
        help_text="Empty: the version that serves when the window is scheduled.",
    )
    method = models.CharField(max_length=100)
    parameters = models.JSONField(default=dict, blank=True)
    columns = models.JSONField(default=dict, blank=True)
    limits = models.JSONField(default=list, blank=True)
    limits_declared_at = models.DateTimeField()
    limits_note = models.TextField(blank=True, default="", help_text="How the limits were chosen.")
    seed = models.PositiveBigIntegerField(default=0)
    zone = models.CharField(max_length=64, default="UTC")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)
    length = models.DurationField(default=timedelta(days=1))
    every = models.DurationField(default=timedelta(days=1))
    lateness = models.DurationField(default=timedelta(0))
    label_maturity = models.DurationField(default=timedelta(0))
    backfill = models.BooleanField(
        default=False,
        help_text="Also audit windows that ended before the plan was made.",
    )
    planned_looks = models.PositiveIntegerField(null=True, blank=True)
    cron = models.CharField(
        max_length=120,
        blank=True,
        default="",
        help_text="When windows begin, in the plan's zone; empty: one every `every`.",
    )
    time_limit = models.DurationField(
        default=timedelta(minutes=30), help_text="A run that takes longer is stopped."
    )
    weight = models.CharField(
        max_length=10,
        choices=PlanWeight.choices,
        default=PlanWeight.LIGHT,
        help_text="Heavy audits wait in a queue of their own.",
    )
    suppress_below = models.PositiveIntegerField(
        default=10, help_text="Cells of fewer subjects are not shown."
    )
    vault_attributes = models.JSONField(
        default=list,
        blank=True,
        help_text="Protected attributes joined from the vault while a run computes.",
    )
    preset = models.CharField(max_length=60, blank=True, default="")
    metric_choice = models.JSONField(
        default=dict, blank=True, help_text="What the metric chooser was told, and why it chose."
    )
    revision = models.PositiveIntegerField(default=1)
    scheduled_until = models.DateTimeField(
        null=True, blank=True, help_text="Windows that begin before it have been looked at."
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="audit_plans",
    )
    on_breach = models.CharField(max_length=20, choices=OnBreach.choices, default=OnBreach.FINDING)
    state = models.CharField(
        max_length=10,
        choices=PlanState.choices,
        default=PlanState.ACTIVE,
        db_index=True,
    )

    objects = SystemScoped.as_manager()

    class Meta:
        ordering = ["key"]
        constraints = [
            models.CheckConstraint(
                condition=Q(on_breach__in=OnBreach.values), name="plan_on_breach_known"
            ),
            models.CheckConstraint(
                condition=Q(state__in=PlanState.values), name="plan_state_known"
            ),
            models.CheckConstraint(
                condition=Q(weight__in=PlanWeight.values), name="plan_weight_known"
            ),
            models.CheckConstraint(
                condition=Q(time_limit__gt=timedelta(0)), name="plan_time_limit_positive"
            ),
            models.CheckConstraint(
                condition=Q(length__gt=timedelta(0)) & Q(every__gt=timedelta(0)),
                name="plan_windows_have_length",
            ),
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gt=F("starts_at")),
                name="plan_ends_after_it_starts",
            ),
            models.CheckConstraint(
                condition=Q(planned_looks__isnull=True) | Q(planned_looks__gte=1),
                name="plan_looks_positive",
            ),
        ]

    def __str__(self) -> str:
        return self.title
