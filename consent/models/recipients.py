"""Who received data for a purpose, how each names a person, and what each was told."""

from __future__ import annotations

from django.db import models

from governance.core.models import PublicModel


class NoticeKind(models.TextChoices):
    """What a recipient is told."""

    WITHDRAWN = "withdrawn", "consent withdrawn"
    ERASED = "erased", "person erased"


class Recipient(PublicModel):
    """A company that received data for some purposes and must act when a person says no."""

    name = models.CharField(max_length=100, unique=True)
    purposes = models.ManyToManyField("registry.Purpose", related_name="recipients")
    endpoint = models.ForeignKey(
        "outbox.WebhookEndpoint", on_delete=models.PROTECT, related_name="+"
    )
    confirm_hours = models.PositiveIntegerField(default=72)
    ended_at = models.DateTimeField(null=True)

    class Meta(PublicModel.Meta):
        constraints = [
            models.CheckConstraint(
                condition=models.Q(confirm_hours__gte=1, confirm_hours__lte=720),
                name="recipient_confirms_within_a_month",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class RecipientPerson(PublicModel):
    """How a recipient names a person, where it was given another name than the pseudonym."""

    recipient = models.ForeignKey(Recipient, on_delete=models.CASCADE, related_name="people")
    subject_pseudonym = models.CharField(max_length=64)
    own_id = models.CharField(max_length=200)

    class Meta(PublicModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["recipient", "subject_pseudonym"], name="recipient_names_a_person_once"
            ),
        ]

    def __str__(self) -> str:
        return self.own_id


class RecipientNotice(PublicModel):
    """One recipient told of one person's no; open until it confirms."""

    recipient = models.ForeignKey(Recipient, on_delete=models.PROTECT, related_name="notices")
    kind = models.CharField(max_length=10, choices=NoticeKind.choices)
    purpose_key = models.CharField(max_length=63, blank=True, default="")
    subject_pseudonym = models.CharField(max_length=64, blank=True)  # empty after erasure
    message = models.ForeignKey(
        "outbox.WebhookMessage", null=True, on_delete=models.SET_NULL, related_name="+"
    )
    code_hash = models.BinaryField()
    confirm_by = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)

    class Meta(PublicModel.Meta):
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=NoticeKind.values), name="recipient_notice_kind"
            ),
        ]
        indexes = [
            models.Index(
                fields=["confirm_by"],
                condition=models.Q(confirmed_at__isnull=True),
                name="recipient_notice_open",
            ),
            models.Index(fields=["subject_pseudonym"], name="recipient_notice_person"),
        ]

    def __str__(self) -> str:
        return f"{self.recipient_id} {self.kind}"
