"""Incidents, their clocks and playbooks, what is said of them, and drills.

Drills are incidents with a mark; one that ends before it is contained may close.
"""

import django.db.models.deletion
import django.db.models.functions.datetime
import pgtrigger.compiler
from django.conf import settings
from django.db import migrations, models

import governance.core.append_only
import governance.core.ids
import governance.core.models
from governance.core.tables import CreateTables


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("audits", "0001_initial"),
        ("core", "0001_initial"),  # its tactful_uuid7()
        ("outbox", "0001_initial"),
        ("registry", "0001_initial"),
        ("reviews", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        CreateTables(
            [
                migrations.CreateModel(
                    name="Incident",
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
                        ("title", models.CharField(max_length=200)),
                        ("summary", models.TextField(blank=True)),
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
                            "state",
                            models.CharField(
                                choices=[
                                    ("reported", "Reported"),
                                    ("triage", "Triage"),
                                    ("active", "Active"),
                                    ("mitigated", "Mitigated"),
                                    ("resolved", "Resolved"),
                                    ("review", "Review"),
                                    ("closed", "Closed"),
                                    ("false_positive", "False positive"),
                                    ("duplicate", "Duplicate"),
                                    ("cancelled", "Cancelled"),
                                ],
                                default="reported",
                                max_length=16,
                            ),
                        ),
                        (
                            "drill",
                            models.BooleanField(
                                db_default=False,
                                default=False,
                                help_text="A rehearsal: counted in nothing, shown as such.",
                            ),
                        ),
                        ("cause_key", models.CharField(max_length=200)),
                        (
                            "system",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="incidents",
                                to="registry.system",
                            ),
                        ),
                        (
                            "version",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="incidents",
                                to="registry.modelversion",
                            ),
                        ),
                        (
                            "plan",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="incidents",
                                to="audits.plan",
                            ),
                        ),
                        (
                            "run",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="opened_incidents",
                                to="audits.run",
                            ),
                        ),
                        ("reported_by", models.CharField(max_length=80)),
                        (
                            "commander",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="commanded_incidents",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "duplicate_of",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="duplicates",
                                to="incidents.incident",
                            ),
                        ),
                        ("cause", models.TextField(blank=True)),
                        ("episode", models.PositiveSmallIntegerField(default=1)),
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
                        "ordering": ("-number",),
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(
                                    (
                                        "state__in",
                                        ["closed", "false_positive", "duplicate", "cancelled"],
                                    ),
                                    _negated=True,
                                ),
                                fields=("cause_key",),
                                name="incident_once_per_cause",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "state__in",
                                        [
                                            "reported",
                                            "triage",
                                            "active",
                                            "mitigated",
                                            "resolved",
                                            "review",
                                            "closed",
                                            "false_positive",
                                            "duplicate",
                                            "cancelled",
                                        ],
                                    )
                                ),
                                name="incident_state_is_known",
                            ),
                            models.CheckConstraint(
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
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        (
                                            "state__in",
                                            ["mitigated", "resolved", "review", "closed"],
                                        ),
                                        _negated=True,
                                    ),
                                    ("contained_at__isnull", False),
                                    models.Q(("drill", True), ("state", "closed")),
                                    _connector="OR",
                                ),
                                name="incident_mitigated_only_when_contained",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("state__in", ["resolved", "review", "closed"]),
                                        _negated=True,
                                    ),
                                    ("verified_at__isnull", False),
                                    models.Q(("drill", True), ("state", "closed")),
                                    _connector="OR",
                                ),
                                name="incident_resolved_only_when_verified",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("contained_at__isnull", True),
                                    ("contained_at__gte", models.F("detected_at")),
                                    _connector="OR",
                                ),
                                name="incident_contained_after_detected",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("drill", False), ("system__isnull", False), _connector="OR"
                                ),
                                name="incident_drill_has_a_system",
                            ),
                        ],
                    },
                ),
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
                        (
                            "incident",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="past_episodes",
                                to="incidents.incident",
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
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("incident", "number"), name="episode_number_once"
                            )
                        ],
                        "triggers": [
                            pgtrigger.compiler.Trigger(
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
                            pgtrigger.compiler.Trigger(
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
                            pgtrigger.compiler.Trigger(
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
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Awareness",
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
                            "incident",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="awareness",
                                to="incidents.incident",
                            ),
                        ),
                        (
                            "fact",
                            models.CharField(
                                choices=[
                                    (
                                        "personal_data_breach",
                                        "Personal data were destroyed, lost, altered, disclosed or accessed through a breach of security (GDPR, Article 4(12))",
                                    ),
                                    (
                                        "serious_incident",
                                        "A serious incident in the sense of the AI Act, Article 3(49)",
                                    ),
                                ],
                                max_length=24,
                            ),
                        ),
                        ("so", models.BooleanField(help_text="Whether the fact is so.")),
                        (
                            "who",
                            models.CharField(
                                blank=True,
                                default="",
                                help_text="Who became aware, by name or function.",
                                max_length=160,
                            ),
                        ),
                        ("aware_at", models.DateTimeField(null=True)),
                        ("zone", models.CharField(blank=True, default="", max_length=64)),
                        ("statement", models.TextField(help_text="What the statement rests on.")),
                        ("stated_by", models.CharField(max_length=80)),
                        (
                            "supersedes",
                            models.OneToOneField(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="correction",
                                to="incidents.awareness",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ("at",),
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("supersedes__isnull", True)),
                                fields=("incident", "fact"),
                                name="awareness_stated_once",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("fact__in", ["personal_data_breach", "serious_incident"])
                                ),
                                name="awareness_fact_is_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("aware_at__isnull", True), ("so", False)),
                                    models.Q(
                                        ("aware_at__isnull", False),
                                        ("so", True),
                                        models.Q(("who", ""), _negated=True),
                                        models.Q(("zone", ""), _negated=True),
                                    ),
                                    _connector="OR",
                                ),
                                name="awareness_says_who_and_when",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("aware_at__isnull", True),
                                    ("aware_at__lte", models.F("at")),
                                    _connector="OR",
                                ),
                                name="awareness_is_of_the_past",
                            ),
                        ],
                        "triggers": [
                            pgtrigger.compiler.Trigger(
                                name="append_only_rows",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func="RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';",
                                    hash="746c78e181aee8a777a9aee5397c7dd0f143bfb5",
                                    operation="UPDATE OR DELETE",
                                    pgid="pgtrigger_append_only_rows_41949",
                                    table="incidents_awareness",
                                    when="BEFORE",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="append_only_table",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func="RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';",
                                    hash="0ef94954fa5ac6014084d666ea538ed3a2bcead6",
                                    level="STATEMENT",
                                    operation="TRUNCATE",
                                    pgid="pgtrigger_append_only_table_66f7d",
                                    table="incidents_awareness",
                                    when="BEFORE",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="append_only_stamp",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func="NEW.id := tactful_uuid7(); NEW.at := clock_timestamp(); RETURN NEW;",
                                    hash="1301f4c828c6001da81730a513e0eff2c5e8d97b",
                                    operation="INSERT",
                                    pgid="pgtrigger_append_only_stamp_5b972",
                                    table="incidents_awareness",
                                    when="BEFORE",
                                ),
                            ),
                        ],
                    },
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
                        (
                            "incident",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="clocks",
                                to="incidents.incident",
                            ),
                        ),
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
                        (
                            "statement",
                            models.TextField(help_text="Why it runs, or why it does not apply."),
                        ),
                        ("decided_by", models.CharField(max_length=80)),
                        ("aware_at", models.DateTimeField(null=True)),
                        ("country", models.CharField(blank=True, default="", max_length=2)),
                        ("zone", models.CharField(blank=True, default="", max_length=64)),
                        ("due_at", models.DateTimeField(db_index=True, null=True)),
                        ("latest_at", models.DateTimeField(null=True)),
                        ("filed_at", models.DateTimeField(null=True)),
                        (
                            "awareness",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="clocks",
                                to="incidents.awareness",
                            ),
                        ),
                        (
                            "answers",
                            models.JSONField(
                                default=dict,
                                help_text="Question key to what people wrote for the next report.",
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
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("state", "superseded"), _negated=True),
                                fields=("incident", "regime_key"),
                                name="clock_once_per_duty",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "state__in",
                                        ["running", "filed", "not_applicable", "superseded"],
                                    )
                                ),
                                name="clock_state_is_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("aware_at__isnull", False),
                                    models.Q(("state__in", ["running", "filed"]), _negated=True),
                                    _connector="OR",
                                ),
                                name="clock_runs_from_awareness",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("filed_at__isnull", False),
                                    models.Q(("state", "filed"), _negated=True),
                                    _connector="OR",
                                ),
                                name="clock_filed_has_a_time",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("due_at__isnull", True),
                                    models.Q(
                                        ("due_at__gt", models.F("aware_at")),
                                        ("latest_at__gte", models.F("due_at")),
                                    ),
                                    _connector="OR",
                                ),
                                name="clock_ends_in_order",
                            ),
                        ],
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
                            "clock",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="filings",
                                to="incidents.regulatorclock",
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
                        (
                            "sent_at",
                            models.DateTimeField(
                                help_text="When it was sent; empty: when recorded.", null=True
                            ),
                        ),
                        ("content", models.JSONField()),
                        ("sha256", models.CharField(max_length=64)),
                        ("filed_by", models.CharField(max_length=80)),
                    ],
                    options={
                        "ordering": ("at",),
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("sent_at__isnull", True),
                                    ("sent_at__lte", models.F("at")),
                                    _connector="OR",
                                ),
                                name="filing_sent_in_the_past",
                            )
                        ],
                        "triggers": [
                            pgtrigger.compiler.Trigger(
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
                            pgtrigger.compiler.Trigger(
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
                            pgtrigger.compiler.Trigger(
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
                        ],
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
                        (
                            "clock",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="reminders",
                                to="incidents.regulatorclock",
                            ),
                        ),
                        ("percent", models.PositiveSmallIntegerField()),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("clock", "percent"), name="clock_reminder_once"
                            )
                        ],
                        "triggers": [
                            pgtrigger.compiler.Trigger(
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
                            pgtrigger.compiler.Trigger(
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
                            pgtrigger.compiler.Trigger(
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
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Contact",
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
                            "audience",
                            models.CharField(
                                choices=[
                                    ("internal", "Our team"),
                                    ("people", "People who are affected"),
                                    ("partners", "Customers and partners"),
                                    ("regulator", "Supervisory authority"),
                                    ("public", "The public"),
                                ],
                                max_length=10,
                            ),
                        ),
                        ("name", models.CharField(blank=True, max_length=120)),
                        (
                            "system",
                            models.ForeignKey(
                                help_text="Empty: told of incidents of every system.",
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="contacts",
                                to="registry.system",
                            ),
                        ),
                        ("language", models.CharField(default="en", max_length=2)),
                        (
                            "channel",
                            models.CharField(
                                choices=[
                                    ("inside", "Notification in the product"),
                                    ("page", "Page that people open"),
                                    ("apprise", "Mail or chat (Apprise)"),
                                    ("webhook", "Signed webhook"),
                                    ("hand", "By hand"),
                                ],
                                max_length=8,
                            ),
                        ),
                        (
                            "address",
                            models.BinaryField(
                                default=b"", help_text="An Apprise address, sealed."
                            ),
                        ),
                        (
                            "endpoint",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="outbox.webhookendpoint",
                            ),
                        ),
                        ("added_by", models.CharField(max_length=80)),
                        ("ended_at", models.DateTimeField(null=True)),
                    ],
                    options={
                        "ordering": ("audience", "name"),
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("ended_at__isnull", True)),
                                fields=("audience", "name"),
                                name="contact_once_per_audience",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "audience__in",
                                        ["internal", "people", "partners", "regulator", "public"],
                                    ),
                                    models.Q(("audience", "internal"), _negated=True),
                                ),
                                name="contact_is_outside",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("channel", "hand"), ("endpoint__isnull", True)),
                                    models.Q(("channel", "webhook"), ("endpoint__isnull", False)),
                                    models.Q(("channel", "apprise"), ("endpoint__isnull", True)),
                                    _connector="OR",
                                ),
                                name="contact_has_what_its_channel_needs",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Communication",
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
                            "incident",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="communications",
                                to="incidents.incident",
                            ),
                        ),
                        ("number", models.PositiveSmallIntegerField()),
                        (
                            "audience",
                            models.CharField(
                                choices=[
                                    ("internal", "Our team"),
                                    ("people", "People who are affected"),
                                    ("partners", "Customers and partners"),
                                    ("regulator", "Supervisory authority"),
                                    ("public", "The public"),
                                ],
                                max_length=10,
                            ),
                        ),
                        (
                            "stage",
                            models.CharField(
                                choices=[
                                    ("first", "First word"),
                                    ("update", "Update"),
                                    ("correction", "Correction"),
                                    ("end", "It is over"),
                                ],
                                max_length=10,
                            ),
                        ),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("draft", "Being written"),
                                    ("proposed", "Waits for a second person"),
                                    ("sent", "Sent"),
                                    ("discarded", "Thrown away"),
                                ],
                                default="draft",
                                max_length=10,
                            ),
                        ),
                        (
                            "corrects",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="corrections",
                                to="incidents.communication",
                            ),
                        ),
                        ("version", models.PositiveSmallIntegerField(default=1)),
                        ("prepared_by", models.CharField(max_length=80)),
                        ("proposed_by", models.CharField(blank=True, default="", max_length=80)),
                        ("proposed_at", models.DateTimeField(null=True)),
                        ("returned_because", models.TextField(blank=True, default="")),
                        ("approved_by", models.CharField(blank=True, default="", max_length=80)),
                        ("sent_by", models.CharField(blank=True, default="", max_length=80)),
                        ("sent_at", models.DateTimeField(null=True)),
                        ("released", models.JSONField(default=dict)),
                        ("sha256", models.CharField(blank=True, default="", max_length=64)),
                    ],
                    options={
                        "ordering": ("incident", "-number"),
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("incident", "number"), name="message_number_once"
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("state__in", ["draft", "proposed"])),
                                fields=("incident", "audience"),
                                name="message_one_draft_per_audience",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(
                                    models.Q(("state", "discarded"), _negated=True),
                                    ("corrects__isnull", False),
                                ),
                                fields=("corrects",),
                                name="message_corrected_once",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("state__in", ["draft", "proposed", "sent", "discarded"])
                                ),
                                name="message_state_is_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "audience__in",
                                        ["internal", "people", "partners", "regulator", "public"],
                                    )
                                ),
                                name="message_audience_is_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("corrects__isnull", False), ("stage", "correction")),
                                    models.Q(
                                        models.Q(("stage", "correction"), _negated=True),
                                        ("corrects__isnull", True),
                                    ),
                                    _connector="OR",
                                ),
                                name="message_correction_names_what",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("sent_at__isnull", False), ("state", "sent")),
                                    models.Q(
                                        models.Q(("state", "sent"), _negated=True),
                                        ("sent_at__isnull", True),
                                    ),
                                    _connector="OR",
                                ),
                                name="message_sent_has_a_time",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("state", "sent"), _negated=True),
                                    ("audience", "internal"),
                                    models.Q(
                                        models.Q(("approved_by", ""), _negated=True),
                                        models.Q(
                                            ("approved_by", models.F("proposed_by")), _negated=True
                                        ),
                                    ),
                                    _connector="OR",
                                ),
                                name="message_outside_needs_two",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="CommunicationText",
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
                            "communication",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="texts",
                                to="incidents.communication",
                            ),
                        ),
                        ("version", models.PositiveSmallIntegerField()),
                        ("language", models.CharField(max_length=2)),
                        ("subject", models.CharField(max_length=200)),
                        ("body", models.TextField(max_length=8000)),
                        ("written_by", models.CharField(max_length=80)),
                    ],
                    options={
                        "ordering": ("communication", "version", "language"),
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("communication", "version", "language"),
                                name="message_text_once",
                            )
                        ],
                        "triggers": [
                            pgtrigger.compiler.Trigger(
                                name="append_only_rows",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func="RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';",
                                    hash="07404a27acf9db919138df5dcf12d6ba1bd2ed2a",
                                    operation="UPDATE OR DELETE",
                                    pgid="pgtrigger_append_only_rows_884ee",
                                    table="incidents_communicationtext",
                                    when="BEFORE",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="append_only_table",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func="RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';",
                                    hash="7bef018697c6d6386837ae6a6065a41e489e1a01",
                                    level="STATEMENT",
                                    operation="TRUNCATE",
                                    pgid="pgtrigger_append_only_table_d44de",
                                    table="incidents_communicationtext",
                                    when="BEFORE",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="append_only_stamp",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func="NEW.id := tactful_uuid7(); NEW.at := clock_timestamp(); RETURN NEW;",
                                    hash="ef0e8ddac6de3e59aee40b8950dd7369a5711d18",
                                    operation="INSERT",
                                    pgid="pgtrigger_append_only_stamp_1d698",
                                    table="incidents_communicationtext",
                                    when="BEFORE",
                                ),
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="CommunicationDelivery",
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
                            "communication",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="deliveries",
                                to="incidents.communication",
                            ),
                        ),
                        ("recipient", models.CharField(max_length=80)),
                        (
                            "channel",
                            models.CharField(
                                choices=[
                                    ("inside", "Notification in the product"),
                                    ("page", "Page that people open"),
                                    ("apprise", "Mail or chat (Apprise)"),
                                    ("webhook", "Signed webhook"),
                                    ("hand", "By hand"),
                                ],
                                max_length=8,
                            ),
                        ),
                        ("language", models.CharField(default="en", max_length=2)),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("waiting", "On its way"),
                                    ("delivered", "Delivered"),
                                    ("given_up", "Did not arrive"),
                                    ("dropped", "Not sent any more"),
                                ],
                                default="waiting",
                                max_length=10,
                            ),
                        ),
                        ("attempts", models.PositiveIntegerField(default=0)),
                        ("next_attempt_at", models.DateTimeField()),
                        ("give_up_at", models.DateTimeField()),
                        ("problem", models.CharField(blank=True, default="", max_length=300)),
                        ("note", models.CharField(blank=True, default="", max_length=300)),
                        ("delivered_at", models.DateTimeField(null=True)),
                        (
                            "message",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to="outbox.webhookmessage",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ("communication", "created_at", "id"),
                        "indexes": [
                            models.Index(
                                condition=models.Q(("state", "waiting")),
                                fields=["next_attempt_at"],
                                name="message_delivery_due",
                            ),
                            models.Index(fields=["recipient"], name="message_delivery_recipient"),
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("communication", "recipient"),
                                name="message_once_per_recipient",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("state__in", ["waiting", "delivered", "given_up", "dropped"])
                                ),
                                name="message_delivery_state_is_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("delivered_at__isnull", False), ("state", "delivered")
                                    ),
                                    models.Q(
                                        models.Q(("state", "delivered"), _negated=True),
                                        ("delivered_at__isnull", True),
                                    ),
                                    _connector="OR",
                                ),
                                name="message_delivered_has_a_time",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="UpdateReminder",
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
                            "incident",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="update_reminders",
                                to="incidents.incident",
                            ),
                        ),
                        (
                            "audience",
                            models.CharField(
                                choices=[
                                    ("internal", "Our team"),
                                    ("people", "People who are affected"),
                                    ("partners", "Customers and partners"),
                                    ("regulator", "Supervisory authority"),
                                    ("public", "The public"),
                                ],
                                max_length=10,
                            ),
                        ),
                        (
                            "since",
                            models.DateTimeField(
                                help_text="The word, or the report, that the period counts from."
                            ),
                        ),
                        ("level", models.PositiveSmallIntegerField()),
                    ],
                    options={
                        "ordering": ("incident", "audience", "since", "level"),
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("incident", "audience", "since", "level"),
                                name="update_reminder_once",
                            )
                        ],
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
                        (
                            "system",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="serving_targets",
                                to="registry.system",
                            ),
                        ),
                        ("title", models.CharField(max_length=120)),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("ofrep", "Asks over OFREP"),
                                    ("stream", "Asks over OFREP and listens to the stream"),
                                    ("webhook", "Is told by webhook"),
                                    ("mlflow", "Loads an MLflow alias"),
                                ],
                                db_default="ofrep",
                                default="ofrep",
                                max_length=8,
                            ),
                        ),
                        ("active", models.BooleanField(default=True)),
                        ("for_drills", models.BooleanField(db_default=False, default=False)),
                        (
                            "endpoint",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="serving_targets",
                                to="outbox.webhookendpoint",
                            ),
                        ),
                        (
                            "tracking_url",
                            models.CharField(blank=True, db_default="", default="", max_length=300),
                        ),
                        (
                            "model_name",
                            models.CharField(blank=True, db_default="", default="", max_length=200),
                        ),
                        (
                            "alias",
                            models.CharField(blank=True, db_default="", default="", max_length=100),
                        ),
                        ("tracking_secret", models.BinaryField(blank=True, null=True)),
                        ("reports_itself", models.BooleanField(db_default=True, default=True)),
                        (
                            "alias_reads",
                            models.CharField(blank=True, db_default="", default="", max_length=63),
                        ),
                        ("alias_read_at", models.DateTimeField(blank=True, null=True)),
                        ("served_version", models.CharField(blank=True, default="", max_length=63)),
                        ("served_personalised", models.BooleanField(default=False)),
                        ("served_revision", models.PositiveIntegerField(blank=True, null=True)),
                        ("served_at", models.DateTimeField(blank=True, null=True)),
                    ],
                    options={
                        "ordering": ("system__key", "key"),
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("system", "key"), name="target_key_once_per_system"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("kind__in", ["ofrep", "stream", "webhook", "mlflow"])
                                ),
                                name="target_kind_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("endpoint__isnull", False), ("kind", "webhook")),
                                    models.Q(
                                        models.Q(("kind", "webhook"), _negated=True),
                                        ("endpoint__isnull", True),
                                    ),
                                    _connector="OR",
                                ),
                                name="target_webhook_has_endpoint",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("kind", "mlflow"),
                                        models.Q(("tracking_url", ""), _negated=True),
                                        models.Q(("model_name", ""), _negated=True),
                                        models.Q(("alias", ""), _negated=True),
                                    ),
                                    models.Q(
                                        models.Q(("kind", "mlflow"), _negated=True),
                                        ("alias", ""),
                                        ("model_name", ""),
                                        ("tracking_secret__isnull", True),
                                        ("tracking_url", ""),
                                    ),
                                    _connector="OR",
                                ),
                                name="target_mlflow_has_alias",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("kind", "mlflow"), ("reports_itself", True), _connector="OR"
                                ),
                                name="target_without_alias_reports",
                            ),
                        ],
                    },
                ),
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
                        (
                            "system",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="desired_state",
                                to="registry.system",
                            ),
                        ),
                        ("revision", models.PositiveIntegerField(default=1)),
                        ("version", models.CharField(blank=True, default="", max_length=63)),
                        ("personalises", models.BooleanField()),
                        ("since", models.DateTimeField()),
                    ],
                    options={
                        "ordering": ("system__key",),
                    },
                ),
                migrations.CreateModel(
                    name="TargetOrder",
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
                            "target",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="orders",
                                to="incidents.servingtarget",
                            ),
                        ),
                        ("revision", models.PositiveIntegerField()),
                        ("version", models.CharField(blank=True, default="", max_length=63)),
                        ("personalises", models.BooleanField()),
                        (
                            "incident_reference",
                            models.CharField(blank=True, default="", max_length=20),
                        ),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("pending", "To be carried out"),
                                    ("applied", "Carried out, waits for the target's word"),
                                    ("confirmed", "Confirmed"),
                                    ("given_up", "Given up, waits for people"),
                                    ("superseded", "Replaced by a newer one"),
                                ],
                                default="pending",
                                max_length=10,
                            ),
                        ),
                        ("attempts", models.PositiveIntegerField(default=0)),
                        ("rung", models.PositiveIntegerField(default=0)),
                        ("lease_until", models.DateTimeField(blank=True, null=True)),
                        (
                            "next_attempt_at",
                            models.DateTimeField(
                                db_default=django.db.models.functions.datetime.Now()
                            ),
                        ),
                        ("give_up_at", models.DateTimeField()),
                        ("last_error", models.CharField(blank=True, default="", max_length=500)),
                        ("alias_before", models.CharField(blank=True, default="", max_length=63)),
                        (
                            "message",
                            models.ForeignKey(
                                blank=True,
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="orders",
                                to="outbox.webhookmessage",
                            ),
                        ),
                        ("applied_at", models.DateTimeField(blank=True, null=True)),
                        ("done_at", models.DateTimeField(blank=True, null=True)),
                    ],
                    options={
                        "ordering": ["-id"],
                        "indexes": [
                            models.Index(
                                condition=models.Q(("state", "pending")),
                                fields=["next_attempt_at"],
                                name="target_order_due",
                            )
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("target", "revision"), name="target_order_once_a_revision"
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(
                                    ("state__in", ("pending", "applied", "given_up"))
                                ),
                                fields=("target",),
                                name="target_order_one_in_force",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "state__in",
                                        [
                                            "pending",
                                            "applied",
                                            "confirmed",
                                            "given_up",
                                            "superseded",
                                        ],
                                    )
                                ),
                                name="target_order_state_known",
                            ),
                        ],
                    },
                ),
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
                        (
                            "system",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="drill_plans",
                                to="registry.system",
                            ),
                        ),
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
                    ],
                    options={
                        "ordering": ("system__key", "created_at"),
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("every__in", ["once", "quarterly", "yearly"])),
                                name="drill_plan_every_is_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("acknowledge_seconds__gt", 0),
                                    ("confirm_seconds__gt", 0),
                                    ("notify_seconds__gt", 0),
                                    ("release_seconds__gt", 0),
                                ),
                                name="drill_plan_allows_some_time",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("every", "once"), ("due_on__isnull", False), _connector="OR"
                                ),
                                name="drill_plan_repeated_is_due",
                            ),
                        ],
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
                        (
                            "plan",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="drills",
                                to="incidents.drillplan",
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
                        ("started_by", models.CharField(max_length=80)),
                        ("started_at", models.DateTimeField()),
                        ("reminded_at", models.DateTimeField(null=True)),
                        ("ended_at", models.DateTimeField(null=True)),
                        ("ended_by", models.CharField(blank=True, default="", max_length=80)),
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
                    ],
                    options={
                        "ordering": ("-number",),
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("ended_at__isnull", True)),
                                fields=("system",),
                                name="drill_one_at_a_time",
                            ),
                            models.CheckConstraint(
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
                        ],
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
                        ("confirmed_at", models.DateTimeField(null=True)),
                    ],
                    options={
                        "ordering": ("drill", "target__key"),
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("drill", "target"), name="drill_target_once"
                            )
                        ],
                    },
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
                        (
                            "incident",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="escalations",
                                to="incidents.incident",
                            ),
                        ),
                        ("episode", models.PositiveSmallIntegerField()),
                        ("level", models.PositiveSmallIntegerField()),
                        ("roles", models.JSONField()),
                        ("due_at", models.DateTimeField()),
                        ("told_at", models.DateTimeField(null=True)),
                        ("dropped_at", models.DateTimeField(null=True)),
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
                                    ("told_at__isnull", True),
                                    ("dropped_at__isnull", True),
                                    _connector="OR",
                                ),
                                name="escalation_told_or_dropped",
                            ),
                        ],
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
                        (
                            "incident",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="impacts",
                                to="incidents.incident",
                            ),
                        ),
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
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("incident", "episode"), name="impact_once_an_episode"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("counted_at__isnull", True),
                                        ("counted_until__isnull", True),
                                    ),
                                    models.Q(
                                        ("counted_at__isnull", False),
                                        ("counted_until__isnull", False),
                                    ),
                                    _connector="OR",
                                ),
                                name="impact_counted_until_a_moment",
                            ),
                        ],
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
                        (
                            "impact",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="figures",
                                to="incidents.impact",
                            ),
                        ),
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
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("impact", "measure", "basis"),
                                name="impact_figure_once_a_basis",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("high__isnull", True), ("low__isnull", True)),
                                    models.Q(
                                        ("high__gte", models.F("value")),
                                        ("low__lte", models.F("value")),
                                    ),
                                    _connector="OR",
                                ),
                                name="impact_figure_within_its_interval",
                            ),
                        ],
                    },
                ),
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
                            "impact",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="parts",
                                to="incidents.impact",
                            ),
                        ),
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
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("impact", "part", "key"), name="affected_part_once"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Playbook",
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
                        ("version", models.PositiveIntegerField()),
                        ("title", models.CharField(max_length=120)),
                        ("summary", models.TextField(blank=True, default="")),
                        (
                            "kinds",
                            models.JSONField(
                                default=list, help_text="Kinds of harm it is for; empty: any."
                            ),
                        ),
                        ("steps", models.JSONField()),
                        ("imported_by", models.CharField(blank=True, default="", max_length=80)),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("key", "version"), name="playbook_version_once"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="IncidentStep",
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
                            "incident",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="steps",
                                to="incidents.incident",
                            ),
                        ),
                        (
                            "playbook",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, to="incidents.playbook"
                            ),
                        ),
                        ("episode", models.PositiveSmallIntegerField(default=1)),
                        ("position", models.PositiveSmallIntegerField()),
                        ("key", models.CharField(default="", max_length=41)),
                        (
                            "part",
                            models.CharField(
                                choices=[
                                    ("contain", "Contain"),
                                    ("confirm", "Confirm"),
                                    ("notify", "Notify"),
                                    ("investigate", "Investigate"),
                                    ("fix", "Fix"),
                                    ("publish", "Publish"),
                                ],
                                default="contain",
                                max_length=12,
                            ),
                        ),
                        (
                            "type",
                            models.CharField(
                                choices=[
                                    ("freeze_evidence", "Freeze evidence"),
                                    ("place_hold", "Place a hold"),
                                    ("rollback_model", "Roll back to the fallback"),
                                    ("notify", "Notify"),
                                    ("run_audit", "Verification audit"),
                                    (
                                        "fallback_non_profiled",
                                        "Serve everybody the non-profiled variant",
                                    ),
                                    ("disable_feature", "Disable a feature"),
                                    ("reduce_scope", "Reduce the scope"),
                                    ("start_clock", "Have a duty to report decided"),
                                    ("open_checklist", "Open a checklist"),
                                    ("wait_until", "Wait"),
                                    ("escalate", "Escalate"),
                                    ("webhook", "Call a webhook"),
                                    ("draft_report", "Draft a report to an authority"),
                                    ("status_update", "Status update"),
                                    ("investigate", "Investigate"),
                                    ("lift_hold", "Lift the hold (two people)"),
                                    ("decide_duties", "Decide on duties to report"),
                                    ("post_mortem", "Post-mortem"),
                                    ("by_hand", "Done by people"),
                                ],
                                max_length=24,
                            ),
                        ),
                        ("title", models.CharField(max_length=120)),
                        ("instruction", models.TextField()),
                        ("role", models.CharField(blank=True, max_length=24)),
                        ("automatic", models.BooleanField()),
                        ("mandatory", models.BooleanField(default=True)),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("pending", "Pending"),
                                    ("waiting", "Waiting"),
                                    ("done", "Done"),
                                    ("failed", "Failed"),
                                    ("skipped", "Skipped"),
                                    ("undone", "Undone"),
                                ],
                                default="pending",
                                max_length=8,
                            ),
                        ),
                        ("attempt", models.PositiveIntegerField(default=0)),
                        ("outcome", models.TextField(blank=True)),
                        ("done_by", models.CharField(blank=True, max_length=80)),
                        ("due_at", models.DateTimeField(null=True)),
                        ("finished_at", models.DateTimeField(null=True)),
                        ("params", models.JSONField(db_default={}, default=dict)),
                        (
                            "undo",
                            models.CharField(
                                blank=True,
                                choices=[
                                    ("propose_lift", "Propose lifting what it held"),
                                    ("roll_forward", "Serve the former version again"),
                                    ("correction", "Send a correction"),
                                ],
                                db_default="",
                                default="",
                                max_length=12,
                            ),
                        ),
                        ("effect", models.JSONField(db_default={}, default=dict)),
                        (
                            "idempotency_key",
                            models.CharField(blank=True, db_default="", default="", max_length=64),
                        ),
                        ("failures", models.PositiveIntegerField(db_default=0, default=0)),
                        ("failing_since", models.DateTimeField(null=True)),
                        ("next_attempt_at", models.DateTimeField(null=True)),
                        ("handed_over_at", models.DateTimeField(null=True)),
                        (
                            "undo_proposed_by",
                            models.CharField(blank=True, db_default="", default="", max_length=80),
                        ),
                    ],
                    options={
                        "ordering": ("incident", "episode", "position"),
                        "indexes": [
                            models.Index(
                                condition=models.Q(("next_attempt_at__isnull", False)),
                                fields=["next_attempt_at"],
                                name="step_wakes",
                            )
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("incident", "episode", "position"),
                                name="step_position_once",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("state__in", ["done", "skipped", "undone"]), _negated=True
                                    ),
                                    ("finished_at__isnull", False),
                                    _connector="OR",
                                ),
                                name="step_done_has_a_time",
                            ),
                        ],
                    },
                ),
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
                            "incident",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="post_mortem",
                                to="incidents.incident",
                            ),
                        ),
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
                        (
                            "sections",
                            models.JSONField(default=dict, help_text="Section key to text."),
                        ),
                        (
                            "redacted",
                            models.JSONField(
                                default=dict,
                                help_text="Section key to the text the public reads instead.",
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
                    ],
                    options={
                        "ordering": ("-frozen_at", "-created_at"),
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("state__in", ["draft", "proposed", "frozen"])),
                                name="post_mortem_state_is_known",
                            ),
                            models.CheckConstraint(
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
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("confirmed_by", ""),
                                    models.Q(
                                        ("confirmed_by", models.F("proposed_by")), _negated=True
                                    ),
                                    _connector="OR",
                                ),
                                name="post_mortem_by_two_people",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("public_document__isnull", True),
                                    ("visibility", "public"),
                                    _connector="OR",
                                ),
                                name="post_mortem_public_by_decision",
                            ),
                        ],
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
                        (
                            "post_mortem",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="actions",
                                to="incidents.postmortem",
                            ),
                        ),
                        ("title", models.CharField(max_length=200)),
                        (
                            "owner",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="post_mortem_actions",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("due_on", models.DateField()),
                        (
                            "verification",
                            models.TextField(help_text="How it will be seen that it worked."),
                        ),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("open", "Open"),
                                    ("done", "Done"),
                                    ("verified", "Verified"),
                                    ("ineffective", "Did not help: open again"),
                                ],
                                default="open",
                                max_length=12,
                            ),
                        ),
                        ("evidence", models.TextField(blank=True, default="")),
                        ("done_by", models.CharField(blank=True, default="", max_length=80)),
                        ("done_at", models.DateTimeField(null=True)),
                        ("verified_by", models.CharField(blank=True, default="", max_length=80)),
                        (
                            "look_again_on",
                            models.DateField(
                                help_text="When another person looks at it next.", null=True
                            ),
                        ),
                    ],
                    options={
                        "ordering": ("due_on", "created_at"),
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("state__in", ["open", "done", "verified", "ineffective"])
                                ),
                                name="action_state_is_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("state__in", ["verified", "ineffective"]), _negated=True
                                    ),
                                    models.Q(
                                        models.Q(("evidence", ""), _negated=True),
                                        models.Q(("verified_by", ""), _negated=True),
                                    ),
                                    _connector="OR",
                                ),
                                name="action_verified_with_evidence",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("verified_by", ""),
                                    models.Q(("verified_by", models.F("done_by")), _negated=True),
                                    _connector="OR",
                                ),
                                name="action_verified_by_another",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ActionVerification",
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
                            "action",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="verifications",
                                to="incidents.postmortemaction",
                            ),
                        ),
                        ("helped", models.BooleanField()),
                        ("method", models.TextField()),
                        ("evidence", models.TextField()),
                        ("verified_by", models.CharField(max_length=80)),
                    ],
                    options={
                        "ordering": ("at",),
                        "triggers": [
                            pgtrigger.compiler.Trigger(
                                name="append_only_rows",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func="RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';",
                                    hash="785bcd8737e6bf9e9dde12c9cec94b760c758e33",
                                    operation="UPDATE OR DELETE",
                                    pgid="pgtrigger_append_only_rows_d4e8a",
                                    table="incidents_actionverification",
                                    when="BEFORE",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="append_only_table",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func="RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';",
                                    hash="4ddb19ae78a0551494490822f6ad2a99ac48e6f9",
                                    level="STATEMENT",
                                    operation="TRUNCATE",
                                    pgid="pgtrigger_append_only_table_5dfbd",
                                    table="incidents_actionverification",
                                    when="BEFORE",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="append_only_stamp",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func="NEW.id := tactful_uuid7(); NEW.at := clock_timestamp(); RETURN NEW;",
                                    hash="e9219e70527469fcce645780b7cfe8ea8c3e7009",
                                    operation="INSERT",
                                    pgid="pgtrigger_append_only_stamp_16441",
                                    table="incidents_actionverification",
                                    when="BEFORE",
                                ),
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ActionSafeguard",
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
                            "action",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="safeguards",
                                to="incidents.postmortemaction",
                            ),
                        ),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("item", "Checklist item"),
                                    ("plan", "Audit plan"),
                                    ("limit", "Limit of a plan"),
                                ],
                                max_length=10,
                            ),
                        ),
                        (
                            "item",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="safeguard_of",
                                to="reviews.checklistitem",
                            ),
                        ),
                        (
                            "plan",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="safeguard_of",
                                to="audits.plan",
                            ),
                        ),
                        (
                            "change",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="safeguard_of",
                                to="audits.planchange",
                            ),
                        ),
                        ("title", models.CharField(max_length=200)),
                        ("made_by", models.CharField(max_length=80)),
                    ],
                    options={
                        "ordering": ("at",),
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("change__isnull", True),
                                        ("item__isnull", False),
                                        ("kind", "item"),
                                        ("plan__isnull", True),
                                    ),
                                    models.Q(
                                        ("change__isnull", True),
                                        ("item__isnull", True),
                                        ("kind", "plan"),
                                        ("plan__isnull", False),
                                    ),
                                    models.Q(
                                        ("change__isnull", False),
                                        ("item__isnull", True),
                                        ("kind", "limit"),
                                        ("plan__isnull", False),
                                    ),
                                    _connector="OR",
                                ),
                                name="safeguard_is_one_thing",
                            )
                        ],
                        "triggers": [
                            pgtrigger.compiler.Trigger(
                                name="append_only_rows",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func="RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';",
                                    hash="5129746dd89771c752c49970eda922e053f10ea4",
                                    operation="UPDATE OR DELETE",
                                    pgid="pgtrigger_append_only_rows_dbef6",
                                    table="incidents_actionsafeguard",
                                    when="BEFORE",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="append_only_table",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func="RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';",
                                    hash="ec613d9e82645fca76ef4b7362b1c66fcca373fb",
                                    level="STATEMENT",
                                    operation="TRUNCATE",
                                    pgid="pgtrigger_append_only_table_a2b29",
                                    table="incidents_actionsafeguard",
                                    when="BEFORE",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="append_only_stamp",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func="NEW.id := tactful_uuid7(); NEW.at := clock_timestamp(); RETURN NEW;",
                                    hash="d9f369b019fccc5967329e61b5b521b5507fa11f",
                                    operation="INSERT",
                                    pgid="pgtrigger_append_only_stamp_27611",
                                    table="incidents_actionsafeguard",
                                    when="BEFORE",
                                ),
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Correction",
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
                            "post_mortem",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="corrections",
                                to="incidents.postmortem",
                            ),
                        ),
                        (
                            "number",
                            models.PositiveSmallIntegerField(
                                help_text="Given when it is published.", null=True
                            ),
                        ),
                        ("section", models.CharField(blank=True, default="", max_length=24)),
                        ("text", models.TextField(max_length=8000)),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("proposed", "Waits for a second person"),
                                    ("published", "Published"),
                                    ("refused", "Not published"),
                                ],
                                default="proposed",
                                max_length=10,
                            ),
                        ),
                        ("proposed_by", models.CharField(max_length=80)),
                        ("confirmed_by", models.CharField(blank=True, default="", max_length=80)),
                        ("published_at", models.DateTimeField(null=True)),
                        ("document", models.JSONField(null=True)),
                        ("ledger_entry", models.UUIDField(null=True)),
                    ],
                    options={
                        "ordering": ("created_at",),
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("post_mortem", "number"), name="correction_once"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("state__in", ["proposed", "published", "refused"])
                                ),
                                name="correction_state_is_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("state", "published"), _negated=True),
                                    models.Q(
                                        ("published_at__isnull", False),
                                        ("document__isnull", False),
                                        ("ledger_entry__isnull", False),
                                        ("number__isnull", False),
                                        models.Q(("confirmed_by", ""), _negated=True),
                                    ),
                                    _connector="OR",
                                ),
                                name="correction_published_whole",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("confirmed_by", ""),
                                    models.Q(
                                        ("confirmed_by", models.F("proposed_by")), _negated=True
                                    ),
                                    _connector="OR",
                                ),
                                name="correction_by_two_people",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Evidence",
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
                            "incident",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="evidence",
                                to="incidents.incident",
                            ),
                        ),
                        ("title", models.CharField(max_length=120)),
                        ("content", models.JSONField()),
                        ("sha256", models.CharField(max_length=64)),
                    ],
                    options={
                        "ordering": ("at",),
                        "triggers": [
                            pgtrigger.compiler.Trigger(
                                name="append_only_rows",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func="RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';",
                                    hash="c12b2191d93196f4785e78f50f73228fa96a7624",
                                    operation="UPDATE OR DELETE",
                                    pgid="pgtrigger_append_only_rows_7d70f",
                                    table="incidents_evidence",
                                    when="BEFORE",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="append_only_table",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func="RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';",
                                    hash="b11451bc30c06807dc15a136fa210eadf2d43a58",
                                    level="STATEMENT",
                                    operation="TRUNCATE",
                                    pgid="pgtrigger_append_only_table_f10e8",
                                    table="incidents_evidence",
                                    when="BEFORE",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="append_only_stamp",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func="NEW.id := tactful_uuid7(); NEW.at := clock_timestamp(); RETURN NEW;",
                                    hash="3244b1eab0de29aad34f5008ab0468047a2c4cad",
                                    operation="INSERT",
                                    pgid="pgtrigger_append_only_stamp_f528b",
                                    table="incidents_evidence",
                                    when="BEFORE",
                                ),
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="TimelineEntry",
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
                            "incident",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="timeline",
                                to="incidents.incident",
                            ),
                        ),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("opened", "Opened"),
                                    ("evidence", "Evidence"),
                                    ("state", "State"),
                                    ("step", "Step"),
                                    ("note", "Note"),
                                    ("clock", "Clock of law"),
                                    ("escalate", "Escalation"),
                                    ("message", "Message"),
                                ],
                                max_length=8,
                            ),
                        ),
                        ("sentence", models.TextField()),
                        ("actor_reference", models.CharField(max_length=80)),
                        ("actor_display", models.CharField(max_length=120)),
                        ("link", models.CharField(blank=True, max_length=255)),
                    ],
                    options={
                        "ordering": ("at", "id"),
                        "triggers": [
                            pgtrigger.compiler.Trigger(
                                name="append_only_rows",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func="RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';",
                                    hash="f938a613739350d3fadc2796bdd20e7cc8a94028",
                                    operation="UPDATE OR DELETE",
                                    pgid="pgtrigger_append_only_rows_4ffc5",
                                    table="incidents_timelineentry",
                                    when="BEFORE",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="append_only_table",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func="RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';",
                                    hash="e8a83c915254aae7326fc0fc9a731b0c2d620e7c",
                                    level="STATEMENT",
                                    operation="TRUNCATE",
                                    pgid="pgtrigger_append_only_table_b8bc4",
                                    table="incidents_timelineentry",
                                    when="BEFORE",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="append_only_stamp",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func="NEW.id := tactful_uuid7(); NEW.at := clock_timestamp(); RETURN NEW;",
                                    hash="7107f571548a91ecdd97872fa0a2f8d8751173ce",
                                    operation="INSERT",
                                    pgid="pgtrigger_append_only_stamp_65551",
                                    table="incidents_timelineentry",
                                    when="BEFORE",
                                ),
                            ),
                        ],
                    },
                ),
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
                        (
                            "system",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="red_lines",
                                to="registry.system",
                            ),
                        ),
                        ("signal_key", models.CharField(max_length=160)),
                        (
                            "scope_key",
                            models.CharField(
                                help_text="Of what the signal speaks.", max_length=160
                            ),
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
                                    (
                                        "open_incident",
                                        "Open an incident; people decide on containment",
                                    ),
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
                                condition=models.Q(("op__in", [">=", "<="])),
                                name="red_line_op_is_known",
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
                            "system",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="harm_reports",
                                to="registry.system",
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
                                    (
                                        "insufficient_info",
                                        "Too little is known, and nobody can be asked",
                                    ),
                                    (
                                        "policy_violation",
                                        "A breach of policy that is handled elsewhere",
                                    ),
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
                            "incident",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="participants",
                                to="incidents.incident",
                            ),
                        ),
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
                        (
                            "user",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="incident_roles",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("assigned_by", models.CharField(max_length=80)),
                        ("since", models.DateTimeField()),
                        ("until", models.DateTimeField(null=True)),
                    ],
                    options={
                        "ordering": ("incident", "role", "since"),
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(
                                    ("until", None), models.Q(("role", "observer"), _negated=True)
                                ),
                                fields=("incident", "role"),
                                name="participant_one_a_role",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("until", None)),
                                fields=("incident", "role", "user"),
                                name="participant_once_in_a_role",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("until__isnull", True),
                                    ("until__gte", models.F("since")),
                                    _connector="OR",
                                ),
                                name="participant_times_in_order",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="WatchdogBeat",
                    fields=[
                        (
                            "id",
                            models.PositiveSmallIntegerField(
                                default=1, primary_key=True, serialize=False
                            ),
                        ),
                        ("looked_at", models.DateTimeField()),
                        ("well_at", models.DateTimeField(null=True)),
                        ("incidents_open", models.PositiveIntegerField(default=0)),
                        ("incidents_unowned", models.PositiveIntegerField(default=0)),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("id", 1)), name="watchdog_has_one_row"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="LostWakeUp",
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
                            "incident",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="lost_wake_ups",
                                to="incidents.incident",
                            ),
                        ),
                        ("episode", models.PositiveSmallIntegerField()),
                        ("why", models.TextField()),
                        ("repaired_at", models.DateTimeField(null=True)),
                        ("escalated_at", models.DateTimeField(null=True)),
                    ],
                    options={
                        "ordering": ("created_at",),
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("incident", "episode"), name="lost_once_an_episode"
                            )
                        ],
                    },
                ),
            ]
        ),
    ]
