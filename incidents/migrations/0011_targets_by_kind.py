import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import governance.core.ids


class Migration(migrations.Migration):
    dependencies = [
        ("incidents", "0010_drills_are_marked"),
        ("outbox", "0004_hand_out_later"),
        ("registry", "0004_mechanisms_become_rules"),
    ]

    operations = [
        migrations.CreateModel(
            name="TargetOrder",
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
                ("revision", models.PositiveIntegerField()),
                ("version", models.CharField(blank=True, default="", max_length=63)),
                ("personalises", models.BooleanField()),
                ("incident_reference", models.CharField(blank=True, default="", max_length=20)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "To be carried out"),
                            ("applied", "Carried out, waits for the target's word"),
                            ("confirmed", "Confirmed"),
                            ("given_up", "Given up, waits for people"),
                            ("superseded", "Replaced by a newer one"),
                        ],
                        default="pending",
                        max_length=10,
                    ),
                ),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("rung", models.PositiveIntegerField(default=0)),
                ("lease_until", models.DateTimeField(blank=True, null=True)),
                (
                    "next_attempt_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                ("give_up_at", models.DateTimeField()),
                ("last_error", models.CharField(blank=True, default="", max_length=500)),
                ("alias_before", models.CharField(blank=True, default="", max_length=63)),
                ("applied_at", models.DateTimeField(blank=True, null=True)),
                ("done_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["-id"],
                "abstract": False,
            },
        ),
        migrations.AddField(
            model_name="servingtarget",
            name="alias",
            field=models.CharField(blank=True, db_default="", default="", max_length=100),
        ),
        migrations.AddField(
            model_name="servingtarget",
            name="alias_read_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="servingtarget",
            name="alias_reads",
            field=models.CharField(blank=True, db_default="", default="", max_length=63),
        ),
        migrations.AddField(
            model_name="servingtarget",
            name="endpoint",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="serving_targets",
                to="outbox.webhookendpoint",
            ),
        ),
        migrations.AddField(
            model_name="servingtarget",
            name="for_drills",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="servingtarget",
            name="kind",
            field=models.CharField(
                choices=[
                    ("ofrep", "Asks over OFREP"),
                    ("stream", "Asks over OFREP and listens to the stream"),
                    ("webhook", "Is told by webhook"),
                    ("mlflow", "Loads an MLflow alias"),
                ],
                db_default="ofrep",
                default="ofrep",
                max_length=8,
            ),
        ),
        migrations.AddField(
            model_name="servingtarget",
            name="model_name",
            field=models.CharField(blank=True, db_default="", default="", max_length=200),
        ),
        migrations.AddField(
            model_name="servingtarget",
            name="reports_itself",
            field=models.BooleanField(db_default=True, default=True),
        ),
        migrations.AddField(
            model_name="servingtarget",
            name="served_revision",
            field=models.PositiveIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="servingtarget",
            name="tracking_secret",
            field=models.BinaryField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="servingtarget",
            name="tracking_url",
            field=models.CharField(blank=True, db_default="", default="", max_length=300),
        ),
        migrations.AddConstraint(
            model_name="servingtarget",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["ofrep", "stream", "webhook", "mlflow"])),
                name="target_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="servingtarget",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("endpoint__isnull", False), ("kind", "webhook")),
                    models.Q(
                        models.Q(("kind", "webhook"), _negated=True), ("endpoint__isnull", True)
                    ),
                    _connector="OR",
                ),
                name="target_webhook_has_endpoint",
            ),
        ),
        migrations.AddConstraint(
            model_name="servingtarget",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("kind", "mlflow"),
                        models.Q(("tracking_url", ""), _negated=True),
                        models.Q(("model_name", ""), _negated=True),
                        models.Q(("alias", ""), _negated=True),
                    ),
                    models.Q(
                        models.Q(("kind", "mlflow"), _negated=True),
                        ("alias", ""),
                        ("model_name", ""),
                        ("tracking_secret__isnull", True),
                        ("tracking_url", ""),
                    ),
                    _connector="OR",
                ),
                name="target_mlflow_has_alias",
            ),
        ),
        migrations.AddConstraint(
            model_name="servingtarget",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind", "mlflow"), ("reports_itself", True), _connector="OR"),
                name="target_without_alias_reports",
            ),
        ),
        migrations.AddField(
            model_name="targetorder",
            name="message",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="orders",
                to="outbox.webhookmessage",
            ),
        ),
        migrations.AddField(
            model_name="targetorder",
            name="target",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="orders",
                to="incidents.servingtarget",
            ),
        ),
        migrations.AddIndex(
            model_name="targetorder",
            index=models.Index(
                condition=models.Q(("state", "pending")),
                fields=["next_attempt_at"],
                name="target_order_due",
            ),
        ),
        migrations.AddConstraint(
            model_name="targetorder",
            constraint=models.UniqueConstraint(
                fields=("target", "revision"), name="target_order_once_a_revision"
            ),
        ),
        migrations.AddConstraint(
            model_name="targetorder",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ("pending", "applied", "given_up"))),
                fields=("target",),
                name="target_order_one_in_force",
            ),
        ),
        migrations.AddConstraint(
            model_name="targetorder",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["pending", "applied", "confirmed", "given_up", "superseded"])
                ),
                name="target_order_state_known",
            ),
        ),
    ]
