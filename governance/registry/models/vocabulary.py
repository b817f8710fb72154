"""What personalisation is for and where it is met: purposes, types (toggles), surfaces."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from governance.core.models import KeyField, PublicModel
from governance.registry.choices import DsaScope, LawfulBasis, PurposeState, SurfaceKind
from governance.registry.validators import validate_dpv_iri, validate_mechanism


class Purpose(PublicModel):
    """One specific purpose, with its standard identifiers and how people choose about it."""

    key = KeyField(unique=True)
    title = models.CharField(max_length=120)
    description = models.TextField()
    dpv_iri = models.URLField(validators=[validate_dpv_iri])
    fideslang_use = models.CharField(max_length=120)
    lawful_basis = models.CharField(max_length=24, choices=LawfulBasis.choices)
    needs_device_access = models.BooleanField(default=False)
    mechanism = models.JSONField(validators=[validate_mechanism])
    gpc_covers = models.BooleanField(default=False)
    state = models.CharField(
        max_length=12, choices=PurposeState.choices, default=PurposeState.PUBLISHED
    )
    changed_by = models.CharField(max_length=100, default="system:registry")

    class Meta:
        ordering = ["key"]
        constraints = [
            models.CheckConstraint(
                condition=Q(lawful_basis__in=LawfulBasis.values),
                name="purpose_basis_known",
            ),
            models.CheckConstraint(
                condition=Q(state__in=PurposeState.values), name="purpose_state_known"
            ),
            models.CheckConstraint(
                condition=Q(mechanism__has_key="*"),
                name="purpose_mechanism_has_default",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class PersonalizationType(PublicModel):
    """One toggle a person sees; it stands for one or more purposes."""

    key = KeyField(unique=True)
    title = models.CharField(max_length=120)
    help = models.TextField()
    purposes = models.ManyToManyField(Purpose, related_name="types")
    order = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["order", "key"]

    def __str__(self) -> str:
        return self.title


class Surface(PublicModel):
    """A place where people meet personalisation: a feed, a search page, a price."""

    key = KeyField(unique=True)
    title = models.CharField(max_length=120)
    kind = models.CharField(max_length=20, choices=SurfaceKind.choices)
    objective = models.TextField(blank=True)
    main_parameters = models.JSONField(default=list, blank=True)
    non_profiled_variant = models.CharField(max_length=200, blank=True)
    dsa_scope = models.CharField(
        max_length=16, choices=DsaScope.choices, default=DsaScope.VOLUNTARY
    )
    purposes = models.ManyToManyField(Purpose, related_name="surfaces", blank=True)
    changed_by = models.CharField(max_length=100, default="system:registry")

    class Meta:
        ordering = ["key"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=SurfaceKind.values), name="surface_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(dsa_scope__in=DsaScope.values),
                name="surface_dsa_scope_known",
            ),
        ]

    def __str__(self) -> str:
        return self.title
