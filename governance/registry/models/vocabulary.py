"""What personalisation is for and where it is met: purposes, types (toggles), surfaces."""

from __future__ import annotations

from uuid import UUID

import pgtrigger
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from governance.core.models import KeyField, PublicModel
from governance.registry.choices import DsaScope, LawfulBasis, PurposeState, SurfaceKind
from governance.registry.validators import ISO_DURATION, validate_dpv_iri, validate_duration

NO_CIRCLE = "A purpose cannot stand below itself: choose another parent."
# The lock makes two changes at once wait for each other; each alone would close no circle.
PARENTS_MAKE_NO_CIRCLE = pgtrigger.Trigger(
    name="parents_make_no_circle",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert | pgtrigger.UpdateOf("parent_id"),
    level=pgtrigger.Row,
    condition=pgtrigger.Q(new__parent__isnull=False),
    func=f"""
    PERFORM pg_advisory_xact_lock(hashtext('registry_purpose.parent'));
    IF EXISTS (
        WITH RECURSIVE above(id) AS (
            SELECT NEW.parent_id
            UNION
            SELECT p.parent_id FROM registry_purpose p JOIN above a ON p.id = a.id
            WHERE p.parent_id IS NOT NULL
        ) SELECT 1 FROM above WHERE id = NEW.id
    ) THEN
        RAISE EXCEPTION '{NO_CIRCLE}' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
    """,
)


class Purpose(PublicModel):
    """One specific purpose: its standard identifiers, its place, and how long a yes lasts.

    How people choose about it in each region stands in `RegionRule`. `record_basis` and
    `record_retention` are those of the consent record itself, which must be kept to show it.
    """

    key = KeyField(unique=True)
    title = models.CharField(max_length=120)
    description = models.TextField()
    dpv_iri = models.URLField(validators=[validate_dpv_iri])
    fideslang_use = models.CharField(max_length=120)
    lawful_basis = models.CharField(max_length=24, choices=LawfulBasis.choices)
    needs_device_access = models.BooleanField(default=False)
    gpc_covers = models.BooleanField(default=False)
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="children"
    )
    default_ttl_days = models.PositiveIntegerField(null=True, blank=True)
    record_basis = models.CharField(
        max_length=24, choices=LawfulBasis.choices, default=LawfulBasis.LEGAL_OBLIGATION
    )
    record_retention = models.CharField(
        max_length=20, default="P3Y", validators=[validate_duration]
    )
    state = models.CharField(
        max_length=12, choices=PurposeState.choices, default=PurposeState.PUBLISHED
    )
    changed_by = models.CharField(max_length=100, default="system:registry")

    class Meta:
        ordering = ["key"]
        triggers = [PARENTS_MAKE_NO_CIRCLE]
        constraints = [
            models.CheckConstraint(
                condition=Q(lawful_basis__in=LawfulBasis.values),
                name="purpose_basis_known",
            ),
            models.CheckConstraint(
                condition=Q(state__in=PurposeState.values), name="purpose_state_known"
            ),
            models.CheckConstraint(
                condition=Q(parent__isnull=True) | ~Q(parent=F("id")),
                name="purpose_not_below_itself",
            ),
            models.CheckConstraint(
                condition=Q(default_ttl_days__isnull=True) | Q(default_ttl_days__gte=1),
                name="purpose_lasts_at_least_a_day",
            ),
            models.CheckConstraint(
                condition=Q(record_basis__in=LawfulBasis.values),
                name="purpose_record_basis_known",
            ),
            models.CheckConstraint(
                condition=Q(record_retention__regex=ISO_DURATION),
                name="purpose_record_retention_is_a_duration",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def clean(self) -> None:
        """Refuse a circle of parents with a sentence; the database, which holds none, does too."""
        if self.parent_id is None:
            return
        parents = dict(Purpose.objects.filter(parent__isnull=False).values_list("pk", "parent"))
        above: UUID | None = self.parent_id
        while above is not None:
            if above == self.pk:
                raise ValidationError({"parent": NO_CIRCLE})
            above = parents.get(above)

    @property
    def mechanism(self) -> dict[str, str]:
        """The regimes in force now, by region."""
        now = timezone.now()
        return {rule.region: rule.regime for rule in self.region_rules.all() if rule.holds_at(now)}


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
