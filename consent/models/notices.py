"""Versions of the privacy notice and their texts."""

from __future__ import annotations

import hashlib

from django.db import models
from django.db.models import Q

from consent.choices import Language
from governance.core.models import KeyField, PublicModel


class NoticeVersion(PublicModel):
    """A published version of the privacy notice; material ones outdate earlier consents."""

    key = KeyField(unique=True)
    material = models.BooleanField(default=True)
    published_at = models.DateTimeField()
    published_by = models.CharField(max_length=100)

    class Meta:
        ordering = ["-published_at"]

    def __str__(self) -> str:
        return self.key


class NoticeText(PublicModel):
    """What a notice version says in one language, in two layers."""

    version = models.ForeignKey(NoticeVersion, on_delete=models.PROTECT, related_name="texts")
    language = models.CharField(max_length=2, choices=Language)
    title = models.CharField(max_length=120)
    short = models.TextField()
    body = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["version", "language"], name="notice_text_once_a_language"
            ),
            models.CheckConstraint(
                condition=Q(language__in=Language.values), name="notice_language_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.version} ({self.language})"

    @property
    def sha256(self) -> str:
        return hashlib.sha256(f"{self.title}\x00{self.short}\x00{self.body}".encode()).hexdigest()
