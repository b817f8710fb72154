"""Endpoints that want news, and each message to each of them as a row."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from governance.core.models import PublicModel


class Signing(models.TextChoices):
    """How messages are signed, in Standard Webhooks' versions."""

    HMAC = "v1", "Shared secret (HMAC-SHA256)"
    ED25519 = "v1a", "Public key (ed25519)"


class EndpointState(models.TextChoices):
    ACTIVE = "active", "active"
    PAUSED = "paused", "paused"
    GONE = "gone", "gone"


class MessageState(models.TextChoices):
    PENDING = "pending", "waiting"
    DELIVERED = "delivered", "delivered"
    FAILED = "failed", "given up"


class WebhookEndpoint(PublicModel):
    """A server that is told; its secrets are sealed under the field key."""

    name = models.CharField(max_length=100, unique=True)
    url = models.CharField(max_length=500)
    event_types = models.JSONField(default=list, help_text="Empty: every type.")
    signing = models.CharField(max_length=3, choices=Signing.choices, default=Signing.HMAC)
    state = models.CharField(
        max_length=10, choices=EndpointState.choices, default=EndpointState.ACTIVE
    )
    secret = models.BinaryField()
    previous_secret = models.BinaryField(null=True)
    previous_until = models.DateTimeField(null=True)
    # How often in a row the server did not answer, and until when ordinary messages therefore wait.
    failures = models.PositiveIntegerField(default=0, db_default=0)
    retry_at = models.DateTimeField(null=True)
    # One sender at a time: whoever sends to this endpoint holds it until then.
    busy_until = models.DateTimeField(null=True)

    class Meta(PublicModel.Meta):
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=EndpointState.values), name="webhook_endpoint_state"
            ),
            models.CheckConstraint(
                condition=models.Q(signing__in=Signing.values), name="webhook_endpoint_signing"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def wants(self, event_type: str) -> bool:
        return not self.event_types or event_type in self.event_types


class WebhookMessage(PublicModel):
    """One message to one endpoint; its id is the `webhook-id` of every attempt.

    `attempts` counts for ever and is the fence of a sender; `rung` is the place on the ladder of
    waits. An idempotency key makes a second order the same message, and says that somebody waits
    for the outcome.
    """

    endpoint = models.ForeignKey(WebhookEndpoint, on_delete=models.CASCADE, related_name="messages")
    event_type = models.CharField(max_length=80)
    # CloudEvents' subject: what the message is about, never a person.
    about = models.CharField(max_length=200, blank=True, default="", db_default="")
    body = models.TextField()
    urgent = models.BooleanField(default=False, db_default=False)
    idempotency_key = models.CharField(max_length=200, blank=True, default="", db_default="")
    state = models.CharField(
        max_length=10, choices=MessageState.choices, default=MessageState.PENDING
    )
    attempts = models.PositiveIntegerField(default=0)
    rung = models.PositiveIntegerField(default=0, db_default=0)
    next_attempt_at = models.DateTimeField(db_default=Now())
    last_attempt_at = models.DateTimeField(null=True)
    last_took_ms = models.PositiveIntegerField(null=True)
    last_status = models.PositiveSmallIntegerField(null=True)
    last_error = models.CharField(max_length=300, blank=True, default="")
    done_at = models.DateTimeField(null=True)

    class Meta(PublicModel.Meta):
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=MessageState.values), name="webhook_message_state"
            ),
            models.CheckConstraint(
                condition=models.Q(state="pending") ^ models.Q(done_at__isnull=False),
                name="webhook_message_done_once",
            ),
            models.UniqueConstraint(
                fields=["endpoint", "idempotency_key"],
                condition=~models.Q(idempotency_key=""),
                name="webhook_message_once_a_key",
            ),
        ]
        indexes = [
            models.Index(
                fields=["endpoint", "-urgent", "created_at"],
                condition=models.Q(state="pending"),
                name="webhook_message_next",
            ),
            models.Index(
                fields=["endpoint", "about", "created_at"],
                condition=models.Q(state="pending") & ~models.Q(about=""),
                name="webhook_message_in_order",
            ),
            models.Index(fields=["endpoint", "-id"], name="webhook_message_of_endpoint"),
        ]

    def __str__(self) -> str:
        return f"{self.event_type} to {self.endpoint_id}"
