"""Plans of drills, each time one was run with its report, and the targets that took part."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import governance.core.ids


class Migration(migrations.Migration):
    dependencies = [
        ("incidents", "0015_communications"),
        ("registry", "0004_mechanisms_become_rules"),
    ]

    operations = [
        migrations.CreateModel(
            name="DrillPlan",
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
                ("title", models.CharField(max_length=160)),
                ("scenario", models.TextField(max_length=4000)),
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
                (
                    "unattended",
                    models.BooleanField(
                        help_text="The containment runs by itself, as after an alert; else a person decides."
                    ),
                ),
                ("roles", models.JSONField(help_text="Who should respond.")),
                ("acknowledge_seconds", models.PositiveIntegerField()),
                ("notify_seconds", models.PositiveIntegerField()),
                ("confirm_seconds", models.PositiveIntegerField()),
                ("release_seconds", models.PositiveIntegerField()),
                (
                    "every",
                    models.CharField(
                        choices=[
                            ("once", "Once"),
                            ("quarterly", "Every quarter"),
                            ("yearly", "Every year"),
                        ],
                        max_length=10,
                    ),
                ),
                ("due_on", models.DateField(null=True)),
                ("planned_by", models.CharField(max_length=80)),
                ("retired_at", models.DateTimeField(null=True)),
                ("retired_by", models.CharField(blank=True, default="", max_length=80)),
                (
                    "stands_for",
                    models.ForeignKey(
                        help_text="The system that serves people and that this one rehearses for.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="rehearsed_by",
                        to="registry.system",
                    ),
                ),
                (
                    "system",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="drill_plans",
                        to="registry.system",
                    ),
                ),
            ],
            options={
                "ordering": ("system__key", "created_at"),
            },
        ),
        migrations.CreateModel(
            name="Drill",
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
                ("number", models.PositiveIntegerField(editable=False, unique=True)),
                ("started_by", models.CharField(max_length=80)),
                ("started_at", models.DateTimeField()),
                ("reminded_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("ended_by", models.CharField(blank=True, default="", max_length=80)),
                (
                    "verdict",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("passed", "Passed"),
                            ("failed", "Failed"),
                            ("called_off", "Called off"),
                        ],
                        default="",
                        max_length=10,
                    ),
                ),
                ("report", models.JSONField(null=True)),
                ("sha256", models.CharField(blank=True, default="", max_length=64)),
                (
                    "called_off_for",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="called_off_drills",
                        to="incidents.incident",
                    ),
                ),
                (
                    "incident",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="rehearsal",
                        to="incidents.incident",
                    ),
                ),
                (
                    "served_before",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="registry.modelversion",
                    ),
                ),
                (
                    "system",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="drills",
                        to="registry.system",
                    ),
                ),
                (
                    "plan",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="drills",
                        to="incidents.drillplan",
                    ),
                ),
            ],
            options={
                "ordering": ("-number",),
            },
        ),
        migrations.CreateModel(
            name="DrillTarget",
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
                ("confirmed_at", models.DateTimeField(null=True)),
                (
                    "drill",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="targets",
                        to="incidents.drill",
                    ),
                ),
                (
                    "target",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="drills",
                        to="incidents.servingtarget",
                    ),
                ),
            ],
            options={
                "ordering": ("drill", "target__key"),
            },
        ),
        migrations.AddConstraint(
            model_name="drillplan",
            constraint=models.CheckConstraint(
                condition=models.Q(("every__in", ["once", "quarterly", "yearly"])),
                name="drill_plan_every_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="drillplan",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("acknowledge_seconds__gt", 0),
                    ("confirm_seconds__gt", 0),
                    ("notify_seconds__gt", 0),
                    ("release_seconds__gt", 0),
                ),
                name="drill_plan_allows_some_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="drillplan",
            constraint=models.CheckConstraint(
                condition=models.Q(("every", "once"), ("due_on__isnull", False), _connector="OR"),
                name="drill_plan_repeated_is_due",
            ),
        ),
        migrations.AddConstraint(
            model_name="drill",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at__isnull", True)),
                fields=("system",),
                name="drill_one_at_a_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="drill",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("ended_at__isnull", True),
                        ("report__isnull", True),
                        ("sha256", ""),
                        ("verdict", ""),
                    ),
                    models.Q(
                        ("ended_at__isnull", False),
                        ("report__isnull", False),
                        ("verdict__in", ["passed", "failed", "called_off"]),
                        models.Q(("sha256", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="drill_ends_with_its_report",
            ),
        ),
        migrations.AddConstraint(
            model_name="drilltarget",
            constraint=models.UniqueConstraint(
                fields=("drill", "target"), name="drill_target_once"
            ),
        ),
    ]
