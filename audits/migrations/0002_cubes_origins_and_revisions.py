import datetime

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

import governance.core.ids


class Migration(migrations.Migration):
    dependencies = [
        ("audits", "0001_initial"),
        ("registry", "0004_mechanisms_become_rules"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="RunCube",
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
                ("method", models.CharField(max_length=100)),
                (
                    "format",
                    models.CharField(
                        help_text="Of the packed bytes, with its version.", max_length=40
                    ),
                ),
                ("data", models.BinaryField()),
                ("cells", models.PositiveIntegerField()),
                ("subjects", models.PositiveBigIntegerField()),
                ("sha256", models.CharField(max_length=64)),
                (
                    "panel",
                    models.JSONField(
                        blank=True,
                        help_text="Sums over people who were in the window before too.",
                        null=True,
                    ),
                ),
            ],
            options={
                "ordering": ["-created_at", "-id"],
            },
        ),
        migrations.AddField(
            model_name="plan",
            name="cron",
            field=models.CharField(
                blank=True,
                default="",
                help_text="When windows begin, in the plan's zone; empty: one every `every`.",
                max_length=120,
            ),
        ),
        migrations.AddField(
            model_name="plan",
            name="metric_choice",
            field=models.JSONField(
                blank=True,
                default=dict,
                help_text="What the metric chooser was told, and why it chose.",
            ),
        ),
        migrations.AddField(
            model_name="plan",
            name="preset",
            field=models.CharField(blank=True, default="", max_length=60),
        ),
        migrations.AddField(
            model_name="plan",
            name="revision",
            field=models.PositiveIntegerField(default=1),
        ),
        migrations.AddField(
            model_name="plan",
            name="suppress_below",
            field=models.PositiveIntegerField(
                default=10, help_text="Cells of fewer subjects are not shown."
            ),
        ),
        migrations.AddField(
            model_name="plan",
            name="time_limit",
            field=models.DurationField(
                default=datetime.timedelta(seconds=1800),
                help_text="A run that takes longer is stopped.",
            ),
        ),
        migrations.AddField(
            model_name="plan",
            name="vault_attributes",
            field=models.JSONField(
                blank=True,
                default=list,
                help_text="Protected attributes joined from the vault while a run computes.",
            ),
        ),
        migrations.AddField(
            model_name="plan",
            name="weight",
            field=models.CharField(
                choices=[("light", "Light"), ("heavy", "Heavy")],
                default="light",
                help_text="Heavy audits wait in a queue of their own.",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="run",
            name="plan_revision",
            field=models.PositiveIntegerField(default=1),
        ),
        migrations.AddField(
            model_name="source",
            name="checked_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="source",
            name="location",
            field=models.JSONField(
                blank=True, default=dict, help_text="Where the rows are; no secret stands here."
            ),
        ),
        migrations.AddField(
            model_name="source",
            name="origin",
            field=models.CharField(
                choices=[
                    ("pushed", "Sent here"),
                    ("files", "A folder or a pattern of files"),
                    ("s3", "An S3 bucket"),
                    ("postgresql", "A PostgreSQL table"),
                    ("spark", "A Spark table"),
                    ("cube", "An aggregated cube"),
                ],
                default="pushed",
                max_length=20,
            ),
        ),
        migrations.AddField(
            model_name="source",
            name="problem",
            field=models.TextField(blank=True, default="", help_text="Why the last look failed."),
        ),
        migrations.AddField(
            model_name="source",
            name="secret",
            field=models.TextField(
                blank=True, default="", help_text="The credential of the place, encrypted."
            ),
        ),
        migrations.AddConstraint(
            model_name="plan",
            constraint=models.CheckConstraint(
                condition=models.Q(("weight__in", ["light", "heavy"])), name="plan_weight_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="plan",
            constraint=models.CheckConstraint(
                condition=models.Q(("time_limit__gt", datetime.timedelta(0))),
                name="plan_time_limit_positive",
            ),
        ),
        migrations.AddConstraint(
            model_name="source",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("origin__in", ["pushed", "files", "s3", "postgresql", "spark", "cube"])
                ),
                name="source_origin_known",
            ),
        ),
        migrations.AddField(
            model_name="runcube",
            name="run",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE, related_name="cube", to="audits.run"
            ),
        ),
    ]
