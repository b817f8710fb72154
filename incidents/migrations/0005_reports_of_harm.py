import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import governance.core.ids


class Migration(migrations.Migration):
    dependencies = [
        ("incidents", "0004_escalations"),
        ("registry", "0004_mechanisms_become_rules"),
    ]

    operations = [
        migrations.CreateModel(
            name="HarmReport",
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
                (
                    "reporter",
                    models.CharField(
                        choices=[
                            ("staff", "A colleague"),
                            ("person", "Somebody who is personalised for"),
                            ("researcher", "A researcher or journalist"),
                            ("supplier", "A supplier or creator"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "reported_by",
                    models.CharField(
                        blank=True,
                        default="",
                        help_text="Empty: whoever it was stays unnamed.",
                        max_length=80,
                    ),
                ),
                ("contact", models.EmailField(blank=True, default="", max_length=254)),
                ("title", models.CharField(max_length=200)),
                ("text", models.TextField(max_length=8000)),
                (
                    "kind",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("privacy_violation", "Privacy violation"),
                            ("algorithmic_bias", "Algorithmic bias"),
                            ("opacity", "Opacity"),
                            ("manipulation", "Manipulation"),
                            ("consent_erosion", "Consent erosion"),
                        ],
                        default="",
                        max_length=24,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("new", "Waits for a decision"),
                            ("dismissed", "Dismissed"),
                            ("merged", "Added to an incident"),
                            ("incident", "Became an incident"),
                        ],
                        default="new",
                        max_length=10,
                    ),
                ),
                ("triage_due_at", models.DateTimeField()),
                ("decided_at", models.DateTimeField(null=True)),
                ("decided_by", models.CharField(blank=True, default="", max_length=80)),
                (
                    "dismissal",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("false_positive", "It did not happen"),
                            ("benign", "It happened and harms nobody"),
                            ("duplicate", "It is known already"),
                            ("insufficient_info", "Too little is known, and nobody can be asked"),
                            ("policy_violation", "A breach of policy that is handled elsewhere"),
                            ("operational_error", "A fault of operation without harm"),
                        ],
                        default="",
                        max_length=20,
                    ),
                ),
                ("note", models.TextField(blank=True, default="")),
                (
                    "incident",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reports",
                        to="incidents.incident",
                    ),
                ),
                (
                    "system",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="harm_reports",
                        to="registry.system",
                    ),
                ),
            ],
            options={
                "ordering": ("-number",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["new", "dismissed", "merged", "incident"])
                        ),
                        name="report_state_is_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("decided_at__isnull", True), ("state", "new")),
                            models.Q(
                                models.Q(("state", "new"), _negated=True),
                                ("decided_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="report_decided_has_a_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "dismissed"), _negated=True),
                            models.Q(
                                models.Q(("dismissal", ""), _negated=True),
                                models.Q(("note", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="report_dismissed_with_a_reason",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("incident__isnull", False),
                            models.Q(("state__in", ["merged", "incident"]), _negated=True),
                            _connector="OR",
                        ),
                        name="report_accepted_has_an_incident",
                    ),
                ],
            },
        ),
    ]
