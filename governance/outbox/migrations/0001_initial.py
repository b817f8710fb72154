"""Tasks, events, notices and webhooks.

An event names who is to hear it; the relay makes the deliveries, not the announcing transaction.
"""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import governance.core.ids
from governance.core.tables import CreateTables


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        CreateTables(
            [
                migrations.CreateModel(
                    name="WebhookEndpoint",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=governance.core.ids.uuid7,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        (
                            "created_at",
                            models.DateTimeField(
                                db_default=django.db.models.functions.datetime.Now(), editable=False
                            ),
                        ),
                        ("updated_at", models.DateTimeField(auto_now=True)),
                        ("name", models.CharField(max_length=100, unique=True)),
                        ("url", models.CharField(max_length=500)),
                        (
                            "event_types",
                            models.JSONField(default=list, help_text="Empty: every type."),
                        ),
                        (
                            "signing",
                            models.CharField(
                                choices=[
                                    ("v1", "Shared secret (HMAC-SHA256)"),
                                    ("v1a", "Public key (ed25519)"),
                                ],
                                default="v1",
                                max_length=3,
                            ),
                        ),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("active", "active"),
                                    ("paused", "paused"),
                                    ("gone", "gone"),
                                ],
                                default="active",
                                max_length=10,
                            ),
                        ),
                        ("secret", models.BinaryField()),
                        ("previous_secret", models.BinaryField(null=True)),
                        ("previous_until", models.DateTimeField(null=True)),
                        ("failures", models.PositiveIntegerField(db_default=0, default=0)),
                        ("retry_at", models.DateTimeField(null=True)),
                        ("busy_until", models.DateTimeField(null=True)),
                    ],
                    options={
                        "ordering": ["-id"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("state__in", ["active", "paused", "gone"])),
                                name="webhook_endpoint_state",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("signing__in", ["v1", "v1a"])),
                                name="webhook_endpoint_signing",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="WebhookMessage",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=governance.core.ids.uuid7,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        (
                            "created_at",
                            models.DateTimeField(
                                db_default=django.db.models.functions.datetime.Now(), editable=False
                            ),
                        ),
                        ("updated_at", models.DateTimeField(auto_now=True)),
                        (
                            "endpoint",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="messages",
                                to="outbox.webhookendpoint",
                            ),
                        ),
                        ("event_type", models.CharField(max_length=80)),
                        (
                            "about",
                            models.CharField(blank=True, db_default="", default="", max_length=200),
                        ),
                        ("body", models.TextField()),
                        ("urgent", models.BooleanField(db_default=False, default=False)),
                        (
                            "idempotency_key",
                            models.CharField(blank=True, db_default="", default="", max_length=200),
                        ),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("pending", "waiting"),
                                    ("delivered", "delivered"),
                                    ("failed", "given up"),
                                ],
                                default="pending",
                                max_length=10,
                            ),
                        ),
                        ("attempts", models.PositiveIntegerField(default=0)),
                        ("rung", models.PositiveIntegerField(db_default=0, default=0)),
                        (
                            "next_attempt_at",
                            models.DateTimeField(
                                db_default=django.db.models.functions.datetime.Now()
                            ),
                        ),
                        ("last_attempt_at", models.DateTimeField(null=True)),
                        ("last_took_ms", models.PositiveIntegerField(null=True)),
                        ("last_status", models.PositiveSmallIntegerField(null=True)),
                        ("last_error", models.CharField(blank=True, default="", max_length=300)),
                        ("done_at", models.DateTimeField(null=True)),
                    ],
                    options={
                        "ordering": ["-id"],
                        "indexes": [
                            models.Index(
                                condition=models.Q(("state", "pending")),
                                fields=["endpoint", "-urgent", "created_at"],
                                name="webhook_message_next",
                            ),
                            models.Index(
                                condition=models.Q(
                                    ("state", "pending"), models.Q(("about", ""), _negated=True)
                                ),
                                fields=["endpoint", "about", "created_at"],
                                name="webhook_message_in_order",
                            ),
                            models.Index(
                                fields=["endpoint", "-id"], name="webhook_message_of_endpoint"
                            ),
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("state__in", ["pending", "delivered", "failed"])
                                ),
                                name="webhook_message_state",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("state", "pending"),
                                    ("done_at__isnull", False),
                                    _connector="XOR",
                                ),
                                name="webhook_message_done_once",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("idempotency_key", ""), _negated=True),
                                fields=("endpoint", "idempotency_key"),
                                name="webhook_message_once_a_key",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="OutboxTask",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        (
                            "created_at",
                            models.DateTimeField(
                                db_default=django.db.models.functions.datetime.Now(), editable=False
                            ),
                        ),
                        ("attempts", models.PositiveIntegerField(default=0)),
                        ("last_error", models.TextField(blank=True, default="")),
                        (
                            "next_attempt_at",
                            models.DateTimeField(
                                db_default=django.db.models.functions.datetime.Now()
                            ),
                        ),
                        ("done_at", models.DateTimeField(blank=True, null=True)),
                        ("name", models.CharField(max_length=120)),
                        ("payload", models.JSONField(default=dict)),
                    ],
                    options={
                        "indexes": [
                            models.Index(
                                condition=models.Q(("done_at__isnull", True)),
                                fields=["next_attempt_at", "id"],
                                name="outbox_task_due",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="EventRow",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        (
                            "created_at",
                            models.DateTimeField(
                                db_default=django.db.models.functions.datetime.Now(), editable=False
                            ),
                        ),
                        ("name", models.CharField(max_length=80)),
                        ("payload", models.JSONField(default=dict)),
                        (
                            "subscribers",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.TextField(),
                                db_default=[],
                                default=list,
                                size=None,
                            ),
                        ),
                    ],
                    options={
                        "indexes": [
                            models.Index(
                                condition=models.Q(("subscribers", []), _negated=True),
                                fields=["id"],
                                name="outbox_event_untold",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Delivery",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        (
                            "created_at",
                            models.DateTimeField(
                                db_default=django.db.models.functions.datetime.Now(), editable=False
                            ),
                        ),
                        ("attempts", models.PositiveIntegerField(default=0)),
                        ("last_error", models.TextField(blank=True, default="")),
                        (
                            "next_attempt_at",
                            models.DateTimeField(
                                db_default=django.db.models.functions.datetime.Now()
                            ),
                        ),
                        ("done_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "event",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="deliveries",
                                to="outbox.eventrow",
                            ),
                        ),
                        ("subscriber", models.CharField(max_length=160)),
                    ],
                    options={
                        "verbose_name_plural": "deliveries",
                        "indexes": [
                            models.Index(
                                condition=models.Q(("done_at__isnull", True)),
                                fields=["subscriber", "event"],
                                name="outbox_delivery_due",
                            )
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("event", "subscriber"),
                                name="outbox_one_delivery_per_subscriber",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Notice",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        (
                            "created_at",
                            models.DateTimeField(
                                db_default=django.db.models.functions.datetime.Now(), editable=False
                            ),
                        ),
                        ("attempts", models.PositiveIntegerField(default=0)),
                        ("last_error", models.TextField(blank=True, default="")),
                        (
                            "next_attempt_at",
                            models.DateTimeField(
                                db_default=django.db.models.functions.datetime.Now()
                            ),
                        ),
                        ("done_at", models.DateTimeField(blank=True, null=True)),
                        ("recipients", models.JSONField(default=list)),
                        ("subject", models.CharField(max_length=200)),
                        ("body", models.TextField()),
                        ("link", models.CharField(blank=True, default="", max_length=500)),
                        ("announced_at", models.DateTimeField(blank=True, null=True)),
                    ],
                    options={
                        "indexes": [
                            models.Index(
                                condition=models.Q(("done_at__isnull", True)),
                                fields=["next_attempt_at", "id"],
                                name="outbox_notice_due",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Notification",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=governance.core.ids.uuid7,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        (
                            "created_at",
                            models.DateTimeField(
                                db_default=django.db.models.functions.datetime.Now(), editable=False
                            ),
                        ),
                        ("updated_at", models.DateTimeField(auto_now=True)),
                        (
                            "notice",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="notifications",
                                to="outbox.notice",
                            ),
                        ),
                        ("recipient", models.CharField(max_length=120)),
                        ("read_at", models.DateTimeField(blank=True, null=True)),
                    ],
                    options={
                        "ordering": ["-id"],
                        "indexes": [
                            models.Index(
                                condition=models.Q(("read_at__isnull", True)),
                                fields=["recipient", "-id"],
                                name="outbox_notification_unread",
                            )
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("notice", "recipient"),
                                name="outbox_one_notification_per_person",
                            )
                        ],
                    },
                ),
            ]
        ),
    ]
