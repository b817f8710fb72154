import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

import governance.core.ids


def name_the_verifier(apps, schema_editor):
    """Findings verified before this rule say so: nobody else was asked for."""
    earlier = apps.get_model("audits", "Finding").objects.filter(state="verified")
    earlier.update(verified_by="system:audits")
    earlier.filter(note="").update(note="Verified before a run or a second person was asked for.")


class Migration(migrations.Migration):
    dependencies = [
        ("audits", "0006_alerts"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Remediation",
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
                    "kind",
                    models.CharField(
                        choices=[
                            ("model", "Change the model or its objective"),
                            ("data", "Change the data it learns from"),
                            ("serving", "Change how results are served"),
                            ("version", "Serve another version"),
                            ("limit_use", "Use it in fewer places"),
                            ("process", "Change how people work with it"),
                            ("other", "Something else"),
                        ],
                        max_length=20,
                    ),
                ),
                ("description", models.TextField()),
                ("due_at", models.DateTimeField(blank=True, null=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("planned", "Planned"),
                            ("under_way", "Under way"),
                            ("done", "Done"),
                            ("dropped", "Dropped"),
                        ],
                        default="planned",
                        max_length=20,
                    ),
                ),
                ("note", models.TextField(blank=True, default="")),
                ("planned_by", models.CharField(max_length=120)),
                ("done_at", models.DateTimeField(blank=True, null=True)),
                ("measured_run", models.UUIDField(blank=True, null=True)),
                ("after_value", models.FloatField(blank=True, null=True)),
                ("after_low", models.FloatField(blank=True, null=True)),
                ("after_high", models.FloatField(blank=True, null=True)),
                ("after_n", models.PositiveBigIntegerField(blank=True, null=True)),
                ("after_verdict", models.CharField(blank=True, default="", max_length=20)),
            ],
            options={
                "ordering": ["created_at", "id"],
            },
        ),
        migrations.AddField(
            model_name="finding",
            name="fixed_by",
            field=models.CharField(blank=True, default="", max_length=120),
        ),
        migrations.AddField(
            model_name="finding",
            name="verified_by",
            field=models.CharField(blank=True, default="", max_length=120),
        ),
        migrations.AddField(
            model_name="finding",
            name="verified_run",
            field=models.UUIDField(
                blank=True,
                help_text="The later run that passed on the same measurement.",
                null=True,
            ),
        ),
        migrations.RunPython(name_the_verifier, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="finding",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "verified"), _negated=True),
                    ("verified_run__isnull", False),
                    models.Q(
                        models.Q(("verified_by", ""), _negated=True),
                        models.Q(("verified_by", models.F("fixed_by")), _negated=True),
                        models.Q(("note", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="finding_verified_by_run_or_second_person",
            ),
        ),
        migrations.AddField(
            model_name="remediation",
            name="finding",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="remediations",
                to="audits.finding",
            ),
        ),
        migrations.AddConstraint(
            model_name="remediation",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["planned", "under_way", "done", "dropped"])),
                name="remediation_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="remediation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        ["model", "data", "serving", "version", "limit_use", "process", "other"],
                    )
                ),
                name="remediation_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="remediation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("done_at__isnull", False), ("state", "done")),
                    models.Q(models.Q(("state", "done"), _negated=True), ("done_at__isnull", True)),
                    _connector="OR",
                ),
                name="remediation_done_iff_dated",
            ),
        ),
        migrations.AddConstraint(
            model_name="remediation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("measured_run__isnull", True), ("state", "done"), _connector="OR"
                ),
                name="remediation_measured_when_done",
            ),
        ),
    ]
