import django.db.models.deletion
import django.db.models.functions.datetime
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

import governance.core.append_only
import governance.core.ids


class Migration(migrations.Migration):
    dependencies = [
        ("audits", "0008_findings_of_hidden_cells"),
        ("incidents", "0013_impact_and_people"),
        ("reviews", "0002_first_checklist"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
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
                ("title", models.CharField(max_length=200)),
                ("made_by", models.CharField(max_length=80)),
            ],
            options={
                "ordering": ("at",),
                "abstract": False,
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
                ("helped", models.BooleanField()),
                ("method", models.TextField()),
                ("evidence", models.TextField()),
                ("verified_by", models.CharField(max_length=80)),
            ],
            options={
                "ordering": ("at",),
                "abstract": False,
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
            ],
            options={
                "ordering": ("at",),
                "abstract": False,
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
            },
        ),
        migrations.AddField(
            model_name="filing",
            name="sent_at",
            field=models.DateTimeField(
                help_text="When it was sent; empty: when recorded.", null=True
            ),
        ),
        migrations.AddField(
            model_name="postmortemaction",
            name="done_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="postmortemaction",
            name="look_again_on",
            field=models.DateField(help_text="When another person looks at it next.", null=True),
        ),
        migrations.AddField(
            model_name="regulatorclock",
            name="answers",
            field=models.JSONField(
                default=dict, help_text="Question key to what people wrote for the next report."
            ),
        ),
        migrations.AlterField(
            model_name="postmortemaction",
            name="state",
            field=models.CharField(
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
        migrations.AddConstraint(
            model_name="filing",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("sent_at__isnull", True), ("sent_at__lte", models.F("at")), _connector="OR"
                ),
                name="filing_sent_in_the_past",
            ),
        ),
        migrations.AddField(
            model_name="actionsafeguard",
            name="action",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="safeguards",
                to="incidents.postmortemaction",
            ),
        ),
        migrations.AddField(
            model_name="actionsafeguard",
            name="change",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="safeguard_of",
                to="audits.planchange",
            ),
        ),
        migrations.AddField(
            model_name="actionsafeguard",
            name="item",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="safeguard_of",
                to="reviews.checklistitem",
            ),
        ),
        migrations.AddField(
            model_name="actionsafeguard",
            name="plan",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="safeguard_of",
                to="audits.plan",
            ),
        ),
        migrations.AddField(
            model_name="actionverification",
            name="action",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="verifications",
                to="incidents.postmortemaction",
            ),
        ),
        migrations.AddField(
            model_name="awareness",
            name="incident",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="awareness",
                to="incidents.incident",
            ),
        ),
        migrations.AddField(
            model_name="awareness",
            name="supersedes",
            field=models.OneToOneField(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="correction",
                to="incidents.awareness",
            ),
        ),
        migrations.AddField(
            model_name="regulatorclock",
            name="awareness",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="clocks",
                to="incidents.awareness",
            ),
        ),
        migrations.AddField(
            model_name="correction",
            name="post_mortem",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="corrections",
                to="incidents.postmortem",
            ),
        ),
        migrations.AddConstraint(
            model_name="actionsafeguard",
            constraint=models.CheckConstraint(
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
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="actionsafeguard",
            trigger=pgtrigger.compiler.Trigger(
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
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="actionsafeguard",
            trigger=pgtrigger.compiler.Trigger(
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
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="actionsafeguard",
            trigger=pgtrigger.compiler.Trigger(
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
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="actionverification",
            trigger=pgtrigger.compiler.Trigger(
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
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="actionverification",
            trigger=pgtrigger.compiler.Trigger(
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
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="actionverification",
            trigger=pgtrigger.compiler.Trigger(
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
        ),
        migrations.AddConstraint(
            model_name="awareness",
            constraint=models.UniqueConstraint(
                condition=models.Q(("supersedes__isnull", True)),
                fields=("incident", "fact"),
                name="awareness_stated_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="awareness",
            constraint=models.CheckConstraint(
                condition=models.Q(("fact__in", ["personal_data_breach", "serious_incident"])),
                name="awareness_fact_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="awareness",
            constraint=models.CheckConstraint(
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
        ),
        migrations.AddConstraint(
            model_name="awareness",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("aware_at__isnull", True), ("aware_at__lte", models.F("at")), _connector="OR"
                ),
                name="awareness_is_of_the_past",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="awareness",
            trigger=pgtrigger.compiler.Trigger(
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
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="awareness",
            trigger=pgtrigger.compiler.Trigger(
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
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="awareness",
            trigger=pgtrigger.compiler.Trigger(
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
        ),
        migrations.AddConstraint(
            model_name="correction",
            constraint=models.UniqueConstraint(
                fields=("post_mortem", "number"), name="correction_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="correction",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["proposed", "published", "refused"])),
                name="correction_state_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="correction",
            constraint=models.CheckConstraint(
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
        ),
        migrations.AddConstraint(
            model_name="correction",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("confirmed_by", ""),
                    models.Q(("confirmed_by", models.F("proposed_by")), _negated=True),
                    _connector="OR",
                ),
                name="correction_by_two_people",
            ),
        ),
    ]
