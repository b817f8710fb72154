import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

import governance.core.ids


class Migration(migrations.Migration):
    dependencies = [
        ("incidents", "0005_reports_of_harm"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="PostMortem",
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
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "Being written"),
                            ("proposed", "Waits for a second person"),
                            ("frozen", "Frozen"),
                        ],
                        default="draft",
                        max_length=10,
                    ),
                ),
                ("sections", models.JSONField(default=dict, help_text="Section key to text.")),
                (
                    "redacted",
                    models.JSONField(
                        default=dict, help_text="Section key to the text the public reads instead."
                    ),
                ),
                ("revision", models.PositiveIntegerField(default=1)),
                ("due_at", models.DateTimeField()),
                (
                    "visibility",
                    models.CharField(
                        blank=True,
                        choices=[("public", "Published"), ("internal", "Kept internal")],
                        default="",
                        max_length=8,
                    ),
                ),
                ("decision_note", models.TextField(blank=True, default="")),
                ("proposed_by", models.CharField(blank=True, default="", max_length=80)),
                ("confirmed_by", models.CharField(blank=True, default="", max_length=80)),
                ("frozen_at", models.DateTimeField(null=True)),
                ("document", models.JSONField(null=True)),
                ("public_document", models.JSONField(null=True)),
                ("ledger_entry", models.UUIDField(null=True)),
                (
                    "incident",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="post_mortem",
                        to="incidents.incident",
                    ),
                ),
            ],
            options={
                "ordering": ("-frozen_at", "-created_at"),
            },
        ),
        migrations.CreateModel(
            name="PostMortemAction",
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
                ("title", models.CharField(max_length=200)),
                ("due_on", models.DateField()),
                ("verification", models.TextField(help_text="How it will be seen that it worked.")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("done", "Done"),
                            ("verified", "Verified"),
                            ("ineffective", "Did not help"),
                        ],
                        default="open",
                        max_length=12,
                    ),
                ),
                ("evidence", models.TextField(blank=True, default="")),
                ("done_by", models.CharField(blank=True, default="", max_length=80)),
                ("verified_by", models.CharField(blank=True, default="", max_length=80)),
                (
                    "owner",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="post_mortem_actions",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "post_mortem",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="actions",
                        to="incidents.postmortem",
                    ),
                ),
            ],
            options={
                "ordering": ("due_on", "created_at"),
            },
        ),
        migrations.AddConstraint(
            model_name="postmortem",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["draft", "proposed", "frozen"])),
                name="post_mortem_state_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="postmortem",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "frozen"), _negated=True),
                    models.Q(
                        ("frozen_at__isnull", False),
                        ("document__isnull", False),
                        ("ledger_entry__isnull", False),
                        models.Q(("visibility", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="post_mortem_frozen_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="postmortem",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("confirmed_by", ""),
                    models.Q(("confirmed_by", models.F("proposed_by")), _negated=True),
                    _connector="OR",
                ),
                name="post_mortem_by_two_people",
            ),
        ),
        migrations.AddConstraint(
            model_name="postmortem",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("public_document__isnull", True), ("visibility", "public"), _connector="OR"
                ),
                name="post_mortem_public_by_decision",
            ),
        ),
        migrations.AddConstraint(
            model_name="postmortemaction",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["open", "done", "verified", "ineffective"])),
                name="action_state_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="postmortemaction",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ["verified", "ineffective"]), _negated=True),
                    models.Q(
                        models.Q(("evidence", ""), _negated=True),
                        models.Q(("verified_by", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="action_verified_with_evidence",
            ),
        ),
        migrations.AddConstraint(
            model_name="postmortemaction",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("verified_by", ""),
                    models.Q(("verified_by", models.F("done_by")), _negated=True),
                    _connector="OR",
                ),
                name="action_verified_by_another",
            ),
        ),
    ]
