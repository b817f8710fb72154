"""What must leave a transaction: tasks, events with their deliveries, notices to people."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from governance.core.models import PublicModel


class Attempted(models.Model):
    """A thing to be carried out later: attempts, the last error, when it is tried again."""

    id = models.BigAutoField(primary_key=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    attempts = models.PositiveIntegerField(default=0)
    last_error = models.TextField(blank=True, default="")
    next_attempt_at = models.DateTimeField(db_default=Now())
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True


class OutboxTask(Attempted):
    """A Celery task to be sent; done when the broker has it."""

    name = models.CharField(max_length=120)
    payload = models.JSONField(default=dict)

    class Meta:
        indexes = [
            models.Index(
                fields=["next_attempt_at", "id"],
                condition=models.Q(done_at__isnull=True),
                name="outbox_task_due",
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.payload}"


class EventRow(models.Model):
    """A domain event as it was announced.

    `subscribers` are those for whom the relay has yet to make a delivery, which empties it.
    """

    id = models.BigAutoField(primary_key=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    name = models.CharField(max_length=80)
    payload = models.JSONField(default=dict)
    subscribers = ArrayField(models.TextField(), default=list, db_default=[])

    class Meta:
        indexes = [
            models.Index(
                fields=["id"], condition=~models.Q(subscribers=[]), name="outbox_event_untold"
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} #{self.pk}"


class Delivery(Attempted):
    """One event for one subscriber; done in the transaction of the subscriber's effect."""

    event = models.ForeignKey(EventRow, on_delete=models.CASCADE, related_name="deliveries")
    subscriber = models.CharField(max_length=160)

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(
                fields=["event", "subscriber"],
                name="outbox_one_delivery_per_subscriber",
            )
        ]
        indexes = [
            models.Index(
                fields=["subscriber", "event"],
                condition=models.Q(done_at__isnull=True),
                name="outbox_delivery_due",
            )
        ]

    def __str__(self) -> str:
        return f"{self.event_id} -> {self.subscriber}"


class Notice(Attempted):
    """A message to people named by reference; done when its notifications stand."""

    recipients = models.JSONField(default=list)
    subject = models.CharField(max_length=200)
    body = models.TextField()
    link = models.CharField(max_length=500, blank=True, default="")
    # Set when the addresses of TACTFUL_NOTIFY_URLS took it; stays empty when there are none.
    announced_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["next_attempt_at", "id"],
                condition=models.Q(done_at__isnull=True),
                name="outbox_notice_due",
            )
        ]

    def __str__(self) -> str:
        return self.subject


class Notification(PublicModel):
    """A notice as one person sees it inside the product."""

    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="notifications")
    recipient = models.CharField(max_length=120)
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta(PublicModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["notice", "recipient"],
                name="outbox_one_notification_per_person",
            )
        ]
        indexes = [
            models.Index(
                fields=["recipient", "-id"],
                condition=models.Q(read_at__isnull=True),
                name="outbox_notification_unread",
            )
        ]

    def __str__(self) -> str:
        return f"{self.recipient}: {self.notice_id}"


from governance.outbox.webhooks.models import WebhookEndpoint, WebhookMessage  # noqa: E402,F401
