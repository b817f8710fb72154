"""Django's entry to this room."""

from datetime import timedelta

from django.apps import AppConfig


class OutboxConfig(AppConfig):
    name = "governance.outbox"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from governance.core.ports import (
            DeleteAfter,
            KeepForever,
            register_personal_data_holder,
            register_retention_rule,
        )
        from governance.outbox import receivers  # noqa: F401
        from governance.outbox.personal_data import OutboxNotices

        register_personal_data_holder(OutboxNotices())
        month, done = timedelta(days=30), "done_at IS NOT NULL"
        for rule in (
            DeleteAfter("outbox.OutboxTask", month, "Sent tasks help to find faults.", only=done),
            DeleteAfter("outbox.Delivery", month, "Deliveries help to find faults.", only=done),
            DeleteAfter(
                "outbox.EventRow",
                month,
                "Facts stand in the ledger; news are kept to find faults.",
                only="subscribers = '{}' AND NOT EXISTS (SELECT 1 FROM outbox_delivery"
                " WHERE outbox_delivery.event_id = outbox_eventrow.id)",
            ),
            KeepForever("outbox.WebhookEndpoint", "One row a server that somebody registered."),
            DeleteAfter(
                "outbox.WebhookMessage",
                timedelta(days=90),
                "Shows for three months who was told what, and lets it be sent again.",
                only=done,
            ),
            DeleteAfter(
                "outbox.Notification",
                timedelta(days=180),
                "People look back half a year.",
            ),
            DeleteAfter(
                "outbox.Notice",
                timedelta(days=180),
                "A notice stays as long as its notifications.",
                only="done_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM outbox_notification"
                " WHERE outbox_notification.notice_id = outbox_notice.id)",
            ),
        ):
            register_retention_rule(rule)
