"""What systems guess that a person likes, as the person sees and changes it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from consent.choices import InterestStanding
from consent.models.subjects import DataSubject
from governance.core.models import KeyField, PublicModel


class Interest(PublicModel):
    """One guess about a person; a removed one stays so that its system cannot guess it again."""

    subject = models.ForeignKey(DataSubject, on_delete=models.CASCADE, related_name="interests")
    system_key = KeyField()
    label = models.CharField(max_length=120)
    because = models.CharField(max_length=200, blank=True)
    standing = models.CharField(
        max_length=10, choices=InterestStanding, default=InterestStanding.GUESSED
    )
    inferred_at = models.DateTimeField()

    class Meta:
        ordering = ["label"]
        constraints = [
            models.UniqueConstraint(
                fields=["subject", "system_key", "label"], name="interest_guessed_once"
            ),
            models.CheckConstraint(
                condition=Q(standing__in=InterestStanding.values), name="interest_standing_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.standing} interest {self.pk}"


class InterestReset(models.Model):
    """The moment since which a person wants nothing older guessed about them."""

    subject = models.OneToOneField(
        DataSubject, on_delete=models.CASCADE, primary_key=True, related_name="interest_reset"
    )
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"start over at {self.at:%Y-%m-%d %H:%M}"
