"""Holds: paused means at least one active hold. Only the hold services write here."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import F, Q

from governance.core.models import PublicModel
from governance.registry.choices import HoldEffect
from governance.registry.querysets import HoldQuerySet

TARGETS = ("system", "surface", "purpose", "version")


def _exactly_one_target() -> Q:
    whole = Q()
    for kept in TARGETS:
        whole |= Q(**{f"{name}__isnull": name != kept for name in TARGETS})
    return whole


class Hold(PublicModel):
    """A stop on one target, with its cause, until two people release it."""

    system = models.ForeignKey(
        "registry.System", on_delete=models.PROTECT, null=True, related_name="holds"
    )
    surface = models.ForeignKey(
        "registry.Surface", on_delete=models.PROTECT, null=True, related_name="holds"
    )
    purpose = models.ForeignKey(
        "registry.Purpose", on_delete=models.PROTECT, null=True, related_name="holds"
    )
    version = models.ForeignKey(
        "registry.ModelVersion",
        on_delete=models.PROTECT,
        null=True,
        related_name="holds",
    )
    effect = models.CharField(max_length=12, choices=HoldEffect.choices)
    cause = models.CharField(max_length=200)
    reason = models.TextField()
    incident_reference = models.CharField(max_length=40, blank=True)
    placed_by = models.CharField(max_length=100)
    placed_at = models.DateTimeField()
    # When the harm it answers was seen again: only what is known since then speaks for lifting.
    renewed_at = models.DateTimeField(null=True)
    approve_by = models.DateTimeField(null=True)
    approved_by = models.CharField(max_length=100, blank=True)
    approved_at = models.DateTimeField(null=True)
    escalated_at = models.DateTimeField(null=True)
    release_proposed_by = models.CharField(max_length=100, blank=True)
    release_proposed_at = models.DateTimeField(null=True)
    release_reason = models.TextField(blank=True)
    released_by = models.CharField(max_length=100, blank=True)
    released_at = models.DateTimeField(null=True)

    objects = HoldQuerySet.as_manager()

    class Meta:
        ordering = ["-placed_at"]
        indexes = [
            models.Index(fields=["placed_at"], name="hold_active", condition=Q(released_at=None))
        ]
        constraints = [
            models.CheckConstraint(condition=_exactly_one_target(), name="hold_one_target"),
            models.CheckConstraint(
                condition=Q(effect__in=HoldEffect.values), name="hold_effect_known"
            ),
            models.UniqueConstraint(
                fields=[*TARGETS, "cause"],
                condition=Q(released_at=None),
                nulls_distinct=False,
                name="hold_active_once_a_cause",
            ),
            models.CheckConstraint(
                condition=Q(approved_by="", approved_at=None)
                | (~Q(approved_by="") & Q(approved_at__isnull=False)),
                name="hold_approval_whole",
            ),
            models.CheckConstraint(
                condition=Q(approved_by="") | ~Q(approved_by=F("placed_by")),
                name="hold_approved_by_another",
            ),
            models.CheckConstraint(
                condition=Q(release_proposed_by="", release_proposed_at=None)
                | (~Q(release_proposed_by="") & Q(release_proposed_at__isnull=False)),
                name="hold_proposal_whole",
            ),
            models.CheckConstraint(
                condition=Q(released_by="", released_at=None)
                | (
                    ~Q(released_by="")
                    & Q(released_at__isnull=False)
                    & ~Q(release_proposed_by="")
                    & ~Q(release_proposed_by=F("released_by"))
                ),
                name="hold_released_by_two",
            ),
        ]

    @property
    def stands_since(self) -> datetime:
        """From when on evidence counts that it can be lifted."""
        return self.renewed_at or self.placed_at

    def __str__(self) -> str:
        return f"{self.target_kind} {self.target_key}: {self.cause}"

    @property
    def target_kind(self) -> str:
        return next(name for name in TARGETS if getattr(self, f"{name}_id") is not None)

    @property
    def target_key(self) -> str:
        """The target's key; a version's is `<system>:<version>`."""
        target = getattr(self, self.target_kind)
        return str(target.scope_key if self.target_kind == "version" else target.key)
