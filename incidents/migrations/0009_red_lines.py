import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import governance.core.ids


class Migration(migrations.Migration):
    dependencies = [
        ("incidents", "0008_serving_targets"),
        ("registry", "0004_mechanisms_become_rules"),
    ]

    operations = [
        migrations.CreateModel(
            name="RedLine",
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
                ("signal_key", models.CharField(max_length=160)),
                (
                    "scope_key",
                    models.CharField(help_text="Of what the signal speaks.", max_length=160),
                ),
                (
                    "op",
                    models.CharField(
                        help_text=">= or <=: where the line is crossed.", max_length=2
                    ),
                ),
                ("bound", models.FloatField()),
                (
                    "crossing",
                    models.CharField(
                        choices=[
                            ("open_incident", "Open an incident; people decide on containment"),
                            ("contain", "Open an incident and contain it at once"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("privacy_violation", "Privacy violation"),
                            ("algorithmic_bias", "Algorithmic bias"),
                            ("opacity", "Opacity"),
                            ("manipulation", "Manipulation"),
                            ("consent_erosion", "Consent erosion"),
                        ],
                        max_length=24,
                    ),
                ),
                (
                    "severity",
                    models.CharField(
                        choices=[
                            ("s1", "S1: serious harm goes on"),
                            ("s2", "S2: a limit is breached and people are affected"),
                            ("s3", "S3: contained, or one group over a limit"),
                            ("s4", "S4: near miss"),
                        ],
                        max_length=2,
                    ),
                ),
                ("reason", models.TextField()),
                ("drawn_by", models.CharField(max_length=80)),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True)),
                ("withdrawn_by", models.CharField(blank=True, default="", max_length=80)),
                ("withdrawn_because", models.TextField(blank=True, default="")),
                (
                    "system",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="red_lines",
                        to="registry.system",
                    ),
                ),
            ],
            options={
                "ordering": ("system__key", "signal_key", "created_at"),
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("withdrawn_at__isnull", True)),
                        fields=("system", "signal_key", "scope_key", "op"),
                        name="red_line_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("op__in", [">=", "<="])), name="red_line_op_is_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("withdrawn_at__isnull", True),
                            models.Q(("withdrawn_because", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="red_line_withdrawn_with_a_reason",
                    ),
                ],
            },
        ),
    ]
