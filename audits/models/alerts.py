"""Alerts: rules of a plan, the streams of evidence they watch, each weighed window, what fired.

What evidence is stands in `methods.statistics.alerts`; who acts on an alert in the services.
"""

from __future__ import annotations

from datetime import timedelta

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q

from audits.choices import (
    AlertAction,
    AlertDetector,
    AlertEvidence,
    AlertKind,
    AlertPairs,
    AlertSide,
    AlertState,
    AlertStatus,
    WeighedAs,
)
from audits.models.scoped import PlanScoped, SystemScoped
from governance.core.models import PublicModel


class RuleScoped(SystemScoped["AlertStream"]):
    system_lookup = "rule__plan__system__key__in"


class StreamScoped(SystemScoped["Alert"]):
    system_lookup = "stream__rule__plan__system__key__in"


class AlertRule(PublicModel):
    """What one plan tolerates, how soon leaving it is to be seen, and what an alert sets off.

    `limit` and `shift` are on the metric's own scale; a ratio (`log`) is worked on as a logarithm,
    its shift a factor. `destinations` and `escalate_to` are roles of the plan's system.
    """

    plan = models.ForeignKey("audits.Plan", on_delete=models.CASCADE, related_name="alert_rules")
    metric = models.CharField(max_length=120)
    kind = models.CharField(max_length=12, choices=AlertKind.choices)
    evidence = models.CharField(max_length=10, choices=AlertEvidence.choices)
    pairs = models.CharField(max_length=4, choices=AlertPairs.choices, default=AlertPairs.ALL)
    pair = models.JSONField(
        default=dict, blank=True, help_text="With one pair: `of` and `to`, column to value."
    )
    limit = models.FloatField()
    side = models.CharField(max_length=6, choices=AlertSide.choices)
    shift = models.FloatField(help_text="How far beyond the limit is to be seen soon.")
    log = models.BooleanField(default=False)
    threshold = models.FloatField(default=3_650.0)
    watch = models.FloatField(default=20.0)
    calm = models.PositiveSmallIntegerField(default=3)
    least_subjects = models.PositiveIntegerField(default=30)
    detector = models.CharField(
        max_length=8, choices=AlertDetector.choices, default=AlertDetector.E_SR
    )
    lasting = models.FloatField(
        null=True,
        blank=True,
        help_text="Share of returning people still there a window later; empty: measured.",
    )
    action = models.CharField(
        max_length=14, choices=AlertAction.choices, default=AlertAction.NOTIFY
    )
    destinations = models.JSONField(default=list, blank=True)
    escalate_after = models.DurationField(null=True, blank=True)
    escalate_to = models.JSONField(default=list, blank=True)
    expected = models.JSONField(
        default=dict, blank=True, help_text="Delay and false alarms to expect, as it was saved."
    )
    derived = models.BooleanField(
        default=False, help_text="Follows the plan's limit until a person edits it."
    )
    active = models.BooleanField(default=True)
    revision = models.PositiveIntegerField(default=1)

    objects = PlanScoped.as_manager()

    class Meta:
        ordering = ["plan__key", "metric", "side", "limit"]
        constraints = [
            models.UniqueConstraint(
                fields=["plan", "metric", "side", "pairs", "pair"],
                condition=Q(active=True),
                name="alert_rule_once_per_metric",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=AlertKind.values)
                & Q(evidence__in=AlertEvidence.values)
                & Q(side__in=AlertSide.values)
                & Q(action__in=AlertAction.values)
                & Q(detector__in=AlertDetector.values),
                name="alert_rule_words_known",
            ),
            models.CheckConstraint(
                condition=Q(pairs=AlertPairs.ALL, pair={})
                | (Q(pairs=AlertPairs.ONE) & ~Q(pair={})),
                name="alert_rule_pair_iff_one",
            ),
            models.CheckConstraint(
                condition=Q(log=False, shift__gt=0) | Q(log=True, limit__gt=0, shift__gt=1),
                name="alert_rule_shift_beyond_limit",
            ),
            models.CheckConstraint(
                condition=Q(watch__gt=1) & Q(threshold__gt=F("watch")),
                name="alert_rule_watch_below_threshold",
            ),
            models.CheckConstraint(
                condition=Q(calm__gte=1) & Q(least_subjects__gte=2), name="alert_rule_counts"
            ),
            models.CheckConstraint(
                condition=Q(lasting__isnull=True) | Q(lasting__gte=0, lasting__lte=1),
                name="alert_rule_lasting_is_share",
            ),
            models.CheckConstraint(
                condition=Q(escalate_after__isnull=True) | Q(escalate_after__gt=timedelta(0)),
                name="alert_rule_escalates_later",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.metric.replace('_', ' ')} of {self.plan_id}"


class AlertStream(PublicModel):
    """One pair or slice that a rule watches, and where its evidence stands."""

    rule = models.ForeignKey(AlertRule, on_delete=models.CASCADE, related_name="streams")
    key = models.CharField(max_length=64, help_text="SHA-256 of what is watched.")
    watched = models.JSONField(
        default=dict, help_text="Metric, rate, stratum, and of which group against which."
    )
    label = models.CharField(max_length=400)
    version = models.CharField(max_length=200, blank=True, default="")
    state = models.JSONField(default=dict, blank=True)
    status = models.CharField(
        max_length=20, choices=AlertStatus.choices, default=AlertStatus.INSUFFICIENT_DATA
    )
    moved_at = models.DateTimeField(null=True, blank=True, help_text="When the status changed.")

    objects = RuleScoped.as_manager()

    class Meta:
        ordering = ["label", "id"]
        constraints = [
            models.UniqueConstraint(fields=["rule", "key"], name="alert_stream_once"),
            models.CheckConstraint(
                condition=Q(status__in=AlertStatus.values), name="alert_stream_status_known"
            ),
        ]

    def __str__(self) -> str:
        return self.label


class AlertWindow(PublicModel):
    """One ended window of a plan as its alerts took it: weighed once, or passed over and why."""

    plan = models.ForeignKey("audits.Plan", on_delete=models.CASCADE, related_name="alert_windows")
    run = models.OneToOneField("audits.Run", on_delete=models.CASCADE, related_name="alert_window")
    window_start = models.DateTimeField()
    taken_as = models.CharField(max_length=10, choices=WeighedAs.choices)
    sentence = models.TextField(blank=True, default="")

    objects = PlanScoped.as_manager()

    class Meta:
        ordering = ["-window_start"]
        constraints = [
            models.UniqueConstraint(
                fields=["plan", "window_start"], name="alert_window_once_per_plan"
            ),
            models.CheckConstraint(
                condition=Q(taken_as__in=WeighedAs.values), name="alert_window_taken_known"
            ),
        ]


class AlertStep(PublicModel):
    """What one window did to one stream; written once, so a window is never weighed twice."""

    stream = models.ForeignKey(AlertStream, on_delete=models.CASCADE, related_name="steps")
    run = models.ForeignKey("audits.Run", on_delete=models.CASCADE, related_name="alert_steps")
    window_start = models.DateTimeField()
    version = models.CharField(max_length=200, blank=True, default="")
    estimate = models.FloatField(null=True, blank=True)
    variance = models.FloatField(null=True, blank=True)
    shared = models.FloatField(default=0.0)
    subjects = models.PositiveBigIntegerField()
    log_evidence = models.FloatField(null=True, blank=True, help_text="Natural logarithm.")
    low = models.FloatField(null=True, blank=True, help_text="Of the level since the origin.")
    high = models.FloatField(null=True, blank=True)
    limit = models.FloatField()
    watch = models.FloatField()
    threshold = models.FloatField()
    rule_revision = models.PositiveIntegerField()
    status = models.CharField(max_length=20, choices=AlertStatus.choices)
    cube_sha256 = models.CharField(max_length=64, blank=True, default="")

    class Meta:
        ordering = ["window_start"]
        constraints = [
            models.UniqueConstraint(fields=["stream", "run"], name="alert_step_once_per_window"),
            models.CheckConstraint(
                condition=Q(status__in=AlertStatus.values), name="alert_step_status_known"
            ),
        ]
        # Rows leave by retention alone; what was weighed is never rewritten.
        triggers = [pgtrigger.Protect(name="alert_step_unchanged", operation=pgtrigger.Update)]


class Alert(PublicModel):
    """A stream left its limit. Whom it tells and when it escalates is copied when it fires."""

    stream = models.ForeignKey(AlertStream, on_delete=models.CASCADE, related_name="alerts")
    raised_by = models.OneToOneField(AlertStep, on_delete=models.CASCADE, related_name="alert")
    version = models.CharField(max_length=200, blank=True, default="")
    since = models.DateTimeField(help_text="Start of the window in which the evidence began.")
    sentence = models.TextField()
    action = models.CharField(max_length=14, choices=AlertAction.choices)
    destinations = models.JSONField(default=list, blank=True)
    escalate_at = models.DateTimeField(null=True, blank=True)
    escalate_to = models.JSONField(default=list, blank=True)
    escalated_at = models.DateTimeField(null=True, blank=True)
    muted = models.BooleanField(default=False, help_text="Nobody was told: a mute stood.")
    state = models.CharField(
        max_length=14, choices=AlertState.choices, default=AlertState.FIRING, db_index=True
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="audit_alerts",
    )
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.CharField(max_length=200, blank=True, default="")
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.CharField(max_length=200, blank=True, default="")
    resolution = models.TextField(blank=True, default="")
    incident_id = models.CharField(max_length=64, blank=True, default="", db_index=True)
    incident_reference = models.CharField(max_length=20, blank=True, default="")

    objects = StreamScoped.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["stream"],
                condition=~Q(state=AlertState.RESOLVED),
                name="alert_open_once_per_stream",
            ),
            models.CheckConstraint(
                condition=Q(state__in=AlertState.values) & Q(action__in=AlertAction.values),
                name="alert_words_known",
            ),
            models.CheckConstraint(
                condition=Q(state=AlertState.RESOLVED, resolved_at__isnull=False)
                | (~Q(state=AlertState.RESOLVED) & Q(resolved_at__isnull=True)),
                name="alert_resolved_iff_dated",
            ),
            models.CheckConstraint(
                condition=~Q(state=AlertState.ACKNOWLEDGED) | Q(acknowledged_at__isnull=False),
                name="alert_acknowledged_is_dated",
            ),
        ]

    def __str__(self) -> str:
        return self.sentence


class AlertMute(PublicModel):
    """Silence for a while: messages of a rule or a stream are not sent; evidence goes on.

    It ends by itself. Only one that says so keeps an alert from containing as well.
    """

    rule = models.ForeignKey(
        AlertRule, on_delete=models.CASCADE, null=True, blank=True, related_name="mutes"
    )
    stream = models.ForeignKey(
        AlertStream, on_delete=models.CASCADE, null=True, blank=True, related_name="mutes"
    )
    reason = models.TextField()
    until = models.DateTimeField()
    muted_by = models.CharField(max_length=200)
    stops_containment = models.BooleanField(default=False)
    lifted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(rule__isnull=False, stream__isnull=True)
                | Q(rule__isnull=True, stream__isnull=False),
                name="alert_mute_of_rule_or_stream",
            ),
            models.CheckConstraint(
                condition=Q(until__gt=F("created_at")), name="alert_mute_ends_later"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="alert_mute_says_why"),
        ]
