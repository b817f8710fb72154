"""Complaints of people about how they were personalised for, and the answers they got."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from consent.choices import ComplaintAbout, Language
from consent.models.subjects import DataSubject
from governance.core.models import PublicModel


class Complaint(PublicModel):
    """What one person complains about; answered when `answered_at` is set."""

    subject = models.ForeignKey(DataSubject, on_delete=models.CASCADE, related_name="complaints")
    about = models.CharField(max_length=20, choices=ComplaintAbout)
    text = models.TextField(max_length=4_000)
    language = models.CharField(max_length=2, choices=Language)
    due_at = models.DateTimeField()
    answer = models.TextField(blank=True)
    answered_at = models.DateTimeField(null=True)
    answered_by = models.CharField(max_length=100, blank=True)

    class Meta:
        ordering = ["due_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(about__in=ComplaintAbout.values), name="complaint_about_known"
            ),
            models.CheckConstraint(
                condition=Q(answered_at__isnull=True, answer="", answered_by="")
                | (Q(answered_at__isnull=False) & ~Q(answer="") & ~Q(answered_by="")),
                name="complaint_answered_whole",
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at"], condition=Q(answered_at=None), name="complaint_open_by_due"
            )
        ]

    def __str__(self) -> str:
        return f"complaint {self.pk}"
