import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import governance.core.ids


class Migration(migrations.Migration):
    dependencies = [
        ("incidents", "0003_episodes"),
    ]

    operations = [
        migrations.AlterField(
            model_name="timelineentry",
            name="kind",
            field=models.CharField(
                choices=[
                    ("opened", "Opened"),
                    ("evidence", "Evidence"),
                    ("state", "State"),
                    ("step", "Step"),
                    ("note", "Note"),
                    ("clock", "Clock of law"),
                    ("escalate", "Escalation"),
                ],
                max_length=8,
            ),
        ),
        migrations.CreateModel(
            name="Escalation",
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
                ("episode", models.PositiveSmallIntegerField()),
                ("level", models.PositiveSmallIntegerField()),
                ("roles", models.JSONField()),
                ("due_at", models.DateTimeField()),
                ("told_at", models.DateTimeField(null=True)),
                ("dropped_at", models.DateTimeField(null=True)),
                (
                    "incident",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="escalations",
                        to="incidents.incident",
                    ),
                ),
            ],
            options={
                "ordering": ("incident", "episode", "level"),
                "indexes": [
                    models.Index(
                        condition=models.Q(("dropped_at", None), ("told_at", None)),
                        fields=["due_at"],
                        name="escalation_waiting",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("incident", "episode", "level"), name="escalation_rung_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("told_at__isnull", True), ("dropped_at__isnull", True), _connector="OR"
                        ),
                        name="escalation_told_or_dropped",
                    ),
                ],
            },
        ),
    ]
