"""Systems that personalise and the model versions they may serve."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from governance.core.models import KeyField, PublicModel
from governance.registry.choices import OnPause, RiskTier, VersionState
from governance.registry.querysets import SystemQuerySet, VersionQuerySet


class System(PublicModel):
    """One serving system: the thing that is allowed, held or switched off."""

    key = KeyField(unique=True)
    title = models.CharField(max_length=120)
    description = models.TextField(blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="owned_systems",
    )
    on_pause = models.CharField(max_length=16, choices=OnPause.choices)
    risk_tier = models.CharField(max_length=8, choices=RiskTier.choices, default=RiskTier.LOW)
    surfaces = models.ManyToManyField("registry.Surface", related_name="systems", blank=True)
    purposes = models.ManyToManyField("registry.Purpose", related_name="systems", blank=True)
    serving_version = models.ForeignKey(
        "registry.ModelVersion",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="serves",
    )
    fallback_version = models.ForeignKey(
        "registry.ModelVersion",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="falls_back",
    )
    review_due = models.DateField(null=True, blank=True)
    changed_by = models.CharField(max_length=100, default="system:registry")

    objects = SystemQuerySet.as_manager()

    class Meta:
        ordering = ["key"]
        constraints = [
            models.CheckConstraint(
                condition=Q(on_pause__in=OnPause.values), name="system_on_pause_known"
            ),
            models.CheckConstraint(
                condition=Q(risk_tier__in=RiskTier.values),
                name="system_risk_tier_known",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class ModelVersion(PublicModel):
    """One version of a system's model, from registration to retirement."""

    system = models.ForeignKey(System, on_delete=models.PROTECT, related_name="versions")
    key = KeyField()
    state = models.CharField(
        max_length=12, choices=VersionState.choices, default=VersionState.REGISTERED
    )
    description = models.TextField(blank=True)
    profiled = models.BooleanField(default=True)
    features = models.ManyToManyField("registry.Feature", related_name="versions", blank=True)
    mlflow_uri = models.CharField(max_length=300, blank=True)
    training_note = models.TextField(blank=True)
    registered_by = models.CharField(max_length=100)
    changed_by = models.CharField(max_length=100)

    objects = VersionQuerySet.as_manager()

    class Meta:
        ordering = ["system__key", "-created_at"]
        constraints = [
            models.UniqueConstraint(fields=["system", "key"], name="version_key_once_a_system"),
            models.UniqueConstraint(fields=["id", "system"], name="version_with_its_system"),
            models.UniqueConstraint(
                fields=["system"],
                condition=Q(state="serving"),
                name="one_serving_version",
            ),
            models.CheckConstraint(
                condition=Q(state__in=VersionState.values), name="version_state_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.system.key}:{self.key}"

    @property
    def scope_key(self) -> str:
        """The key under which signals speak of this version."""
        return f"{self.system.key}:{self.key}"
