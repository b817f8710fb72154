"""Plans, runs, findings and alerts; the vault's values follow in the next migration."""

import datetime

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
        ("core", "0001_initial"),  # its tactful_uuid7()
        ("registry", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        CreateTables(
            [
                migrations.CreateModel(
                    name="Source",
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
                                related_name="audit_sources",
                                to="registry.system",
                            ),
                        ),
                        ("title", models.CharField(max_length=200)),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("impressions", "Impressions"),
                                    ("ranking", "Rankings"),
                                    ("scores", "Scores"),
                                    ("decisions", "Decisions"),
                                    ("prices", "Prices"),
                                    ("text", "Texts"),
                                ],
                                max_length=20,
                            ),
                        ),
                        (
                            "columns",
                            models.JSONField(
                                blank=True,
                                default=dict,
                                help_text="Role of each column beside the standard ones: role to names.",
                            ),
                        ),
                        (
                            "origin",
                            models.CharField(
                                choices=[
                                    ("pushed", "Sent here"),
                                    ("files", "A folder or a pattern of files"),
                                    ("s3", "An S3 bucket"),
                                    ("postgresql", "A PostgreSQL table"),
                                    ("spark", "A Spark table"),
                                    ("cube", "An aggregated cube"),
                                ],
                                default="pushed",
                                max_length=20,
                            ),
                        ),
                        (
                            "location",
                            models.JSONField(
                                blank=True,
                                default=dict,
                                help_text="Where the rows are; no secret stands here.",
                            ),
                        ),
                        (
                            "secret",
                            models.TextField(
                                blank=True,
                                default="",
                                help_text="The credential of the place, encrypted.",
                            ),
                        ),
                        ("checked_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "problem",
                            models.TextField(
                                blank=True, default="", help_text="Why the last look failed."
                            ),
                        ),
                        (
                            "incoming",
                            models.JSONField(
                                blank=True,
                                default=dict,
                                help_text="Stored name to the name in files that are sent; empty: they are the same.",
                            ),
                        ),
                        ("paused_at", models.DateTimeField(blank=True, null=True)),
                        ("paused_reason", models.TextField(blank=True, default="")),
                    ],
                    options={
                        "ordering": ["system__key", "key"],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("system", "key"), name="source_key_once_per_system"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "kind__in",
                                        [
                                            "impressions",
                                            "ranking",
                                            "scores",
                                            "decisions",
                                            "prices",
                                            "text",
                                        ],
                                    )
                                ),
                                name="source_kind_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "origin__in",
                                        ["pushed", "files", "s3", "postgresql", "spark", "cube"],
                                    )
                                ),
                                name="source_origin_known",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="OutputBatch",
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
                            "digest",
                            models.CharField(
                                help_text="SHA-256 of the bytes as they were sent.", max_length=64
                            ),
                        ),
                        (
                            "path",
                            models.CharField(help_text="Place below STORAGE_URL.", max_length=300),
                        ),
                        ("media_type", models.CharField(max_length=100)),
                        ("rows", models.PositiveBigIntegerField()),
                        (
                            "size",
                            models.PositiveBigIntegerField(help_text="Bytes of the Parquet file."),
                        ),
                        ("columns", models.JSONField(default=list)),
                        ("pushed_by", models.CharField(max_length=200)),
                        ("retention_until", models.DateTimeField(db_index=True)),
                        ("erased_rows", models.PositiveBigIntegerField(default=0)),
                        (
                            "system",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="output_batches",
                                to="registry.system",
                            ),
                        ),
                        (
                            "version",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="output_batches",
                                to="registry.modelversion",
                            ),
                        ),
                        (
                            "source",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="batches",
                                to="audits.source",
                            ),
                        ),
                        ("occurred_from", models.DateTimeField()),
                        (
                            "occurred_to",
                            models.DateTimeField(help_text="The latest output; inclusive."),
                        ),
                        (
                            "shown",
                            models.PositiveBigIntegerField(
                                default=0, help_text="Rows that say clicked or not."
                            ),
                        ),
                        ("clicked", models.PositiveBigIntegerField(default=0)),
                    ],
                    options={
                        "ordering": ["-created_at", "-id"],
                        "indexes": [
                            models.Index(
                                fields=["system", "version", "occurred_from", "occurred_to"],
                                name="output_batch_window",
                            )
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("system", "digest"), name="output_digest_once_per_system"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("occurred_from__lte", models.F("occurred_to"))),
                                name="output_times_in_order",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("clicked__lte", models.F("shown")),
                                    ("shown__lte", models.F("rows")),
                                ),
                                name="output_clicks_within_rows",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="OutcomeBatch",
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
                            "digest",
                            models.CharField(
                                help_text="SHA-256 of the bytes as they were sent.", max_length=64
                            ),
                        ),
                        (
                            "path",
                            models.CharField(help_text="Place below STORAGE_URL.", max_length=300),
                        ),
                        ("media_type", models.CharField(max_length=100)),
                        ("rows", models.PositiveBigIntegerField()),
                        (
                            "size",
                            models.PositiveBigIntegerField(help_text="Bytes of the Parquet file."),
                        ),
                        ("columns", models.JSONField(default=list)),
                        ("pushed_by", models.CharField(max_length=200)),
                        ("retention_until", models.DateTimeField(db_index=True)),
                        ("erased_rows", models.PositiveBigIntegerField(default=0)),
                        (
                            "system",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="outcome_batches",
                                to="registry.system",
                            ),
                        ),
                        ("observed_from", models.DateTimeField()),
                        ("observed_to", models.DateTimeField()),
                    ],
                    options={
                        "ordering": ["-created_at", "-id"],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("system", "digest"), name="outcome_digest_once_per_system"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("observed_from__lte", models.F("observed_to"))),
                                name="outcome_times_in_order",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Plan",
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
                        ("key", governance.core.models.KeyField(max_length=63, unique=True)),
                        ("title", models.CharField(max_length=200)),
                        (
                            "system",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="audit_plans",
                                to="registry.system",
                            ),
                        ),
                        (
                            "source",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="plans",
                                to="audits.source",
                            ),
                        ),
                        (
                            "version",
                            models.ForeignKey(
                                blank=True,
                                help_text="Empty: the version that serves when the window is scheduled.",
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="audit_plans",
                                to="registry.modelversion",
                            ),
                        ),
                        ("method", models.CharField(max_length=100)),
                        ("parameters", models.JSONField(blank=True, default=dict)),
                        ("columns", models.JSONField(blank=True, default=dict)),
                        ("limits", models.JSONField(blank=True, default=list)),
                        ("limits_declared_at", models.DateTimeField()),
                        (
                            "limits_note",
                            models.TextField(
                                blank=True, default="", help_text="How the limits were chosen."
                            ),
                        ),
                        ("seed", models.PositiveBigIntegerField(default=0)),
                        ("zone", models.CharField(default="UTC", max_length=64)),
                        ("starts_at", models.DateTimeField()),
                        ("ends_at", models.DateTimeField(blank=True, null=True)),
                        ("length", models.DurationField(default=datetime.timedelta(days=1))),
                        ("every", models.DurationField(default=datetime.timedelta(days=1))),
                        ("lateness", models.DurationField(default=datetime.timedelta(0))),
                        ("label_maturity", models.DurationField(default=datetime.timedelta(0))),
                        (
                            "backfill",
                            models.BooleanField(
                                default=False,
                                help_text="Also audit windows that ended before the plan was made.",
                            ),
                        ),
                        ("planned_looks", models.PositiveIntegerField(blank=True, null=True)),
                        (
                            "cron",
                            models.CharField(
                                blank=True,
                                default="",
                                help_text="When windows begin, in the plan's zone; empty: one every `every`.",
                                max_length=120,
                            ),
                        ),
                        (
                            "time_limit",
                            models.DurationField(
                                default=datetime.timedelta(seconds=1800),
                                help_text="A run that takes longer is stopped.",
                            ),
                        ),
                        (
                            "weight",
                            models.CharField(
                                choices=[("light", "Light"), ("heavy", "Heavy")],
                                default="light",
                                help_text="Heavy audits wait in a queue of their own.",
                                max_length=10,
                            ),
                        ),
                        (
                            "suppress_below",
                            models.PositiveIntegerField(
                                default=10, help_text="Cells of fewer subjects are not shown."
                            ),
                        ),
                        (
                            "vault_attributes",
                            models.JSONField(
                                blank=True,
                                default=list,
                                help_text="Protected attributes joined from the vault while a run computes.",
                            ),
                        ),
                        ("preset", models.CharField(blank=True, default="", max_length=60)),
                        (
                            "metric_choice",
                            models.JSONField(
                                blank=True,
                                default=dict,
                                help_text="What the metric chooser was told, and why it chose.",
                            ),
                        ),
                        ("revision", models.PositiveIntegerField(default=1)),
                        (
                            "scheduled_until",
                            models.DateTimeField(
                                blank=True,
                                help_text="Windows that begin before it have been looked at.",
                                null=True,
                            ),
                        ),
                        (
                            "owner",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="audit_plans",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "on_breach",
                            models.CharField(
                                choices=[
                                    ("finding", "Record a finding"),
                                    ("open_incident", "Open an incident"),
                                    ("auto_contain", "Contain when an alert fires"),
                                ],
                                default="finding",
                                max_length=20,
                            ),
                        ),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("active", "Active"),
                                    ("paused", "Paused"),
                                    ("ended", "Ended"),
                                ],
                                db_index=True,
                                default="active",
                                max_length=10,
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["key"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("on_breach__in", ["finding", "open_incident", "auto_contain"])
                                ),
                                name="plan_on_breach_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("state__in", ["active", "paused", "ended"])),
                                name="plan_state_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("weight__in", ["light", "heavy"])),
                                name="plan_weight_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("time_limit__gt", datetime.timedelta(0))),
                                name="plan_time_limit_positive",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("length__gt", datetime.timedelta(0)),
                                    ("every__gt", datetime.timedelta(0)),
                                ),
                                name="plan_windows_have_length",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("ends_at__isnull", True),
                                    ("ends_at__gt", models.F("starts_at")),
                                    _connector="OR",
                                ),
                                name="plan_ends_after_it_starts",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("planned_looks__isnull", True),
                                    ("planned_looks__gte", 1),
                                    _connector="OR",
                                ),
                                name="plan_looks_positive",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="AlertRule",
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
                            "plan",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="alert_rules",
                                to="audits.plan",
                            ),
                        ),
                        ("metric", models.CharField(max_length=120)),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("value", "A value"),
                                    ("difference", "A difference"),
                                    ("ratio", "A ratio"),
                                ],
                                max_length=12,
                            ),
                        ),
                        (
                            "evidence",
                            models.CharField(
                                choices=[
                                    ("groups", "Pairs of groups, from the stored counts"),
                                    ("interval", "The measurement and its interval"),
                                ],
                                max_length=10,
                            ),
                        ),
                        (
                            "pairs",
                            models.CharField(
                                choices=[("all", "All of them"), ("one", "One declared pair")],
                                default="all",
                                max_length=4,
                            ),
                        ),
                        (
                            "pair",
                            models.JSONField(
                                blank=True,
                                default=dict,
                                help_text="With one pair: `of` and `to`, column to value.",
                            ),
                        ),
                        ("limit", models.FloatField()),
                        (
                            "side",
                            models.CharField(
                                choices=[
                                    ("<=", "At most the limit"),
                                    (">=", "At least the limit"),
                                    ("within", "Within the limit on both sides"),
                                ],
                                max_length=6,
                            ),
                        ),
                        (
                            "shift",
                            models.FloatField(
                                help_text="How far beyond the limit is to be seen soon."
                            ),
                        ),
                        ("log", models.BooleanField(default=False)),
                        ("threshold", models.FloatField(default=3650.0)),
                        ("watch", models.FloatField(default=20.0)),
                        ("calm", models.PositiveSmallIntegerField(default=3)),
                        ("least_subjects", models.PositiveIntegerField(default=30)),
                        (
                            "detector",
                            models.CharField(
                                choices=[
                                    ("e_sr", "Sum over all beginnings (e-SR)"),
                                    ("e_cusum", "Largest over all beginnings (e-CUSUM)"),
                                ],
                                default="e_sr",
                                max_length=8,
                            ),
                        ),
                        (
                            "lasting",
                            models.FloatField(
                                blank=True,
                                help_text="Share of returning people still there a window later; empty: measured.",
                                null=True,
                            ),
                        ),
                        (
                            "action",
                            models.CharField(
                                choices=[
                                    ("notify", "Tell people"),
                                    ("open_incident", "Open an incident"),
                                    ("contain", "Open an incident and contain it at once"),
                                ],
                                default="notify",
                                max_length=14,
                            ),
                        ),
                        ("destinations", models.JSONField(blank=True, default=list)),
                        ("escalate_after", models.DurationField(blank=True, null=True)),
                        ("escalate_to", models.JSONField(blank=True, default=list)),
                        (
                            "expected",
                            models.JSONField(
                                blank=True,
                                default=dict,
                                help_text="Delay and false alarms to expect, as it was saved.",
                            ),
                        ),
                        (
                            "derived",
                            models.BooleanField(
                                default=False,
                                help_text="Follows the plan's limit until a person edits it.",
                            ),
                        ),
                        ("active", models.BooleanField(default=True)),
                        ("revision", models.PositiveIntegerField(default=1)),
                    ],
                    options={
                        "ordering": ["plan__key", "metric", "side", "limit"],
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("active", True)),
                                fields=("plan", "metric", "side", "pairs", "pair"),
                                name="alert_rule_once_per_metric",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("kind__in", ["value", "difference", "ratio"]),
                                    ("evidence__in", ["groups", "interval"]),
                                    ("side__in", ["<=", ">=", "within"]),
                                    ("action__in", ["notify", "open_incident", "contain"]),
                                    ("detector__in", ["e_sr", "e_cusum"]),
                                ),
                                name="alert_rule_words_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("pair", {}), ("pairs", "all")),
                                    models.Q(
                                        ("pairs", "one"), models.Q(("pair", {}), _negated=True)
                                    ),
                                    _connector="OR",
                                ),
                                name="alert_rule_pair_iff_one",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("log", False), ("shift__gt", 0)),
                                    models.Q(("limit__gt", 0), ("log", True), ("shift__gt", 1)),
                                    _connector="OR",
                                ),
                                name="alert_rule_shift_beyond_limit",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("watch__gt", 1), ("threshold__gt", models.F("watch"))
                                ),
                                name="alert_rule_watch_below_threshold",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("calm__gte", 1), ("least_subjects__gte", 2)),
                                name="alert_rule_counts",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("lasting__isnull", True),
                                    models.Q(("lasting__gte", 0), ("lasting__lte", 1)),
                                    _connector="OR",
                                ),
                                name="alert_rule_lasting_is_share",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("escalate_after__isnull", True),
                                    ("escalate_after__gt", datetime.timedelta(0)),
                                    _connector="OR",
                                ),
                                name="alert_rule_escalates_later",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="AlertStream",
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
                            "rule",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="streams",
                                to="audits.alertrule",
                            ),
                        ),
                        (
                            "key",
                            models.CharField(
                                help_text="SHA-256 of what is watched.", max_length=64
                            ),
                        ),
                        (
                            "watched",
                            models.JSONField(
                                default=dict,
                                help_text="Metric, rate, stratum, and of which group against which.",
                            ),
                        ),
                        ("label", models.CharField(max_length=400)),
                        ("version", models.CharField(blank=True, default="", max_length=200)),
                        ("state", models.JSONField(blank=True, default=dict)),
                        (
                            "status",
                            models.CharField(
                                choices=[
                                    ("ok", "In order"),
                                    ("watch", "Watched"),
                                    ("alert", "Alert"),
                                    ("recovered", "Recovered"),
                                    ("insufficient_data", "Too few people"),
                                ],
                                default="insufficient_data",
                                max_length=20,
                            ),
                        ),
                        (
                            "moved_at",
                            models.DateTimeField(
                                blank=True, help_text="When the status changed.", null=True
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["label", "id"],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("rule", "key"), name="alert_stream_once"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "status__in",
                                        ["ok", "watch", "alert", "recovered", "insufficient_data"],
                                    )
                                ),
                                name="alert_stream_status_known",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="AlertMute",
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
                            "rule",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="mutes",
                                to="audits.alertrule",
                            ),
                        ),
                        (
                            "stream",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="mutes",
                                to="audits.alertstream",
                            ),
                        ),
                        ("reason", models.TextField()),
                        ("until", models.DateTimeField()),
                        ("muted_by", models.CharField(max_length=200)),
                        ("stops_containment", models.BooleanField(default=False)),
                        ("lifted_at", models.DateTimeField(blank=True, null=True)),
                    ],
                    options={
                        "ordering": ["-created_at", "-id"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("rule__isnull", False), ("stream__isnull", True)),
                                    models.Q(("rule__isnull", True), ("stream__isnull", False)),
                                    _connector="OR",
                                ),
                                name="alert_mute_of_rule_or_stream",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("until__gt", models.F("created_at"))),
                                name="alert_mute_ends_later",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("reason", ""), _negated=True),
                                name="alert_mute_says_why",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Backfill",
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
                            "plan",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="backfills",
                                to="audits.plan",
                            ),
                        ),
                        (
                            "first",
                            models.DateTimeField(
                                help_text="Windows that begin at this moment or later,"
                            ),
                        ),
                        (
                            "until",
                            models.DateTimeField(help_text="and end at this moment or earlier."),
                        ),
                        (
                            "windows",
                            models.PositiveIntegerField(help_text="How many runs were made."),
                        ),
                        ("reason", models.TextField(blank=True, default="")),
                        ("requested_by", models.CharField(max_length=200)),
                        ("cancelled_at", models.DateTimeField(blank=True, null=True)),
                    ],
                    options={
                        "ordering": ["-created_at", "-id"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("first__lt", models.F("until"))),
                                name="backfill_range_in_order",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("windows__gte", 1)), name="backfill_has_windows"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="PlanChange",
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
                            "plan",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="changes",
                                to="audits.plan",
                            ),
                        ),
                        ("base_revision", models.PositiveIntegerField()),
                        ("before", models.JSONField()),
                        ("after", models.JSONField()),
                        ("weakens", models.BooleanField()),
                        (
                            "reasons",
                            models.JSONField(
                                default=list, help_text="Each way in which it weakens the plan."
                            ),
                        ),
                        (
                            "justification",
                            models.TextField(
                                blank=True, default="", help_text="Why it was proposed."
                            ),
                        ),
                        ("proposed_by", models.CharField(max_length=200)),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("proposed", "Proposed"),
                                    ("applied", "Applied"),
                                    ("refused", "Refused"),
                                    ("withdrawn", "Withdrawn"),
                                ],
                                default="proposed",
                                max_length=10,
                            ),
                        ),
                        ("decided_by", models.CharField(blank=True, default="", max_length=200)),
                        ("decided_at", models.DateTimeField(blank=True, null=True)),
                        ("decision_note", models.TextField(blank=True, default="")),
                        (
                            "revision",
                            models.PositiveIntegerField(
                                blank=True,
                                help_text="The revision of the plan that it made.",
                                null=True,
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["-created_at", "-id"],
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("state", "proposed")),
                                fields=("plan",),
                                name="plan_change_one_open",
                            ),
                            models.UniqueConstraint(
                                fields=("plan", "revision"), name="plan_change_one_per_revision"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("state__in", ["proposed", "applied", "refused", "withdrawn"])
                                ),
                                name="plan_change_state_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("decided_at__isnull", True),
                                        ("decided_by", ""),
                                        ("state", "proposed"),
                                    ),
                                    models.Q(
                                        models.Q(("state", "proposed"), _negated=True),
                                        ("decided_at__isnull", False),
                                    ),
                                    _connector="OR",
                                ),
                                name="plan_change_decided_once",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("revision__isnull", False), ("state", "applied")),
                                    models.Q(
                                        models.Q(("state", "applied"), _negated=True),
                                        ("revision__isnull", True),
                                    ),
                                    _connector="OR",
                                ),
                                name="plan_change_applied_has_revision",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("weakens", False),
                                    models.Q(("state__in", ["applied", "refused"]), _negated=True),
                                    models.Q(
                                        ("decided_by", models.F("proposed_by")), _negated=True
                                    ),
                                    _connector="OR",
                                ),
                                name="plan_change_two_people",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("weakens", True), models.Q(("reasons", []), _negated=True)
                                    ),
                                    models.Q(("reasons", []), ("weakens", False)),
                                    _connector="OR",
                                ),
                                name="plan_change_weakens_for_reasons",
                            ),
                        ],
                        "triggers": [
                            pgtrigger.compiler.Trigger(
                                name="plan_change_frozen",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func="IF OLD.state <> 'proposed' OR (NEW.id, NEW.created_at, NEW.plan_id, NEW.base_revision, NEW.before, NEW.after, NEW.weakens, NEW.reasons, NEW.justification, NEW.proposed_by) IS DISTINCT FROM (OLD.id, OLD.created_at, OLD.plan_id, OLD.base_revision, OLD.before, OLD.after, OLD.weakens, OLD.reasons, OLD.justification, OLD.proposed_by) THEN RAISE EXCEPTION 'a proposed change of a plan stands as it was written' USING ERRCODE = 'insufficient_privilege'; END IF; RETURN NEW;",
                                    hash="156a6d76888888d807ddba59a85fa6869a9e0a36",
                                    operation="UPDATE",
                                    pgid="pgtrigger_plan_change_frozen_afcb3",
                                    table="audits_planchange",
                                    when="BEFORE",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="plan_change_kept",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func="RAISE EXCEPTION 'a change of a plan is kept' USING ERRCODE = 'insufficient_privilege';",
                                    hash="8c0d1f067975d20b4edf5c4c73e4f836d6672b75",
                                    operation="DELETE",
                                    pgid="pgtrigger_plan_change_kept_9e2fb",
                                    table="audits_planchange",
                                    when="BEFORE",
                                ),
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Run",
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
                            "plan",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="runs",
                                to="audits.plan",
                            ),
                        ),
                        (
                            "version",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="audit_runs",
                                to="registry.modelversion",
                            ),
                        ),
                        ("window_start", models.DateTimeField()),
                        ("window_end", models.DateTimeField()),
                        (
                            "purpose",
                            models.CharField(
                                choices=[
                                    ("scheduled", "Scheduled"),
                                    ("on_demand", "Asked for by a person"),
                                    ("backfill", "A window asked for later"),
                                    ("verification", "Verification for an incident"),
                                ],
                                default="scheduled",
                                max_length=20,
                            ),
                        ),
                        (
                            "incident_id",
                            models.CharField(blank=True, db_index=True, max_length=64, null=True),
                        ),
                        ("requested_by", models.CharField(max_length=200)),
                        (
                            "plan_revision",
                            models.PositiveIntegerField(
                                default=1,
                                help_text="The revision of the plan that the run measures by.",
                            ),
                        ),
                        (
                            "backfill",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="runs",
                                to="audits.backfill",
                            ),
                        ),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("queued", "Queued"),
                                    ("running", "Running"),
                                    ("succeeded", "Finished"),
                                    ("error", "Stopped by an error"),
                                    ("cancelled", "Cancelled"),
                                ],
                                default="queued",
                                max_length=10,
                            ),
                        ),
                        (
                            "attempt",
                            models.PositiveIntegerField(
                                default=0,
                                help_text="Fencing number: only the latest attempt may publish.",
                            ),
                        ),
                        (
                            "attempts_before",
                            models.PositiveIntegerField(
                                default=0, help_text="Attempts that a person's retry has forgiven."
                            ),
                        ),
                        ("enqueued_at", models.DateTimeField()),
                        ("lease_until", models.DateTimeField(blank=True, null=True)),
                        ("heartbeat_at", models.DateTimeField(blank=True, null=True)),
                        ("claimed_by", models.CharField(blank=True, default="", max_length=200)),
                        ("started_at", models.DateTimeField(blank=True, null=True)),
                        ("finished_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "progress",
                            models.PositiveSmallIntegerField(default=0, help_text="Per cent."),
                        ),
                        ("progress_note", models.CharField(blank=True, default="", max_length=200)),
                        ("report", models.JSONField(blank=True, null=True)),
                        (
                            "verdict",
                            models.CharField(
                                blank=True,
                                choices=[
                                    ("pass", "Within the limit"),
                                    ("fail", "Beyond the limit"),
                                    ("inconclusive", "Inconclusive"),
                                    ("not_applicable", "Not applicable"),
                                ],
                                max_length=20,
                                null=True,
                            ),
                        ),
                        ("sentence", models.TextField(blank=True, default="")),
                        ("error", models.TextField(blank=True, default="")),
                    ],
                    options={
                        "ordering": ["-created_at", "-id"],
                        "indexes": [
                            models.Index(fields=["state", "lease_until"], name="run_state_lease"),
                            models.Index(fields=["plan", "-window_end"], name="run_plan_window"),
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("purpose__in", ["scheduled", "backfill"])),
                                fields=("plan", "window_start", "window_end"),
                                name="run_once_per_window",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(
                                    ("purpose", "verification"),
                                    ("state__in", ["queued", "running"]),
                                ),
                                fields=(
                                    "plan",
                                    "window_start",
                                    "window_end",
                                    "version",
                                    "incident_id",
                                ),
                                name="run_verifies_once_at_a_time",
                                nulls_distinct=False,
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(
                                    ("purpose", "on_demand"), ("state__in", ["queued", "running"])
                                ),
                                fields=("plan", "window_start", "window_end", "version"),
                                name="run_on_demand_once_at_a_time",
                                nulls_distinct=False,
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "state__in",
                                        ["queued", "running", "succeeded", "error", "cancelled"],
                                    )
                                ),
                                name="run_state_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "purpose__in",
                                        ["scheduled", "on_demand", "backfill", "verification"],
                                    )
                                ),
                                name="run_purpose_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("verdict__isnull", True),
                                    (
                                        "verdict__in",
                                        ["pass", "fail", "inconclusive", "not_applicable"],
                                    ),
                                    _connector="OR",
                                ),
                                name="run_verdict_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("window_start__lt", models.F("window_end"))),
                                name="run_window_in_order",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("report__isnull", False), ("state", "succeeded")),
                                    models.Q(
                                        models.Q(("state", "succeeded"), _negated=True),
                                        ("report__isnull", True),
                                    ),
                                    _connector="OR",
                                ),
                                name="run_report_iff_succeeded",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("finished_at__isnull", False),
                                        ("state__in", ("succeeded", "error", "cancelled")),
                                    ),
                                    models.Q(
                                        models.Q(
                                            ("state__in", ("succeeded", "error", "cancelled")),
                                            _negated=True,
                                        ),
                                        ("finished_at__isnull", True),
                                    ),
                                    _connector="OR",
                                ),
                                name="run_finished_iff_ended",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("state", "running"), _negated=True),
                                    models.Q(("attempt__gte", 1), ("lease_until__isnull", False)),
                                    _connector="OR",
                                ),
                                name="run_running_has_lease",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("purpose", "verification"), _negated=True),
                                    ("incident_id__isnull", False),
                                    _connector="OR",
                                ),
                                name="run_verification_has_incident",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("backfill__isnull", False), ("purpose", "backfill")),
                                    models.Q(
                                        models.Q(("purpose", "backfill"), _negated=True),
                                        ("backfill__isnull", True),
                                    ),
                                    _connector="OR",
                                ),
                                name="run_backfill_names_its_order",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="AlertWindow",
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
                            "plan",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="alert_windows",
                                to="audits.plan",
                            ),
                        ),
                        (
                            "run",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="alert_window",
                                to="audits.run",
                            ),
                        ),
                        ("window_start", models.DateTimeField()),
                        (
                            "taken_as",
                            models.CharField(
                                choices=[("weighed", "Weighed"), ("skipped", "Passed over")],
                                max_length=10,
                            ),
                        ),
                        ("sentence", models.TextField(blank=True, default="")),
                    ],
                    options={
                        "ordering": ["-window_start"],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("plan", "window_start"), name="alert_window_once_per_plan"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("taken_as__in", ["weighed", "skipped"])),
                                name="alert_window_taken_known",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="AlertStep",
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
                            "stream",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="steps",
                                to="audits.alertstream",
                            ),
                        ),
                        (
                            "run",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="alert_steps",
                                to="audits.run",
                            ),
                        ),
                        ("window_start", models.DateTimeField()),
                        ("version", models.CharField(blank=True, default="", max_length=200)),
                        ("estimate", models.FloatField(blank=True, null=True)),
                        ("variance", models.FloatField(blank=True, null=True)),
                        ("shared", models.FloatField(default=0.0)),
                        ("subjects", models.PositiveBigIntegerField()),
                        (
                            "log_evidence",
                            models.FloatField(
                                blank=True, help_text="Natural logarithm.", null=True
                            ),
                        ),
                        (
                            "low",
                            models.FloatField(
                                blank=True, help_text="Of the level since the origin.", null=True
                            ),
                        ),
                        ("high", models.FloatField(blank=True, null=True)),
                        ("limit", models.FloatField()),
                        ("watch", models.FloatField()),
                        ("threshold", models.FloatField()),
                        ("rule_revision", models.PositiveIntegerField()),
                        (
                            "status",
                            models.CharField(
                                choices=[
                                    ("ok", "In order"),
                                    ("watch", "Watched"),
                                    ("alert", "Alert"),
                                    ("recovered", "Recovered"),
                                    ("insufficient_data", "Too few people"),
                                ],
                                max_length=20,
                            ),
                        ),
                        ("cube_sha256", models.CharField(blank=True, default="", max_length=64)),
                    ],
                    options={
                        "ordering": ["window_start"],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("stream", "run"), name="alert_step_once_per_window"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "status__in",
                                        ["ok", "watch", "alert", "recovered", "insufficient_data"],
                                    )
                                ),
                                name="alert_step_status_known",
                            ),
                        ],
                        "triggers": [
                            pgtrigger.compiler.Trigger(
                                name="alert_step_unchanged",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                                    hash="6248830a7283227c6fd63110df9d2297cefb3863",
                                    operation="UPDATE",
                                    pgid="pgtrigger_alert_step_unchanged_dc682",
                                    table="audits_alertstep",
                                    when="BEFORE",
                                ),
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Alert",
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
                            "stream",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="alerts",
                                to="audits.alertstream",
                            ),
                        ),
                        (
                            "raised_by",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="alert",
                                to="audits.alertstep",
                            ),
                        ),
                        ("version", models.CharField(blank=True, default="", max_length=200)),
                        (
                            "since",
                            models.DateTimeField(
                                help_text="Start of the window in which the evidence began."
                            ),
                        ),
                        ("sentence", models.TextField()),
                        (
                            "action",
                            models.CharField(
                                choices=[
                                    ("notify", "Tell people"),
                                    ("open_incident", "Open an incident"),
                                    ("contain", "Open an incident and contain it at once"),
                                ],
                                max_length=14,
                            ),
                        ),
                        ("destinations", models.JSONField(blank=True, default=list)),
                        ("escalate_at", models.DateTimeField(blank=True, null=True)),
                        ("escalate_to", models.JSONField(blank=True, default=list)),
                        ("escalated_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "muted",
                            models.BooleanField(
                                default=False, help_text="Nobody was told: a mute stood."
                            ),
                        ),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("firing", "Firing"),
                                    ("acknowledged", "Acknowledged"),
                                    ("resolved", "Resolved"),
                                ],
                                db_index=True,
                                default="firing",
                                max_length=14,
                            ),
                        ),
                        (
                            "owner",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="audit_alerts",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("acknowledged_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "acknowledged_by",
                            models.CharField(blank=True, default="", max_length=200),
                        ),
                        ("resolved_at", models.DateTimeField(blank=True, null=True)),
                        ("resolved_by", models.CharField(blank=True, default="", max_length=200)),
                        ("resolution", models.TextField(blank=True, default="")),
                        (
                            "incident_id",
                            models.CharField(blank=True, db_index=True, default="", max_length=64),
                        ),
                        (
                            "incident_reference",
                            models.CharField(blank=True, default="", max_length=20),
                        ),
                    ],
                    options={
                        "ordering": ["-created_at", "-id"],
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("state", "resolved"), _negated=True),
                                fields=("stream",),
                                name="alert_open_once_per_stream",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("state__in", ["firing", "acknowledged", "resolved"]),
                                    ("action__in", ["notify", "open_incident", "contain"]),
                                ),
                                name="alert_words_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("resolved_at__isnull", False), ("state", "resolved")),
                                    models.Q(
                                        models.Q(("state", "resolved"), _negated=True),
                                        ("resolved_at__isnull", True),
                                    ),
                                    _connector="OR",
                                ),
                                name="alert_resolved_iff_dated",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("state", "acknowledged"), _negated=True),
                                    ("acknowledged_at__isnull", False),
                                    _connector="OR",
                                ),
                                name="alert_acknowledged_is_dated",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Measurement",
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
                            "run",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="measurements",
                                to="audits.run",
                            ),
                        ),
                        ("position", models.PositiveIntegerField()),
                        ("metric", models.CharField(max_length=120)),
                        ("definition", models.CharField(max_length=160)),
                        ("slice", models.JSONField(default=dict)),
                        ("comparison", models.JSONField(blank=True, null=True)),
                        ("value", models.FloatField(blank=True, null=True)),
                        ("low", models.FloatField(blank=True, null=True)),
                        ("high", models.FloatField(blank=True, null=True)),
                        ("level", models.FloatField(blank=True, null=True)),
                        ("interval", models.CharField(blank=True, default="", max_length=60)),
                        ("n", models.PositiveBigIntegerField()),
                        ("unit", models.CharField(max_length=20)),
                        ("threshold", models.JSONField(blank=True, null=True)),
                        (
                            "verdict",
                            models.CharField(
                                blank=True,
                                choices=[
                                    ("pass", "Within the limit"),
                                    ("fail", "Beyond the limit"),
                                    ("inconclusive", "Inconclusive"),
                                    ("not_applicable", "Not applicable"),
                                ],
                                max_length=20,
                                null=True,
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["run", "position"],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("run", "position"), name="measurement_position_once"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="RunCube",
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
                            "run",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="cube",
                                to="audits.run",
                            ),
                        ),
                        ("method", models.CharField(max_length=100)),
                        (
                            "format",
                            models.CharField(
                                help_text="Of the packed bytes, with its version.", max_length=40
                            ),
                        ),
                        ("data", models.BinaryField()),
                        ("cells", models.PositiveIntegerField()),
                        ("subjects", models.PositiveBigIntegerField()),
                        ("sha256", models.CharField(max_length=64)),
                        (
                            "panel",
                            models.JSONField(
                                blank=True,
                                help_text="Sums over people who were in the window before too.",
                                null=True,
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["-created_at", "-id"],
                    },
                ),
                migrations.CreateModel(
                    name="Finding",
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
                            "plan",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="findings",
                                to="audits.plan",
                            ),
                        ),
                        (
                            "run",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="findings",
                                to="audits.run",
                            ),
                        ),
                        (
                            "position",
                            models.PositiveIntegerField(
                                help_text="Which measurement of the run's report."
                            ),
                        ),
                        ("metric", models.CharField(max_length=120)),
                        ("definition", models.CharField(max_length=160)),
                        ("slice", models.JSONField(default=dict)),
                        ("value", models.FloatField(blank=True, null=True)),
                        ("low", models.FloatField(blank=True, null=True)),
                        ("high", models.FloatField(blank=True, null=True)),
                        ("n", models.PositiveBigIntegerField()),
                        ("unit", models.CharField(max_length=20)),
                        ("threshold_op", models.CharField(max_length=2)),
                        ("threshold_value", models.FloatField()),
                        ("severity", models.CharField(max_length=10)),
                        ("sentence", models.TextField()),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("open", "Open"),
                                    ("accepted", "Accepted"),
                                    ("in_remediation", "In remediation"),
                                    ("fixed", "Fixed"),
                                    ("verified", "Verified"),
                                    ("risk_accepted", "Risk accepted"),
                                    ("false_positive", "False positive"),
                                ],
                                db_index=True,
                                default="open",
                                max_length=20,
                            ),
                        ),
                        (
                            "owner",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="audit_findings",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("due_at", models.DateTimeField(blank=True, null=True)),
                        ("note", models.TextField(blank=True, default="")),
                        ("fixed_by", models.CharField(blank=True, default="", max_length=120)),
                        ("verified_by", models.CharField(blank=True, default="", max_length=120)),
                        (
                            "verified_run",
                            models.UUIDField(
                                blank=True,
                                help_text="The later run that passed on the same measurement.",
                                null=True,
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["-created_at", "-id"],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("run", "position"), name="finding_once_per_measurement"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "state__in",
                                        [
                                            "open",
                                            "accepted",
                                            "in_remediation",
                                            "fixed",
                                            "verified",
                                            "risk_accepted",
                                            "false_positive",
                                        ],
                                    )
                                ),
                                name="finding_state_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("state", "verified"), _negated=True),
                                    ("verified_run__isnull", False),
                                    models.Q(
                                        models.Q(("verified_by", ""), _negated=True),
                                        models.Q(
                                            ("verified_by", models.F("fixed_by")), _negated=True
                                        ),
                                        models.Q(("note", ""), _negated=True),
                                    ),
                                    _connector="OR",
                                ),
                                name="finding_verified_by_run_or_second_person",
                            ),
                        ],
                    },
                ),
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
                            "finding",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="remediations",
                                to="audits.finding",
                            ),
                        ),
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
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("state__in", ["planned", "under_way", "done", "dropped"])
                                ),
                                name="remediation_state_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "kind__in",
                                        [
                                            "model",
                                            "data",
                                            "serving",
                                            "version",
                                            "limit_use",
                                            "process",
                                            "other",
                                        ],
                                    )
                                ),
                                name="remediation_kind_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("done_at__isnull", False), ("state", "done")),
                                    models.Q(
                                        models.Q(("state", "done"), _negated=True),
                                        ("done_at__isnull", True),
                                    ),
                                    _connector="OR",
                                ),
                                name="remediation_done_iff_dated",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("measured_run__isnull", True),
                                    ("state", "done"),
                                    _connector="OR",
                                ),
                                name="remediation_measured_when_done",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="StagedUpload",
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
                            "source",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="staged",
                                to="audits.source",
                            ),
                        ),
                        (
                            "name",
                            models.CharField(
                                help_text="The file's name as it was sent.", max_length=200
                            ),
                        ),
                        ("media_type", models.CharField(max_length=100)),
                        (
                            "path",
                            models.CharField(help_text="Place below STORAGE_URL.", max_length=300),
                        ),
                        ("size", models.PositiveBigIntegerField()),
                        ("digest", models.CharField(max_length=64)),
                        (
                            "rows",
                            models.PositiveBigIntegerField(help_text="Rows that were looked at."),
                        ),
                        ("whole", models.BooleanField(help_text="Whether these are all rows.")),
                        ("uploaded_by", models.CharField(max_length=200)),
                        ("expires_at", models.DateTimeField(db_index=True)),
                    ],
                    options={
                        "ordering": ["-created_at", "-id"],
                    },
                ),
                migrations.CreateModel(
                    name="VaultAttribute",
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
                        ("key", governance.core.models.KeyField(max_length=63, unique=True)),
                        ("title", models.CharField(max_length=200)),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("self_declared", "Told by the person"),
                                    ("inferred", "Inferred by a model"),
                                    ("proxy", "A proxy, such as a place or a name"),
                                    ("external", "From a register or a partner"),
                                    ("synthetic", "Synthetic"),
                                ],
                                max_length=20,
                            ),
                        ),
                        (
                            "purposes",
                            models.JSONField(
                                default=list, help_text="What it may be used for; nothing else."
                            ),
                        ),
                        (
                            "reason",
                            models.TextField(help_text="Why fairness cannot be judged without it."),
                        ),
                        (
                            "legal_basis",
                            models.CharField(
                                choices=[
                                    ("consent", "Consent"),
                                    ("contract", "Contract"),
                                    ("legal_obligation", "Legal obligation"),
                                    ("vital_interests", "Vital interests"),
                                    ("public_task", "Public task"),
                                    ("legitimate_interests", "Legitimate interests"),
                                ],
                                max_length=30,
                            ),
                        ),
                        (
                            "article9",
                            models.CharField(
                                choices=[
                                    ("not_special", "No special-category data"),
                                    ("explicit_consent", "Explicit consent, 9(2)(a)"),
                                    ("employment", "Employment and social protection law, 9(2)(b)"),
                                    ("made_public", "Made public by the person, 9(2)(e)"),
                                    ("legal_claims", "Legal claims, 9(2)(f)"),
                                    (
                                        "public_interest",
                                        "Substantial public interest by law, 9(2)(g)",
                                    ),
                                    (
                                        "bias_detection",
                                        "AI Act, Article 10(5): bias in a high-risk system",
                                    ),
                                    ("health_care", "Health or social care, 9(2)(h)"),
                                    ("statistics", "Research or statistics by law, 9(2)(j)"),
                                ],
                                max_length=40,
                            ),
                        ),
                        (
                            "dpia",
                            models.URLField(
                                help_text="Where its impact assessment stands.", max_length=500
                            ),
                        ),
                        (
                            "expires_at",
                            models.DateTimeField(help_text="Its values are deleted then."),
                        ),
                        (
                            "systems",
                            models.JSONField(
                                blank=True,
                                default=list,
                                help_text="Systems whose plans may use it; empty: any.",
                            ),
                        ),
                        (
                            "owner",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="vault_attributes",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "inferred_reason",
                            models.TextField(
                                blank=True,
                                default="",
                                help_text="Why an inferred attribute may be used all the same.",
                            ),
                        ),
                        (
                            "inferred_allowed_by",
                            models.CharField(blank=True, default="", max_length=200),
                        ),
                        ("retired_at", models.DateTimeField(blank=True, null=True)),
                        ("retired_reason", models.TextField(blank=True, default="")),
                        (
                            "subjects",
                            models.PositiveBigIntegerField(
                                default=0, help_text="People with a value."
                            ),
                        ),
                        ("loaded_at", models.DateTimeField(blank=True, null=True)),
                    ],
                    options={
                        "ordering": ["key"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "kind__in",
                                        [
                                            "self_declared",
                                            "inferred",
                                            "proxy",
                                            "external",
                                            "synthetic",
                                        ],
                                    )
                                ),
                                name="vault_kind_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "legal_basis__in",
                                        [
                                            "consent",
                                            "contract",
                                            "legal_obligation",
                                            "vital_interests",
                                            "public_task",
                                            "legitimate_interests",
                                        ],
                                    )
                                ),
                                name="vault_basis_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "article9__in",
                                        [
                                            "not_special",
                                            "explicit_consent",
                                            "employment",
                                            "made_public",
                                            "legal_claims",
                                            "public_interest",
                                            "bias_detection",
                                            "health_care",
                                            "statistics",
                                        ],
                                    )
                                ),
                                name="vault_article9_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("inferred_allowed_by", ""),
                                    models.Q(("inferred_reason", ""), _negated=True),
                                    _connector="OR",
                                ),
                                name="vault_inferred_has_reason",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="VaultPermit",
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
                            "plan",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="vault_permits",
                                to="audits.plan",
                            ),
                        ),
                        (
                            "attribute",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="permits",
                                to="audits.vaultattribute",
                            ),
                        ),
                        ("reason", models.TextField()),
                        ("permitted_by", models.CharField(max_length=200)),
                        ("revoked_at", models.DateTimeField(blank=True, null=True)),
                        ("revoked_by", models.CharField(blank=True, default="", max_length=200)),
                    ],
                    options={
                        "ordering": ["-created_at", "-id"],
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("revoked_at__isnull", True)),
                                fields=("plan", "attribute"),
                                name="vault_permit_once",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="VaultAccess",
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
                            "attribute",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="accesses",
                                to="audits.vaultattribute",
                            ),
                        ),
                        (
                            "act",
                            models.CharField(
                                choices=[
                                    ("load", "Loaded"),
                                    ("run", "Joined in a run"),
                                    ("remove", "Removed"),
                                    ("expire", "Deleted at the end of its time"),
                                    ("export", "Handed to the person"),
                                    ("erase", "Erased for the person"),
                                ],
                                max_length=20,
                            ),
                        ),
                        ("actor", models.CharField(max_length=200)),
                        ("run_id", models.UUIDField(blank=True, null=True)),
                        ("why", models.TextField()),
                        ("subjects", models.PositiveBigIntegerField()),
                    ],
                    options={
                        "ordering": ["-at", "-id"],
                        "indexes": [
                            models.Index(fields=["attribute", "-id"], name="vault_access_log")
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "act__in",
                                        ["load", "run", "remove", "expire", "export", "erase"],
                                    )
                                ),
                                name="vault_act_known",
                            )
                        ],
                        "triggers": [
                            pgtrigger.compiler.Trigger(
                                name="append_only_rows",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func="RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';",
                                    hash="8098e40b062c32b3345ea64744080021014249db",
                                    operation="UPDATE OR DELETE",
                                    pgid="pgtrigger_append_only_rows_289ca",
                                    table="audits_vaultaccess",
                                    when="BEFORE",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="append_only_table",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func="RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';",
                                    hash="4e5504e208060c69af473e14d7c6da84c94ec33d",
                                    level="STATEMENT",
                                    operation="TRUNCATE",
                                    pgid="pgtrigger_append_only_table_1e225",
                                    table="audits_vaultaccess",
                                    when="BEFORE",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="append_only_stamp",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func="NEW.id := tactful_uuid7(); NEW.at := clock_timestamp(); RETURN NEW;",
                                    hash="31d95531220cf4f21b35c26f8e8849f81a36d3cf",
                                    operation="INSERT",
                                    pgid="pgtrigger_append_only_stamp_04870",
                                    table="audits_vaultaccess",
                                    when="BEFORE",
                                ),
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="VaultValue",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "attribute",
                                "subject",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        (
                            "attribute",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                to="audits.vaultattribute",
                            ),
                        ),
                        (
                            "subject",
                            models.CharField(
                                help_text="The pseudonym, as in outputs.", max_length=64
                            ),
                        ),
                        ("value", models.CharField(max_length=200)),
                        ("loaded_at", models.DateTimeField()),
                    ],
                    options={
                        "db_table": '"vault"."value"',
                        "managed": False,
                    },
                ),
            ]
        ),
    ]
