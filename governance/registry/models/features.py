"""What is used about people and where it goes: features and data flows."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from governance.core.models import KeyField, PublicModel
from governance.registry.choices import FlowKind, Sensitivity, Technique
from governance.registry.querysets import FeatureQuerySet, FlowQuerySet
from governance.registry.validators import ISO_DURATION, validate_duration


class Feature(PublicModel):
    """One fact about a person (or an item) that a model reads, and why it may."""

    key = KeyField(unique=True)
    title = models.CharField(max_length=120)
    systems = models.ManyToManyField("registry.System", related_name="features", blank=True)
    source = models.CharField(max_length=200, blank=True)
    sensitivity = models.CharField(
        max_length=16, choices=Sensitivity.choices, default=Sensitivity.NONE
    )
    justification = models.TextField(blank=True)
    justification_expires_at = models.DateField(null=True, blank=True)
    allowed_purposes = models.ManyToManyField(
        "registry.Purpose", related_name="features", blank=True
    )
    disclosable = models.BooleanField(default=True)
    technique = models.CharField(max_length=24, choices=Technique.choices, default=Technique.RAW)
    retention = models.CharField(max_length=20, blank=True, validators=[validate_duration])
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="owned_features",
    )
    changed_by = models.CharField(max_length=100, default="system:registry")

    objects = FeatureQuerySet.as_manager()

    class Meta:
        ordering = ["key"]
        constraints = [
            models.CheckConstraint(
                condition=Q(sensitivity__in=Sensitivity.values),
                name="feature_sensitivity_known",
            ),
            models.CheckConstraint(
                condition=Q(technique__in=Technique.values),
                name="feature_technique_known",
            ),
            models.CheckConstraint(
                condition=Q(retention="") | Q(retention__regex=ISO_DURATION),
                name="feature_retention_is_a_duration",
            ),
            models.CheckConstraint(
                condition=Q(sensitivity=Sensitivity.NONE)
                | (~Q(justification="") & Q(justification_expires_at__isnull=False)),
                name="feature_sensitive_means_justified",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class DataFlow(PublicModel):
    """Data going from one place to another for one purpose; declared, observed or both."""

    key = KeyField(unique=True)
    system = models.ForeignKey("registry.System", on_delete=models.PROTECT, related_name="flows")
    source = models.CharField(max_length=120)
    destination = models.CharField(max_length=120)
    kind = models.CharField(max_length=12, choices=FlowKind.choices)
    categories = ArrayField(models.CharField(max_length=120), default=list, blank=True)
    purpose = models.ForeignKey(
        "registry.Purpose",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="flows",
    )
    declared = models.BooleanField(default=True)
    observed_last_at = models.DateTimeField(null=True, blank=True)
    changed_by = models.CharField(max_length=100, default="system:registry")

    objects = FlowQuerySet.as_manager()

    class Meta:
        ordering = ["key"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=FlowKind.values), name="flow_kind_known"),
            models.CheckConstraint(
                condition=~Q(source=models.F("destination")), name="flow_goes_somewhere"
            ),
            models.CheckConstraint(
                condition=Q(declared=True) | Q(observed_last_at__isnull=False),
                name="flow_declared_or_observed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source} to {self.destination}"
