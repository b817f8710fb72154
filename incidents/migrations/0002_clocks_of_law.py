import django.db.models.deletion
import django.db.models.functions.datetime
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

import governance.core.append_only
import governance.core.ids


class Migration(migrations.Migration):
    dependencies = [
        ("incidents", "0001_incidents"),
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
                ],
                max_length=8,
            ),
        ),
        migrations.CreateModel(
            name="RegulatorClock",
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
                ("regime_key", models.CharField(max_length=40)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("running", "Running"),
                            ("filed", "Reported"),
                            ("not_applicable", "Does not apply"),
                            ("superseded", "Replaced by a correction"),
                        ],
                        max_length=16,
                    ),
                ),
                ("statement", models.TextField(help_text="Why it runs, or why it does not apply.")),
                ("decided_by", models.CharField(max_length=80)),
                ("aware_at", models.DateTimeField(null=True)),
                ("country", models.CharField(blank=True, default="", max_length=2)),
                ("zone", models.CharField(blank=True, default="", max_length=64)),
                ("due_at", models.DateTimeField(db_index=True, null=True)),
                ("latest_at", models.DateTimeField(null=True)),
                ("filed_at", models.DateTimeField(null=True)),
                (
                    "incident",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="clocks",
                        to="incidents.incident",
                    ),
                ),
                (
                    "supersedes",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="correction",
                        to="incidents.regulatorclock",
                    ),
                ),
            ],
            options={
                "ordering": ("created_at",),
            },
        ),
        migrations.CreateModel(
            name="Filing",
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
                (
                    "phase",
                    models.CharField(
                        choices=[
                            ("initial", "Initial report"),
                            ("further", "Further information"),
                            ("final", "Final report"),
                        ],
                        max_length=8,
                    ),
                ),
                (
                    "reference",
                    models.CharField(
                        blank=True,
                        help_text="The number that the authority gave it.",
                        max_length=120,
                    ),
                ),
                ("content", models.JSONField()),
                ("sha256", models.CharField(max_length=64)),
                ("filed_by", models.CharField(max_length=80)),
                (
                    "clock",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="filings",
                        to="incidents.regulatorclock",
                    ),
                ),
            ],
            options={
                "ordering": ("at",),
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="ClockReminder",
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
                ("percent", models.PositiveSmallIntegerField()),
                (
                    "clock",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reminders",
                        to="incidents.regulatorclock",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.AddConstraint(
            model_name="regulatorclock",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "superseded"), _negated=True),
                fields=("incident", "regime_key"),
                name="clock_once_per_duty",
            ),
        ),
        migrations.AddConstraint(
            model_name="regulatorclock",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["running", "filed", "not_applicable", "superseded"])
                ),
                name="clock_state_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="regulatorclock",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("aware_at__isnull", False),
                    models.Q(("state__in", ["running", "filed"]), _negated=True),
                    _connector="OR",
                ),
                name="clock_runs_from_awareness",
            ),
        ),
        migrations.AddConstraint(
            model_name="regulatorclock",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("filed_at__isnull", False),
                    models.Q(("state", "filed"), _negated=True),
                    _connector="OR",
                ),
                name="clock_filed_has_a_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="regulatorclock",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("due_at__isnull", True),
                    models.Q(
                        ("due_at__gt", models.F("aware_at")), ("latest_at__gte", models.F("due_at"))
                    ),
                    _connector="OR",
                ),
                name="clock_ends_in_order",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="filing",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only_rows",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';",
                    hash="af570ca913fe32c16e516cea053cf1b8ecfad5bb",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_rows_c6ac5",
                    table="incidents_filing",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="filing",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only_table",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';",
                    hash="d33ac5d690cd39339939d5aed9698a9e780d1cc4",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_append_only_table_df26b",
                    table="incidents_filing",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="filing",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only_stamp",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="NEW.id := tactful_uuid7(); NEW.at := clock_timestamp(); RETURN NEW;",
                    hash="5c8168084692147b4a3ae0e6b0357aab887ed92f",
                    operation="INSERT",
                    pgid="pgtrigger_append_only_stamp_08b0a",
                    table="incidents_filing",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="clockreminder",
            constraint=models.UniqueConstraint(
                fields=("clock", "percent"), name="clock_reminder_once"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="clockreminder",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only_rows",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';",
                    hash="be3928b7d007bfbaafd4aa374119d6e2cfe9d40c",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_rows_7d3b9",
                    table="incidents_clockreminder",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="clockreminder",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only_table",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';",
                    hash="e749502048da943d96d9d413a202d85de470aceb",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_append_only_table_5e78a",
                    table="incidents_clockreminder",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="clockreminder",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only_stamp",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="NEW.id := tactful_uuid7(); NEW.at := clock_timestamp(); RETURN NEW;",
                    hash="aabad3ce5f712aa4027733263eeef09d5968db9d",
                    operation="INSERT",
                    pgid="pgtrigger_append_only_stamp_0bcc1",
                    table="incidents_clockreminder",
                    when="BEFORE",
                ),
            ),
        ),
    ]
