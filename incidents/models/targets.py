"""Who serves a system's answers, what each should serve, and what it says it does."""

from __future__ import annotations

from django.db import models

from governance.core.models import KeyField, PublicModel


class ServingTarget(PublicModel):
    """One place that serves a system, such as a shop's server; it reports what it serves."""

    key = KeyField()
    system = models.ForeignKey(
        "registry.System", on_delete=models.PROTECT, related_name="serving_targets"
    )
    title = models.CharField(max_length=120)
    active = models.BooleanField(default=True)
    served_version = models.CharField(max_length=63, blank=True, default="")
    served_personalised = models.BooleanField(default=False)
    served_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("system__key", "key")
        constraints = (
            models.UniqueConstraint(fields=("system", "key"), name="target_key_once_per_system"),
        )

    def __str__(self) -> str:
        return self.title


class DesiredState(PublicModel):
    """What a system should serve now; the revision counts its changes."""

    system = models.OneToOneField(
        "registry.System", on_delete=models.CASCADE, related_name="desired_state"
    )
    revision = models.PositiveIntegerField(default=1)
    version = models.CharField(max_length=63, blank=True, default="")
    personalises = models.BooleanField()
    since = models.DateTimeField()

    class Meta:
        ordering = ("system__key",)

    def __str__(self) -> str:
        return f"{self.system.key}: {self.version or 'nothing'}"
