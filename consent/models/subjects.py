"""People, known by pseudonym only: their file, salt, suppression, and who looked at them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from consent.choices import AgeBand
from governance.core.append_only import AppendOnly
from governance.core.models import PublicModel


class DataSubject(PublicModel):
    """A person, known only by the keyed hash of the id the customer gave them.

    Erasure empties `pseudonym`: what stays below the row's own id no longer leads to anyone.
    """

    pseudonym = models.CharField(max_length=64, unique=True, null=True)
    # Which pepper names this person: a person met under an older one is named anew.
    key_id = models.CharField(max_length=16, blank=True, default="", db_default="")
    # The person's name in the table of the fast check (`fastpath.fingerprint`).
    lookup = models.BigIntegerField(unique=True, null=True)
    region = models.CharField(max_length=6, blank=True)
    age_band = models.CharField(max_length=8, choices=AgeBand, default=AgeBand.UNKNOWN)
    gpc = models.BooleanField(default=False)
    restricted_at = models.DateTimeField(null=True, blank=True)
    erased_at = models.DateTimeField(null=True, blank=True)
    # What a sign-in changed about this person's choices, until they were shown it.
    untold = models.JSONField(default=list, db_default=[])

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(erased_at__isnull=True) | Q(lookup__isnull=True),
                name="subject_erased_means_no_lookup",
            ),
            models.CheckConstraint(
                condition=Q(pseudonym__isnull=True, erased_at__isnull=False)
                | Q(pseudonym__isnull=False, erased_at__isnull=True),
                name="subject_erased_means_unlinked",
            ),
            models.CheckConstraint(
                condition=Q(age_band__in=AgeBand.values), name="subject_age_band_known"
            ),
        ]

    def __str__(self) -> str:
        return f"subject {self.pk}"


class SubjectSalt(models.Model):
    """The salt with which the ledger's commitments of one person open; deleted on erasure."""

    subject = models.OneToOneField(
        DataSubject, on_delete=models.CASCADE, related_name="salt", primary_key=True
    )
    salt = models.BinaryField(max_length=32)

    def __str__(self) -> str:
        return f"salt of {self.subject_id}"


class Suppression(PublicModel):
    """An erased person must stay denied: their id under a key of its own, nothing else."""

    fingerprint = models.CharField(max_length=64, unique=True)
    lookup = models.BigIntegerField(null=True, db_index=True)
    erased_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"suppression {self.pk}"


class SubjectAccess(AppendOnly):
    """A colleague or a program looked at one person's choices, and said what for."""

    subject = models.ForeignKey(DataSubject, on_delete=models.PROTECT, related_name="accesses")
    actor_reference = models.CharField(max_length=100)
    purpose_of_access = models.CharField(max_length=300)

    class Meta(AppendOnly.Meta):
        ordering = ["-at"]

    def __str__(self) -> str:
        return f"{self.actor_reference}: {self.purpose_of_access}"
