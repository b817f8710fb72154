"""Tables of the person's side: subjects, consent events and their state, notices, used tokens.

Writing stands in `services`; the decision reads these tables without the ORM (`slowpath`).
"""

from __future__ import annotations

import hashlib
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from consent.choices import AgeBand, EventStatus, Language, Method
from governance.core.append_only import AppendOnly
from governance.core.models import KeyField, PublicModel


class DataSubject(PublicModel):
    """A person, known only by the keyed hash of the id the customer gave them.

    Erasure empties `pseudonym`: what stays below the row's own id no longer leads to anyone.
    """

    pseudonym = models.CharField(max_length=64, unique=True, null=True)
    region = models.CharField(max_length=6, blank=True)
    age_band = models.CharField(max_length=8, choices=AgeBand, default=AgeBand.UNKNOWN)
    gpc = models.BooleanField(default=False)
    restricted_at = models.DateTimeField(null=True, blank=True)
    erased_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
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
    erased_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"suppression {self.pk}"


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


class ConsentEvent(AppendOnly):
    """One thing a person said (or that befell their consent) about one purpose.

    `position` in the feed is the ledger's, reached through `ledger_entry`.
    """

    subject = models.ForeignKey(DataSubject, on_delete=models.PROTECT, related_name="events")
    purpose = models.ForeignKey(
        "registry.Purpose", on_delete=models.PROTECT, related_name="consent_events"
    )
    revision = models.PositiveIntegerField()
    status = models.CharField(max_length=12, choices=EventStatus)
    previous_status = models.CharField(max_length=12, choices=EventStatus)
    method = models.CharField(max_length=20, choices=Method)
    type_key = models.CharField(max_length=63, blank=True)
    region = models.CharField(max_length=6, blank=True)
    gpc = models.BooleanField(default=False)
    notice_version = models.CharField(max_length=63, blank=True)
    lawful_basis = models.CharField(max_length=24)
    occurred_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    evidence_sha256 = models.CharField(max_length=64, blank=True)
    actor_reference = models.CharField(max_length=100)
    ledger_entry = models.UUIDField()

    class Meta(AppendOnly.Meta):
        ordering = ["subject", "purpose", "revision"]
        constraints = [
            models.UniqueConstraint(
                fields=["subject", "purpose", "revision"],
                name="consent_event_revision_once",
            ),
            models.CheckConstraint(
                condition=Q(status__in=EventStatus.values),
                name="consent_event_status_known",
            ),
            models.CheckConstraint(
                condition=Q(revision__gte=1),
                name="consent_event_revision_starts_at_one",
            ),
        ]
        indexes = [
            models.Index(fields=["purpose", "at"], name="consent_event_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.status} #{self.revision}"


class ConsentState(PublicModel):
    """The head of one person's events about one purpose; the row every writer locks."""

    subject = models.ForeignKey(DataSubject, on_delete=models.CASCADE, related_name="states")
    purpose = models.ForeignKey(
        "registry.Purpose", on_delete=models.PROTECT, related_name="consent_states"
    )
    revision = models.PositiveIntegerField(default=0)
    status = models.CharField(max_length=12, choices=EventStatus, default=EventStatus.UNKNOWN)
    decided_at = models.DateTimeField(null=True)
    notice_version = models.CharField(max_length=63, blank=True)
    gpc_at_choice = models.BooleanField(default=False)
    expires_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subject", "purpose"], name="consent_state_one_head"),
            models.CheckConstraint(
                condition=Q(status__in=EventStatus.values),
                name="consent_state_status_known",
            ),
            models.CheckConstraint(
                condition=Q(revision=0, decided_at__isnull=True)
                | Q(revision__gte=1, decided_at__isnull=False),
                name="consent_state_decided_once_written",
            ),
        ]
        indexes = [
            models.Index(fields=["purpose", "status"], name="consent_state_by_purpose"),
        ]

    def __str__(self) -> str:
        return f"{self.status} #{self.revision}"


class SubjectAccess(AppendOnly):
    """A colleague or a program looked at one person's choices, and said what for."""

    subject = models.ForeignKey(DataSubject, on_delete=models.PROTECT, related_name="accesses")
    actor_reference = models.CharField(max_length=100)
    purpose_of_access = models.CharField(max_length=300)

    class Meta(AppendOnly.Meta):
        ordering = ["-at"]

    def __str__(self) -> str:
        return f"{self.actor_reference}: {self.purpose_of_access}"


class IssuedToken(PublicModel):
    """A subject token handed out: who asked for it, what it is bound to. Never the token."""

    jti = models.UUIDField(unique=True)
    subject_pseudonym = models.CharField(max_length=64)
    purposes = ArrayField[Any, Any](KeyField(), default=list)
    origin = models.CharField(max_length=200)
    issued_by = models.CharField(max_length=100)
    expires_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["expires_at"], name="issued_token_age")]

    def __str__(self) -> str:
        return str(self.jti)


class TokenUse(PublicModel):
    """A write made with a subject token; the same (token, idempotency key) never writes twice."""

    jti = models.UUIDField()
    idempotency_key = models.CharField(max_length=100)
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["jti", "idempotency_key"], name="token_write_once"),
        ]
        indexes = [models.Index(fields=["expires_at"], name="token_use_age")]

    def __str__(self) -> str:
        return f"{self.jti} {self.idempotency_key}"
