import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

import governance.core.ids


class Migration(migrations.Migration):
    dependencies = [
        ("incidents", "0012_steps_with_parameters"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="AffectedPart",
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
                    "part",
                    models.CharField(
                        choices=[
                            ("system", "Systems"),
                            ("surface", "Surfaces"),
                            ("purpose", "Purposes"),
                            ("version", "Versions"),
                            ("feature", "Features"),
                        ],
                        max_length=8,
                    ),
                ),
                ("key", models.CharField(max_length=130)),
                ("title", models.CharField(max_length=200)),
                ("detail", models.CharField(blank=True, default="", max_length=300)),
                ("sensitive", models.BooleanField(default=False)),
            ],
            options={
                "ordering": ("impact", "part", "key"),
            },
        ),
        migrations.CreateModel(
            name="Impact",
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
                ("episode", models.PositiveSmallIntegerField(default=1)),
                ("since", models.DateTimeField()),
                ("until", models.DateTimeField(null=True)),
                ("asked_at", models.DateTimeField()),
                ("counted_at", models.DateTimeField(null=True)),
                ("counted_until", models.DateTimeField(null=True)),
                (
                    "notes",
                    models.JSONField(
                        default=list, help_text="What a reader of the numbers must know."
                    ),
                ),
            ],
            options={
                "ordering": ("incident", "episode"),
            },
        ),
        migrations.CreateModel(
            name="ImpactFigure",
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
                ("position", models.PositiveSmallIntegerField()),
                (
                    "measure",
                    models.CharField(
                        choices=[
                            ("people", "People personalised for"),
                            ("minors", "of them known to be minors"),
                            ("decisions", "Personalised answers"),
                            ("reach", "People it may personalise for"),
                            ("reach_minors", "of them minors it would serve"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "basis",
                    models.CharField(
                        choices=[
                            ("outputs", "Counted in the outputs that were sent"),
                            ("decision_log", "Estimated from the sampled decision log"),
                            ("consent_state", "By the rules and what people chose"),
                        ],
                        max_length=16,
                    ),
                ),
                ("value", models.PositiveBigIntegerField()),
                ("low", models.PositiveBigIntegerField(null=True)),
                ("high", models.PositiveBigIntegerField(null=True)),
                (
                    "n",
                    models.PositiveBigIntegerField(
                        help_text="How many rows, samples or people it rests on."
                    ),
                ),
                ("note", models.CharField(blank=True, default="", max_length=300)),
            ],
            options={
                "ordering": ("impact", "position"),
            },
        ),
        migrations.CreateModel(
            name="Participant",
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
                    "role",
                    models.CharField(
                        choices=[
                            ("privacy", "Privacy lead or DPO"),
                            ("model_owner", "Model owner"),
                            ("ethics", "Ethics reviewer"),
                            ("communications", "Communications"),
                            ("scribe", "Scribe"),
                            ("observer", "Observer"),
                        ],
                        max_length=16,
                    ),
                ),
                ("assigned_by", models.CharField(max_length=80)),
                ("since", models.DateTimeField()),
                ("until", models.DateTimeField(null=True)),
            ],
            options={
                "ordering": ("incident", "role", "since"),
            },
        ),
        migrations.AddField(
            model_name="incident",
            name="duplicate_of",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="duplicates",
                to="incidents.incident",
            ),
        ),
        migrations.AddConstraint(
            model_name="incident",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("duplicate_of__isnull", True),
                    models.Q(
                        ("state", "duplicate"),
                        models.Q(("duplicate_of", models.F("id")), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="incident_duplicate_of_another",
            ),
        ),
        migrations.AddField(
            model_name="impact",
            name="incident",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="impacts",
                to="incidents.incident",
            ),
        ),
        migrations.AddField(
            model_name="affectedpart",
            name="impact",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="parts",
                to="incidents.impact",
            ),
        ),
        migrations.AddField(
            model_name="impactfigure",
            name="impact",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="figures",
                to="incidents.impact",
            ),
        ),
        migrations.AddField(
            model_name="participant",
            name="incident",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="participants",
                to="incidents.incident",
            ),
        ),
        migrations.AddField(
            model_name="participant",
            name="user",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="incident_roles",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            model_name="impact",
            constraint=models.UniqueConstraint(
                fields=("incident", "episode"), name="impact_once_an_episode"
            ),
        ),
        migrations.AddConstraint(
            model_name="impact",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("counted_at__isnull", True), ("counted_until__isnull", True)),
                    models.Q(("counted_at__isnull", False), ("counted_until__isnull", False)),
                    _connector="OR",
                ),
                name="impact_counted_until_a_moment",
            ),
        ),
        migrations.AddConstraint(
            model_name="affectedpart",
            constraint=models.UniqueConstraint(
                fields=("impact", "part", "key"), name="affected_part_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="impactfigure",
            constraint=models.UniqueConstraint(
                fields=("impact", "measure", "basis"), name="impact_figure_once_a_basis"
            ),
        ),
        migrations.AddConstraint(
            model_name="impactfigure",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("high__isnull", True), ("low__isnull", True)),
                    models.Q(("high__gte", models.F("value")), ("low__lte", models.F("value"))),
                    _connector="OR",
                ),
                name="impact_figure_within_its_interval",
            ),
        ),
        migrations.AddConstraint(
            model_name="participant",
            constraint=models.UniqueConstraint(
                condition=models.Q(("until", None), models.Q(("role", "observer"), _negated=True)),
                fields=("incident", "role"),
                name="participant_one_a_role",
            ),
        ),
        migrations.AddConstraint(
            model_name="participant",
            constraint=models.UniqueConstraint(
                condition=models.Q(("until", None)),
                fields=("incident", "role", "user"),
                name="participant_once_in_a_role",
            ),
        ),
        migrations.AddConstraint(
            model_name="participant",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("until__isnull", True), ("until__gte", models.F("since")), _connector="OR"
                ),
                name="participant_times_in_order",
            ),
        ),
    ]
