"""Playbooks as versioned data, and the steps that an incident copied from one."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from governance.core.models import KeyField, PublicModel
from incidents.choices import Part, StepState, StepType, Undo
from incidents.models.incidents import Incident


class Playbook(PublicModel):
    """A versioned list of steps. Incidents copy it when they open, so edits never reach them."""

    key = KeyField()
    version = models.PositiveIntegerField()
    title = models.CharField(max_length=120)
    summary = models.TextField(blank=True, default="")
    kinds = models.JSONField(default=list, help_text="Kinds of harm it is for; empty: any.")
    steps = models.JSONField()
    imported_by = models.CharField(max_length=80, blank=True, default="")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("key", "version"), name="playbook_version_once"),
        )

    def __str__(self) -> str:
        return f"{self.title} (version {self.version})"


class IncidentStep(PublicModel):
    """One step of the copied playbook. Its effect and its end share one transaction.

    `attempt` counts the tries and fences them: only the newest may say how the step ended.
    `effect` holds what the step made, so that it can be found, shown and taken back.
    """

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="steps")
    playbook = models.ForeignKey(Playbook, on_delete=models.PROTECT)
    episode = models.PositiveSmallIntegerField(default=1)
    position = models.PositiveSmallIntegerField()
    key = models.CharField(max_length=41, default="")
    part = models.CharField(max_length=12, choices=Part, default=Part.CONTAIN)
    type = models.CharField(max_length=24, choices=StepType)
    title = models.CharField(max_length=120)
    instruction = models.TextField()
    role = models.CharField(max_length=24, blank=True)
    automatic = models.BooleanField()
    mandatory = models.BooleanField(default=True)
    state = models.CharField(max_length=8, choices=StepState, default=StepState.PENDING)
    attempt = models.PositiveIntegerField(default=0)
    outcome = models.TextField(blank=True)
    done_by = models.CharField(max_length=80, blank=True)
    due_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    params = models.JSONField(default=dict, db_default={})
    undo = models.CharField(max_length=12, choices=Undo, blank=True, default="", db_default="")
    effect = models.JSONField(default=dict, db_default={})
    idempotency_key = models.CharField(max_length=64, blank=True, default="", db_default="")
    failures = models.PositiveIntegerField(default=0, db_default=0)
    failing_since = models.DateTimeField(null=True)
    next_attempt_at = models.DateTimeField(null=True)
    handed_over_at = models.DateTimeField(null=True)
    undo_proposed_by = models.CharField(max_length=80, blank=True, default="", db_default="")

    class Meta:
        ordering = ("incident", "episode", "position")
        indexes = (
            models.Index(
                fields=("next_attempt_at",),
                condition=Q(next_attempt_at__isnull=False),
                name="step_wakes",
            ),
        )
        constraints = (
            models.UniqueConstraint(
                fields=("incident", "episode", "position"), name="step_position_once"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["done", "skipped", "undone"])
                | Q(finished_at__isnull=False),
                name="step_done_has_a_time",
            ),
        )

    def __str__(self) -> str:
        return f"{self.position}. {self.title}"
