"""Versions of the privacy notice, what they cover and say, and who was shown them."""

from __future__ import annotations

import hashlib

import pgtrigger
from django.db import models
from django.db.models import F, Q

from consent.choices import Component, Language, Layer
from consent.models.subjects import DataSubject
from governance.core.models import KeyField, PublicModel

_STAYS = "RAISE EXCEPTION 'a published notice stays as people saw it' "
_STAYS += "USING ERRCODE = 'integrity_constraint_violation';"
VERSION_STAYS = pgtrigger.Trigger(
    name="published_notice_stays",
    when=pgtrigger.Before,
    operation=pgtrigger.Update | pgtrigger.Delete,
    level=pgtrigger.Row,
    condition=pgtrigger.Q(old__published_at__isnull=False),
    func=_STAYS,
)
# The version is locked, so that a publication and a change of its text wait for each other.
PIECE_STAYS = pgtrigger.Trigger(
    name="published_notice_stays",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
    level=pgtrigger.Row,
    declare=[("published", "timestamptz")],
    func=f"""
    IF TG_OP <> 'INSERT' THEN
        SELECT published_at INTO published FROM consent_noticeversion
            WHERE id = OLD.version_id FOR UPDATE;
        IF published IS NOT NULL THEN {_STAYS} END IF;
    END IF;
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    SELECT published_at INTO published FROM consent_noticeversion
        WHERE id = NEW.version_id FOR UPDATE;
    IF published IS NOT NULL THEN {_STAYS} END IF;
    RETURN NEW;
    """,
)


class NoticeVersion(PublicModel):
    """A version of the privacy notice: a draft until it is published, then as people saw it.

    Published material versions outdate earlier consents to the purposes they cover.
    """

    key = KeyField(unique=True)
    material = models.BooleanField(default=True)
    change_note = models.TextField(blank=True)
    purposes = models.ManyToManyField(
        "registry.Purpose", through="NoticePurpose", related_name="notices"
    )
    steps_to_accept = models.PositiveSmallIntegerField(default=1)
    steps_to_refuse = models.PositiveSmallIntegerField(default=1)
    accept_layer = models.CharField(max_length=5, choices=Layer, default=Layer.SHORT)
    refuse_layer = models.CharField(max_length=5, choices=Layer, default=Layer.SHORT)
    drafted_by = models.CharField(max_length=100, blank=True)
    published_at = models.DateTimeField(null=True, blank=True)
    published_by = models.CharField(max_length=100, blank=True)

    class Meta:
        ordering = [F("published_at").desc(nulls_first=True), "-created_at"]
        triggers = [VERSION_STAYS]
        constraints = [
            models.CheckConstraint(
                condition=Q(steps_to_accept__gte=1)
                & Q(steps_to_refuse__gte=1)
                & Q(steps_to_refuse__lte=F("steps_to_accept")),
                name="notice_refusing_is_as_easy",
                violation_error_message="Refusing may not take more steps than accepting.",
            ),
            models.CheckConstraint(
                condition=Q(refuse_layer=F("accept_layer")) & Q(accept_layer__in=Layer.values),
                name="notice_refusing_stands_beside",
                violation_error_message="Refusing stands on the same layer as accepting.",
            ),
            models.CheckConstraint(
                condition=Q(published_at__isnull=True, published_by="")
                | (Q(published_at__isnull=False) & ~Q(published_by="")),
                name="notice_published_by_someone",
            ),
        ]

    def __str__(self) -> str:
        return self.key

    @property
    def is_published(self) -> bool:
        return self.published_at is not None


class NoticePurpose(models.Model):
    """A purpose that a notice version tells of."""

    version = models.ForeignKey(NoticeVersion, on_delete=models.CASCADE)
    purpose = models.ForeignKey("registry.Purpose", on_delete=models.PROTECT)

    class Meta:
        triggers = [PIECE_STAYS]
        constraints = [
            models.UniqueConstraint(
                fields=["version", "purpose"], name="notice_covers_a_purpose_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.version_id}: {self.purpose_id}"


class NoticeText(PublicModel):
    """What a notice version says in one language, in two layers."""

    version = models.ForeignKey(NoticeVersion, on_delete=models.CASCADE, related_name="texts")
    language = models.CharField(max_length=2)
    title = models.CharField(max_length=120)
    short = models.TextField()
    body = models.TextField()

    class Meta:
        ordering = ["language"]
        triggers = [PIECE_STAYS]
        constraints = [
            models.UniqueConstraint(
                fields=["version", "language"], name="notice_text_once_a_language"
            ),
            models.CheckConstraint(
                condition=Q(language__regex=r"^[a-z]{2}$"), name="notice_language_is_a_code"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.version} ({self.language})"

    @property
    def language_name(self) -> str:
        """The language in words, where we know it."""
        return dict(Language.choices).get(self.language, self.language)

    @property
    def sha256(self) -> str:
        return hashlib.sha256(f"{self.title}\x00{self.short}\x00{self.body}".encode()).hexdigest()


class ServedNotice(PublicModel):
    """A notice version was shown: in which language, where, when; to whom, unless anonymous."""

    version = models.ForeignKey(NoticeVersion, on_delete=models.PROTECT, related_name="servings")
    language = models.CharField(max_length=2)
    component = models.CharField(max_length=8, choices=Component)
    surface = models.CharField(max_length=63, blank=True)
    region = models.CharField(max_length=6, blank=True)
    subject = models.ForeignKey(
        DataSubject, on_delete=models.SET_NULL, null=True, related_name="served_notices"
    )
    served_at = models.DateTimeField()

    class Meta:
        ordering = ["-served_at"]
        indexes = [
            models.Index(fields=["subject", "-served_at"], name="served_notice_by_person"),
            models.Index(fields=["version", "-served_at"], name="served_notice_by_version"),
            models.Index(fields=["served_at"], name="served_notice_age"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(component__in=Component.values), name="served_notice_where_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.version} in {self.language}"


class ServedChoice(models.Model):
    """The choice that followed a served notice; `event` names a consent event."""

    served = models.ForeignKey(ServedNotice, on_delete=models.CASCADE, related_name="choices")
    event = models.UUIDField(unique=True)

    def __str__(self) -> str:
        return f"{self.served_id}: {self.event}"
