"""Checklists, their runs and answers, approvals and waivers. Writing: services."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from governance.core.models import PublicModel
from governance.people.choices import Role
from governance.registry.models import ModelVersion, System
from governance.reviews.choices import ApprovalState, Outcome, Seat, Section


class Checklist(PublicModel):
    """One version of the list of questions; a published version never changes."""

    version = models.PositiveIntegerField(unique=True)
    title = models.CharField(max_length=120)

    class Meta:
        ordering = ["-version"]

    def __str__(self) -> str:
        return f"{self.title}, version {self.version}"


class ChecklistItem(PublicModel):
    """One question, the evidence it expects, and who may answer it."""

    checklist = models.ForeignKey(Checklist, on_delete=models.PROTECT, related_name="items")
    code = models.CharField(max_length=8)
    section = models.CharField(max_length=8, choices=Section.choices)
    question = models.TextField()
    evidence_expected = models.TextField()
    roles = ArrayField(models.CharField(max_length=32, choices=Role.choices))
    source = models.CharField(max_length=200)
    order = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["order"]
        constraints = [
            models.UniqueConstraint(fields=["checklist", "code"], name="item_code_once"),
            models.CheckConstraint(condition=Q(roles__len__gt=0), name="item_has_a_signer"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.question}"


class ChecklistRun(PublicModel):
    """One pass through a checklist for one model version."""

    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="runs")
    checklist = models.ForeignKey(Checklist, on_delete=models.PROTECT, related_name="runs")
    started_by = models.CharField(max_length=100)

    def __str__(self) -> str:
        return f"{self.version}: {self.checklist}"


class Answer(PublicModel):
    """A person's answer to one item in one run."""

    run = models.ForeignKey(ChecklistRun, on_delete=models.CASCADE, related_name="answers")
    item = models.ForeignKey(ChecklistItem, on_delete=models.PROTECT, related_name="answers")
    outcome = models.CharField(max_length=16, choices=Outcome.choices)
    note = models.TextField(blank=True)
    answered_by = models.CharField(max_length=100)
    answered_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "item"], name="answer_once_an_item"),
            models.CheckConstraint(
                condition=Q(outcome__in=Outcome.values), name="answer_outcome_known"
            ),
            models.CheckConstraint(
                condition=Q(outcome=Outcome.PASS) | ~Q(note=""), name="answer_no_needs_a_note"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item.code}: {self.outcome}"


class Evidence(PublicModel):
    """What an answer rests on, and until when it may be relied upon."""

    answer = models.ForeignKey(Answer, on_delete=models.CASCADE, related_name="evidence")
    title = models.CharField(max_length=200)
    link = models.CharField(max_length=500, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        verbose_name_plural = "evidence"

    def __str__(self) -> str:
        return self.title


class Approval(PublicModel):
    """The review of one version: what was reviewed, frozen, and what was decided."""

    run = models.OneToOneField(ChecklistRun, on_delete=models.PROTECT, related_name="approval")
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="approvals")
    state = models.CharField(
        max_length=12, choices=ApprovalState.choices, default=ApprovalState.IN_REVIEW
    )
    content = models.JSONField()
    content_hash = models.CharField(max_length=64)
    requested_by = models.CharField(max_length=100)
    note = models.TextField(blank=True)
    decided_at = models.DateTimeField(null=True)
    stale_told_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=ApprovalState.values), name="approval_state_known"
            ),
            models.CheckConstraint(
                condition=Q(state=ApprovalState.IN_REVIEW, decided_at=None)
                | (~Q(state=ApprovalState.IN_REVIEW) & Q(decided_at__isnull=False)),
                name="approval_decided_when",
            ),
            models.UniqueConstraint(
                fields=["version"],
                condition=Q(state=ApprovalState.IN_REVIEW),
                name="one_open_review_a_version",
            ),
        ]
        indexes = [models.Index(fields=["version", "state"], name="approval_by_version")]

    def __str__(self) -> str:
        return f"{self.version}: {self.get_state_display()}"


class ApprovalStep(PublicModel):
    """One signature: a seat is taken once, and one person takes one seat."""

    approval = models.ForeignKey(Approval, on_delete=models.CASCADE, related_name="steps")
    seat = models.CharField(max_length=10, choices=Seat.choices)
    role = models.CharField(max_length=32, choices=Role.choices)
    decided_by = models.CharField(max_length=100)
    decided_at = models.DateTimeField()
    comment = models.TextField(blank=True)

    class Meta:
        ordering = ["decided_at"]
        constraints = [
            models.UniqueConstraint(fields=["approval", "seat"], name="seat_taken_once"),
            models.UniqueConstraint(fields=["approval", "decided_by"], name="one_seat_a_person"),
            models.CheckConstraint(
                condition=Q(seat=Seat.PRODUCT, role=Role.PRODUCT_OWNER)
                | Q(seat=Seat.OVERSIGHT, role__in=[Role.ETHICS_REVIEWER, Role.PRIVACY_LEAD]),
                name="seat_by_its_role",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_seat_display()}: {self.decided_by}"


class Waiver(PublicModel):
    """A bounded exception from one item for one system, asked by one and granted by another."""

    system = models.ForeignKey(System, on_delete=models.PROTECT, related_name="waivers")
    item_code = models.CharField(max_length=8)
    reason = models.TextField()
    requested_by = models.CharField(max_length=100)
    granted_by = models.CharField(max_length=100, blank=True)
    granted_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(granted_by="", granted_at=None)
                | (~Q(granted_by="") & Q(granted_at__isnull=False)),
                name="waiver_grant_whole",
            ),
            models.CheckConstraint(
                condition=Q(granted_by="") | ~Q(granted_by=F("requested_by")),
                name="waiver_granted_by_another",
            ),
        ]
        indexes = [models.Index(fields=["system", "item_code"], name="waiver_by_item")]

    def __str__(self) -> str:
        return f"{self.item_code} for {self.system}"
