"""Imports of choices made elsewhere: which file, and how far it is read."""

import django.db.models.functions.datetime
from django.db import migrations, models

import governance.core.ids


class Migration(migrations.Migration):
    dependencies = [
        ("consent", "0005_append_function"),
    ]

    operations = [
        migrations.CreateModel(
            name="ImportBatch",
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
                ("file_name", models.CharField(max_length=200)),
                ("file_sha256", models.CharField(max_length=64)),
                ("form", models.CharField(max_length=8)),
                ("preset", models.CharField(max_length=40)),
                ("mapping", models.JSONField(default=dict)),
                ("path", models.CharField(max_length=500)),
                ("keep_file", models.BooleanField(default=True)),
                ("dry_run", models.BooleanField(default=False)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("ready", "Waiting"),
                            ("running", "Running"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                        ],
                        default="ready",
                        max_length=10,
                    ),
                ),
                ("problem", models.CharField(blank=True, max_length=400)),
                ("cursor", models.BigIntegerField(default=0)),
                ("line", models.BigIntegerField(default=0)),
                ("chunks", models.PositiveIntegerField(default=0)),
                ("rows", models.PositiveBigIntegerField(default=0)),
                ("applied", models.PositiveBigIntegerField(default=0)),
                ("unchanged", models.PositiveBigIntegerField(default=0)),
                ("without_evidence", models.PositiveBigIntegerField(default=0)),
                ("refused", models.PositiveBigIntegerField(default=0)),
                ("differences", models.JSONField(default=dict)),
                ("errors_size", models.BigIntegerField(default=0)),
                ("started_by", models.CharField(max_length=100)),
                ("finished_at", models.DateTimeField(null=True)),
            ],
            options={
                "ordering": ["-id"],
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["ready", "running", "done", "failed"])),
                        name="import_batch_state_known",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(
                            ("dry_run", False), models.Q(("state", "failed"), _negated=True)
                        ),
                        fields=("file_sha256", "preset"),
                        name="import_batch_file_once",
                    ),
                ],
            },
        ),
    ]
