"""Signals as they stand, and every word they ever said."""

import django.db.models.functions.datetime
import pgtrigger.compiler
from django.db import migrations, models

import governance.core.append_only
import governance.core.ids
from governance.core.tables import CreateTables


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("core", "0001_initial"),  # its tactful_uuid7()
    ]

    operations = [
        CreateTables(
            [
                migrations.CreateModel(
                    name="SignalRevision",
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
                        ("key", models.CharField(max_length=150)),
                        ("scope", models.CharField(max_length=12)),
                        ("scope_key", models.CharField(max_length=130)),
                        ("number", models.FloatField(null=True)),
                        ("text", models.CharField(blank=True, max_length=200)),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("ok", "In order"),
                                    ("warn", "Needs attention"),
                                    ("fail", "Beyond its limit"),
                                    ("inconclusive", "Inconclusive"),
                                    ("unknown", "Unknown"),
                                ],
                                max_length=12,
                            ),
                        ),
                        ("sentence", models.TextField(blank=True)),
                        ("source", models.CharField(blank=True, max_length=200)),
                        ("published_by", models.CharField(max_length=100)),
                    ],
                    options={
                        "indexes": [
                            models.Index(fields=["key", "scope_key", "-at"], name="signal_history")
                        ],
                        "triggers": [
                            pgtrigger.compiler.Trigger(
                                name="append_only_rows",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func="RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';",
                                    hash="e63019fdd5fd3b3d0251f30a78796ae8f2c91b55",
                                    operation="UPDATE OR DELETE",
                                    pgid="pgtrigger_append_only_rows_428e7",
                                    table="signals_signalrevision",
                                    when="BEFORE",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="append_only_table",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func="RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';",
                                    hash="046c5885d37abfdbe59122f9e4ba4fe21de49f4e",
                                    level="STATEMENT",
                                    operation="TRUNCATE",
                                    pgid="pgtrigger_append_only_table_2aa47",
                                    table="signals_signalrevision",
                                    when="BEFORE",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="append_only_stamp",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func="NEW.id := tactful_uuid7(); NEW.at := clock_timestamp(); RETURN NEW;",
                                    hash="13e1ff5b645de663b6e2888dcc29b6ddf2d8d526",
                                    operation="INSERT",
                                    pgid="pgtrigger_append_only_stamp_86841",
                                    table="signals_signalrevision",
                                    when="BEFORE",
                                ),
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="CurrentSignal",
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
                        ("key", models.CharField(max_length=150)),
                        ("scope", models.CharField(max_length=12)),
                        ("scope_key", models.CharField(max_length=130)),
                        ("number", models.FloatField(null=True)),
                        ("text", models.CharField(blank=True, max_length=200)),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("ok", "In order"),
                                    ("warn", "Needs attention"),
                                    ("fail", "Beyond its limit"),
                                    ("inconclusive", "Inconclusive"),
                                    ("unknown", "Unknown"),
                                ],
                                max_length=12,
                            ),
                        ),
                        ("sentence", models.TextField(blank=True)),
                        ("source", models.CharField(blank=True, max_length=200)),
                        ("published_by", models.CharField(max_length=100)),
                        ("published_at", models.DateTimeField()),
                    ],
                    options={
                        "ordering": ["key", "scope_key"],
                        "indexes": [
                            models.Index(fields=["scope_key", "key"], name="signal_by_scope")
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("key", "scope_key"), name="signal_once_a_scope"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("state__in", ["ok", "warn", "fail", "inconclusive", "unknown"])
                                ),
                                name="signal_state_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("number__isnull", True), ("text", ""), _connector="OR"
                                ),
                                name="signal_one_kind_of_value",
                            ),
                        ],
                    },
                ),
            ]
        ),
    ]
