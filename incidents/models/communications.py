"""Messages about an incident: their texts in versions, who got each, and who can be reached how."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from governance.core.append_only import AppendOnly
from governance.core.models import PublicModel
from incidents.choices import Audience, Channel, CommunicationState, DeliveryState, Stage
from incidents.models.incidents import Incident


class Contact(PublicModel):
    """Somebody outside who is told: an address of Apprise, a webhook endpoint, or by hand."""

    audience = models.CharField(max_length=10, choices=Audience)
    name = models.CharField(max_length=120, blank=True)
    system = models.ForeignKey(
        "registry.System",
        on_delete=models.PROTECT,
        null=True,
        related_name="contacts",
        help_text="Empty: told of incidents of every system.",
    )
    language = models.CharField(max_length=2, default="en")
    channel = models.CharField(max_length=8, choices=Channel)
    address = models.BinaryField(default=b"", help_text="An Apprise address, sealed.")
    endpoint = models.ForeignKey(
        "outbox.WebhookEndpoint", on_delete=models.PROTECT, null=True, related_name="+"
    )
    added_by = models.CharField(max_length=80)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("audience", "name")
        constraints = (
            models.UniqueConstraint(
                fields=("audience", "name"),
                condition=Q(ended_at__isnull=True),
                name="contact_once_per_audience",
            ),
            models.CheckConstraint(
                condition=Q(audience__in=[*Audience.values]) & ~Q(audience=Audience.INTERNAL),
                name="contact_is_outside",
            ),
            models.CheckConstraint(
                condition=Q(channel=Channel.HAND, endpoint__isnull=True)
                | Q(channel=Channel.WEBHOOK, endpoint__isnull=False)
                | Q(channel=Channel.APPRISE, endpoint__isnull=True),
                name="contact_has_what_its_channel_needs",
            ),
        )

    def __str__(self) -> str:
        return self.name or "a contact that was erased"

    @property
    def reference(self) -> str:
        return f"contact:{self.pk}"


class Communication(PublicModel):
    """One message to one audience; sent once, to everybody who is meant, and never changed after.

    `released` is what readers get, as it was frozen when the message was sent.
    """

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="communications")
    number = models.PositiveSmallIntegerField()
    audience = models.CharField(max_length=10, choices=Audience)
    stage = models.CharField(max_length=10, choices=Stage)
    state = models.CharField(
        max_length=10, choices=CommunicationState, default=CommunicationState.DRAFT
    )
    corrects = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="corrections"
    )
    version = models.PositiveSmallIntegerField(default=1)
    prepared_by = models.CharField(max_length=80)
    proposed_by = models.CharField(max_length=80, blank=True, default="")
    proposed_at = models.DateTimeField(null=True)
    returned_because = models.TextField(blank=True, default="")
    approved_by = models.CharField(max_length=80, blank=True, default="")
    sent_by = models.CharField(max_length=80, blank=True, default="")
    sent_at = models.DateTimeField(null=True)
    released = models.JSONField(default=dict)
    sha256 = models.CharField(max_length=64, blank=True, default="")

    class Meta:
        ordering = ("incident", "-number")
        constraints = (
            models.UniqueConstraint(fields=("incident", "number"), name="message_number_once"),
            models.UniqueConstraint(
                fields=("incident", "audience"),
                condition=Q(state__in=["draft", "proposed"]),
                name="message_one_draft_per_audience",
            ),
            models.UniqueConstraint(
                fields=("corrects",),
                condition=~Q(state="discarded") & Q(corrects__isnull=False),
                name="message_corrected_once",
            ),
            models.CheckConstraint(
                condition=Q(state__in=CommunicationState.values), name="message_state_is_known"
            ),
            models.CheckConstraint(
                condition=Q(audience__in=Audience.values), name="message_audience_is_known"
            ),
            models.CheckConstraint(
                condition=Q(stage=Stage.CORRECTION, corrects__isnull=False)
                | (~Q(stage=Stage.CORRECTION) & Q(corrects__isnull=True)),
                name="message_correction_names_what",
            ),
            models.CheckConstraint(
                condition=Q(state="sent", sent_at__isnull=False)
                | (~Q(state="sent") & Q(sent_at__isnull=True)),
                name="message_sent_has_a_time",
            ),
            models.CheckConstraint(
                condition=~Q(state="sent")
                | Q(audience=Audience.INTERNAL)
                | (~Q(approved_by="") & ~Q(approved_by=F("proposed_by"))),
                name="message_outside_needs_two",
            ),
        )

    def __str__(self) -> str:
        return f"{self.incident.reference}, message {self.number}"

    @property
    def reference(self) -> str:
        return f"{self.incident.reference}/{self.number}"

    @property
    def reached(self) -> int:
        """How many recipients it has reached; reads the rows that were fetched along."""
        return sum(one.state == DeliveryState.DELIVERED for one in self.deliveries.all())


class CommunicationText(AppendOnly):
    """One version of a message in one language, as somebody wrote it."""

    communication = models.ForeignKey(Communication, on_delete=models.PROTECT, related_name="texts")
    version = models.PositiveSmallIntegerField()
    language = models.CharField(max_length=2)
    subject = models.CharField(max_length=200)
    body = models.TextField(max_length=8_000)
    written_by = models.CharField(max_length=80)

    class Meta(AppendOnly.Meta):
        ordering = ("communication", "version", "language")
        constraints = (
            models.UniqueConstraint(
                fields=("communication", "version", "language"), name="message_text_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.communication}, version {self.version}, {self.language}"


class CommunicationDelivery(PublicModel):
    """One message and one recipient: there is one such row, so nobody is told twice.

    `recipient` is a reference: `user:<id>`, `contact:<id>`, `page:people` or `page:public`. The
    row's id is the idempotency key of every attempt; `attempts` fences a runner that comes late.
    """

    OPEN: ClassVar[tuple[str, ...]] = (DeliveryState.WAITING,)

    communication = models.ForeignKey(
        Communication, on_delete=models.PROTECT, related_name="deliveries"
    )
    recipient = models.CharField(max_length=80)
    channel = models.CharField(max_length=8, choices=Channel)
    language = models.CharField(max_length=2, default="en")
    state = models.CharField(max_length=10, choices=DeliveryState, default=DeliveryState.WAITING)
    attempts = models.PositiveIntegerField(default=0)
    # Also the lease: whoever takes a row moves it ahead before anything leaves.
    next_attempt_at = models.DateTimeField()
    give_up_at = models.DateTimeField()
    problem = models.CharField(max_length=300, blank=True, default="")
    note = models.CharField(max_length=300, blank=True, default="")
    delivered_at = models.DateTimeField(null=True)
    message = models.ForeignKey(
        "outbox.WebhookMessage", on_delete=models.SET_NULL, null=True, related_name="+"
    )

    class Meta:
        ordering = ("communication", "created_at", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("communication", "recipient"), name="message_once_per_recipient"
            ),
            models.CheckConstraint(
                condition=Q(state__in=DeliveryState.values), name="message_delivery_state_is_known"
            ),
            models.CheckConstraint(
                condition=Q(state="delivered", delivered_at__isnull=False)
                | (~Q(state="delivered") & Q(delivered_at__isnull=True)),
                name="message_delivered_has_a_time",
            ),
        )
        indexes = (
            models.Index(
                fields=("next_attempt_at",),
                condition=Q(state="waiting"),
                name="message_delivery_due",
            ),
            models.Index(fields=("recipient",), name="message_delivery_recipient"),
        )

    def __str__(self) -> str:
        return f"{self.communication_id} to {self.recipient}"


class UpdateReminder(PublicModel):
    """Somebody was told that an audience waits too long for the next word: once per level."""

    incident = models.ForeignKey(
        Incident, on_delete=models.CASCADE, related_name="update_reminders"
    )
    audience = models.CharField(max_length=10, choices=Audience)
    since = models.DateTimeField(help_text="The word, or the report, that the period counts from.")
    level = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ("incident", "audience", "since", "level")
        constraints = (
            models.UniqueConstraint(
                fields=("incident", "audience", "since", "level"), name="update_reminder_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.incident.reference}: {self.audience}, level {self.level}"
