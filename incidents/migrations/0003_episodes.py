import django.db.models.deletion
import django.db.models.functions.datetime
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

import governance.core.append_only


class Migration(migrations.Migration):
    dependencies = [
        ("incidents", "0002_clocks_of_law"),
    ]

    operations = [
        migrations.CreateModel(
            name="Episode",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=governance.core.append_only.DatabaseUuid7(),
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("number", models.PositiveSmallIntegerField()),
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
                ("reopened_because", models.TextField()),
                ("started_at", models.DateTimeField(null=True)),
                ("detected_at", models.DateTimeField()),
                ("reported_at", models.DateTimeField()),
                ("acknowledged_at", models.DateTimeField(null=True)),
                ("containment_requested_at", models.DateTimeField(null=True)),
                ("contained_at", models.DateTimeField(null=True)),
                ("verified_at", models.DateTimeField(null=True)),
                ("mitigated_at", models.DateTimeField(null=True)),
                ("resolved_at", models.DateTimeField(null=True)),
                ("closed_at", models.DateTimeField(null=True)),
            ],
            options={
                "ordering": ("incident", "number"),
                "abstract": False,
            },
        ),
        migrations.AlterModelOptions(
            name="incidentstep",
            options={"ordering": ("incident", "episode", "position")},
        ),
        migrations.RemoveConstraint(
            model_name="incidentstep",
            name="step_position_once",
        ),
        migrations.AddField(
            model_name="incident",
            name="containment_requested_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="incident",
            name="episode",
            field=models.PositiveSmallIntegerField(default=1),
        ),
        migrations.AddField(
            model_name="incidentstep",
            name="episode",
            field=models.PositiveSmallIntegerField(default=1),
        ),
        migrations.AddConstraint(
            model_name="incidentstep",
            constraint=models.UniqueConstraint(
                fields=("incident", "episode", "position"), name="step_position_once"
            ),
        ),
        migrations.AddField(
            model_name="episode",
            name="incident",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="past_episodes",
                to="incidents.incident",
            ),
        ),
        migrations.AddConstraint(
            model_name="episode",
            constraint=models.UniqueConstraint(
                fields=("incident", "number"), name="episode_number_once"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="episode",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only_rows",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';",
                    hash="1e1e2086eb3a5a8e1b6d62d0dc20ee2a86976ecf",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_rows_1019e",
                    table="incidents_episode",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="episode",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only_table",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';",
                    hash="c33be16c19b1cf70a835dcd52c10ea66c154accd",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_append_only_table_bb0f4",
                    table="incidents_episode",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="episode",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only_stamp",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="NEW.id := tactful_uuid7(); NEW.at := clock_timestamp(); RETURN NEW;",
                    hash="83aca12e0bf005d3c0ae0894e3ab9f9678fcf611",
                    operation="INSERT",
                    pgid="pgtrigger_append_only_stamp_dbada",
                    table="incidents_episode",
                    when="BEFORE",
                ),
            ),
        ),
    ]
