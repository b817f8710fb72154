import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import governance.core.ids
import governance.core.models


class Migration(migrations.Migration):
    dependencies = [
        ("incidents", "0007_playbooks_as_data"),
        ("registry", "0004_mechanisms_become_rules"),
    ]

    operations = [
        migrations.CreateModel(
            name="DesiredState",
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
                ("revision", models.PositiveIntegerField(default=1)),
                ("version", models.CharField(blank=True, default="", max_length=63)),
                ("personalises", models.BooleanField()),
                ("since", models.DateTimeField()),
                (
                    "system",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="desired_state",
                        to="registry.system",
                    ),
                ),
            ],
            options={
                "ordering": ("system__key",),
            },
        ),
        migrations.CreateModel(
            name="ServingTarget",
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
                ("key", governance.core.models.KeyField(max_length=63)),
                ("title", models.CharField(max_length=120)),
                ("active", models.BooleanField(default=True)),
                ("served_version", models.CharField(blank=True, default="", max_length=63)),
                ("served_personalised", models.BooleanField(default=False)),
                ("served_at", models.DateTimeField(blank=True, null=True)),
                (
                    "system",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="serving_targets",
                        to="registry.system",
                    ),
                ),
            ],
            options={
                "ordering": ("system__key", "key"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("system", "key"), name="target_key_once_per_system"
                    )
                ],
            },
        ),
    ]
