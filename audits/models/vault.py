"""The attribute vault's tables: what is held and why, who may use it, who read it, the values.

Only `audits.vault.values` touches the values; everything else here describes them.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from audits.choices import Article9, AttributeKind, VaultAct
from audits.models.plans import Plan
from governance.core.append_only import AppendOnly
from governance.core.models import KeyField, PublicModel
from governance.registry.choices import LawfulBasis


class VaultAttribute(PublicModel):
    """One protected attribute of people: what it is, why it may be held, until when, by whom."""

    key = KeyField(unique=True)
    title = models.CharField(max_length=200)
    kind = models.CharField(max_length=20, choices=AttributeKind.choices)
    purposes = models.JSONField(default=list, help_text="What it may be used for; nothing else.")
    reason = models.TextField(help_text="Why fairness cannot be judged without it.")
    legal_basis = models.CharField(max_length=30, choices=LawfulBasis.choices)
    article9 = models.CharField(max_length=40, choices=Article9.choices)
    dpia = models.URLField(max_length=500, help_text="Where its impact assessment stands.")
    expires_at = models.DateTimeField(help_text="Its values are deleted then.")
    systems = models.JSONField(
        default=list, blank=True, help_text="Systems whose plans may use it; empty: any."
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="vault_attributes",
    )
    inferred_reason = models.TextField(
        blank=True, default="", help_text="Why an inferred attribute may be used all the same."
    )
    inferred_allowed_by = models.CharField(max_length=200, blank=True, default="")
    retired_at = models.DateTimeField(null=True, blank=True)
    retired_reason = models.TextField(blank=True, default="")
    subjects = models.PositiveBigIntegerField(default=0, help_text="People with a value.")
    loaded_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["key"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=AttributeKind.values), name="vault_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(legal_basis__in=LawfulBasis.values), name="vault_basis_known"
            ),
            models.CheckConstraint(
                condition=Q(article9__in=Article9.values), name="vault_article9_known"
            ),
            models.CheckConstraint(
                condition=Q(inferred_allowed_by="") | ~Q(inferred_reason=""),
                name="vault_inferred_has_reason",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class VaultPermit(PublicModel):
    """A person's word that one plan may join one attribute; it can be taken back."""

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="vault_permits")
    attribute = models.ForeignKey(VaultAttribute, on_delete=models.PROTECT, related_name="permits")
    reason = models.TextField()
    permitted_by = models.CharField(max_length=200)
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["plan", "attribute"],
                condition=Q(revoked_at__isnull=True),
                name="vault_permit_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.attribute_id} for {self.plan_id}"


class VaultAccess(AppendOnly):
    """One touch of an attribute's values: by whom or which run, why, of how many people."""

    attribute = models.ForeignKey(VaultAttribute, on_delete=models.PROTECT, related_name="accesses")
    act = models.CharField(max_length=20, choices=VaultAct.choices)
    actor = models.CharField(max_length=200)
    run_id = models.UUIDField(null=True, blank=True)
    why = models.TextField()
    subjects = models.PositiveBigIntegerField()

    class Meta(AppendOnly.Meta):
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["attribute", "-id"], name="vault_access_log")]
        constraints = [
            models.CheckConstraint(condition=Q(act__in=VaultAct.values), name="vault_act_known"),
        ]

    def __str__(self) -> str:
        return f"{self.act} of {self.attribute_id} by {self.actor}"


class VaultValue(models.Model):
    """One person's value, in the schema and under the role of the vault; see `audits.vault.role`.

    An ordinary query of the application is refused by the database.
    """

    pk = models.CompositePrimaryKey("attribute", "subject")
    attribute = models.ForeignKey(
        VaultAttribute, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False
    )
    subject = models.CharField(max_length=64, help_text="The pseudonym, as in outputs.")
    value = models.CharField(max_length=200)
    loaded_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = '"vault"."value"'

    def __str__(self) -> str:
        return "a value in the vault"
