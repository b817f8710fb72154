"""Drills: what is rehearsed and how fast it has to go, each time it was run, and its report."""

from __future__ import annotations

from datetime import timedelta

from django.db import models
from django.db.models import Q

from governance.core.models import PublicModel
from incidents.choices import DrillCadence, DrillVerdict, Kind, Severity
from incidents.models.incidents import Incident
from incidents.models.targets import ServingTarget

LIMITS = ("acknowledge", "notify", "confirm", "release")


class DrillPlan(PublicModel):
    """A scenario on a rehearsal system with its objectives.

    A plan is never edited, only retired and made anew, so that drills of one plan compare.
    """

    title = models.CharField(max_length=160)
    system = models.ForeignKey(
        "registry.System", on_delete=models.PROTECT, related_name="drill_plans"
    )
    stands_for = models.ForeignKey(
        "registry.System",
        on_delete=models.PROTECT,
        null=True,
        related_name="rehearsed_by",
        help_text="The system that serves people and that this one rehearses for.",
    )
    scenario = models.TextField(max_length=4_000)
    kind = models.CharField(max_length=24, choices=Kind)
    severity = models.CharField(max_length=2, choices=Severity)
    unattended = models.BooleanField(
        help_text="The containment runs by itself, as after an alert; else a person decides."
    )
    roles = models.JSONField(help_text="Who should respond.")
    acknowledge_seconds = models.PositiveIntegerField()
    notify_seconds = models.PositiveIntegerField()
    confirm_seconds = models.PositiveIntegerField()
    release_seconds = models.PositiveIntegerField()
    every = models.CharField(max_length=10, choices=DrillCadence)
    due_on = models.DateField(null=True)
    planned_by = models.CharField(max_length=80)
    retired_at = models.DateTimeField(null=True)
    retired_by = models.CharField(max_length=80, blank=True, default="")

    class Meta:
        ordering = ("system__key", "created_at")
        constraints = (
            models.CheckConstraint(
                condition=Q(every__in=DrillCadence.values), name="drill_plan_every_is_known"
            ),
            models.CheckConstraint(
                condition=Q(
                    acknowledge_seconds__gt=0,
                    notify_seconds__gt=0,
                    confirm_seconds__gt=0,
                    release_seconds__gt=0,
                ),
                name="drill_plan_allows_some_time",
            ),
            models.CheckConstraint(
                condition=Q(every=DrillCadence.ONCE) | Q(due_on__isnull=False),
                name="drill_plan_repeated_is_due",
            ),
        )

    def __str__(self) -> str:
        return self.title

    @property
    def limits(self) -> dict[str, timedelta]:
        """The time allowed for each objective."""
        return {key: timedelta(seconds=getattr(self, f"{key}_seconds")) for key in LIMITS}


class Drill(PublicModel):
    """One run of a plan: a real incident with a mark, and what came of it."""

    number = models.PositiveIntegerField(unique=True, editable=False)
    plan = models.ForeignKey(DrillPlan, on_delete=models.PROTECT, related_name="drills")
    system = models.ForeignKey("registry.System", on_delete=models.PROTECT, related_name="drills")
    incident = models.OneToOneField(Incident, on_delete=models.PROTECT, related_name="rehearsal")
    served_before = models.ForeignKey(
        "registry.ModelVersion", on_delete=models.PROTECT, null=True, related_name="+"
    )
    started_by = models.CharField(max_length=80)
    started_at = models.DateTimeField()
    reminded_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=80, blank=True, default="")
    called_off_for = models.ForeignKey(
        Incident, on_delete=models.PROTECT, null=True, related_name="called_off_drills"
    )
    verdict = models.CharField(max_length=10, choices=DrillVerdict, blank=True, default="")
    report = models.JSONField(null=True)
    sha256 = models.CharField(max_length=64, blank=True, default="")

    class Meta:
        ordering = ("-number",)
        constraints = (
            models.UniqueConstraint(
                fields=("system",),
                condition=Q(ended_at__isnull=True),
                name="drill_one_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, verdict="", report__isnull=True, sha256="")
                | (
                    Q(ended_at__isnull=False, report__isnull=False, verdict__in=DrillVerdict.values)
                    & ~Q(sha256="")
                ),
                name="drill_ends_with_its_report",
            ),
        )

    def __str__(self) -> str:
        return f"{self.reference} {self.plan.title}"

    @property
    def reference(self) -> str:
        return f"DRILL-{self.number:04d}"


class DrillTarget(PublicModel):
    """A serving target that takes part in a drill, and when it first confirmed the stop."""

    drill = models.ForeignKey(Drill, on_delete=models.CASCADE, related_name="targets")
    target = models.ForeignKey(ServingTarget, on_delete=models.PROTECT, related_name="drills")
    confirmed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("drill", "target__key")
        constraints = (
            models.UniqueConstraint(fields=("drill", "target"), name="drill_target_once"),
        )

    def __str__(self) -> str:
        return f"{self.target} in {self.drill.reference}"
