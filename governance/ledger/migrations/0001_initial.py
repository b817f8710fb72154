"""The tree of facts: entries, their leaves and nodes, and the signed checkpoints."""

import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.datetime
import pgtrigger.compiler
from django.db import migrations, models

import governance.core.append_only
import governance.ledger.models
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
                    name="LedgerEntry",
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
                        ("verb", models.CharField(max_length=80)),
                        ("object_type", models.CharField(max_length=80)),
                        ("object_id", models.CharField(max_length=200)),
                        ("actor_reference", models.CharField(max_length=120)),
                        ("facts", models.JSONField(default=dict)),
                        (
                            "personal_commitment",
                            models.CharField(blank=True, default="", max_length=64),
                        ),
                    ],
                    options={
                        "verbose_name_plural": "ledger entries",
                        "indexes": [
                            models.Index(
                                fields=["object_type", "object_id"], name="ledger_entry_object"
                            ),
                            models.Index(fields=["verb"], name="ledger_entry_verb"),
                            models.Index(fields=["actor_reference"], name="ledger_entry_actor"),
                            models.Index(fields=["at"], name="ledger_entry_at"),
                            # It holds what names systems, the only facts an entry is asked for.
                            django.contrib.postgres.indexes.GinIndex(
                                condition=models.Q(("facts__has_key", "systems")),
                                fields=["facts"],
                                name="ledger_entry_systems",
                                opclasses=["jsonb_path_ops"],
                            ),
                        ],
                        "triggers": [
                            pgtrigger.compiler.Trigger(
                                name="append_only_rows",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func="RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';",
                                    hash="ea2c69e5d99282811769e236df3f3920771d085d",
                                    operation="UPDATE OR DELETE",
                                    pgid="pgtrigger_append_only_rows_b0d40",
                                    table="ledger_ledgerentry",
                                    when="BEFORE",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="append_only_table",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func="RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';",
                                    hash="04b2595394d55dcf32db7b0a3684d705183f867c",
                                    level="STATEMENT",
                                    operation="TRUNCATE",
                                    pgid="pgtrigger_append_only_table_d9575",
                                    table="ledger_ledgerentry",
                                    when="BEFORE",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="append_only_stamp",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func="NEW.id := tactful_uuid7(); NEW.at := clock_timestamp(); RETURN NEW;",
                                    hash="13d277dbaba0cdbc4c566af7adc16f99a53dbc38",
                                    operation="INSERT",
                                    pgid="pgtrigger_append_only_stamp_60766",
                                    table="ledger_ledgerentry",
                                    when="BEFORE",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="ledger_queue",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func="INSERT INTO ledger_unsequencedentry (entry_id, transaction_id) VALUES (NEW.id, pg_current_xact_id()); RETURN NULL;",
                                    hash="b4a69d24c5620d2fa93bacbdf861a28aa0b1cf43",
                                    operation="INSERT",
                                    pgid="pgtrigger_ledger_queue_ce364",
                                    table="ledger_ledgerentry",
                                    when="AFTER",
                                ),
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="UnsequencedEntry",
                    fields=[
                        (
                            "entry",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.PROTECT,
                                primary_key=True,
                                serialize=False,
                                to="ledger.ledgerentry",
                            ),
                        ),
                        ("transaction_id", governance.ledger.models.TransactionIdField()),
                    ],
                    options={
                        "indexes": [
                            models.Index(
                                fields=["transaction_id", "entry"], name="ledger_unsequenced_order"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="PersonalDetail",
                    fields=[
                        (
                            "entry",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.PROTECT,
                                primary_key=True,
                                related_name="personal_detail",
                                serialize=False,
                                to="ledger.ledgerentry",
                            ),
                        ),
                        ("salt", models.BinaryField(max_length=32)),
                        ("values", models.JSONField()),
                        ("about", models.JSONField(default=list)),
                    ],
                    options={
                        "indexes": [
                            django.contrib.postgres.indexes.GinIndex(
                                fields=["about"],
                                name="ledger_personal_about",
                                opclasses=["jsonb_path_ops"],
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="LedgerLeaf",
                    fields=[
                        ("position", models.BigIntegerField(primary_key=True, serialize=False)),
                        (
                            "entry",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="leaf",
                                to="ledger.ledgerentry",
                            ),
                        ),
                        ("leaf_hash", models.BinaryField(max_length=32)),
                    ],
                    options={
                        "triggers": [
                            pgtrigger.compiler.Trigger(
                                name="append_only_rows",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func="RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';",
                                    hash="b85049284671394c72a2900c57991af7aaba1b31",
                                    operation="UPDATE OR DELETE",
                                    pgid="pgtrigger_append_only_rows_e48b1",
                                    table="ledger_ledgerleaf",
                                    when="BEFORE",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="append_only_table",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func="RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';",
                                    hash="fa96a3e66fb4160a59f901cd05eb1fdfadc402cd",
                                    level="STATEMENT",
                                    operation="TRUNCATE",
                                    pgid="pgtrigger_append_only_table_f046a",
                                    table="ledger_ledgerleaf",
                                    when="BEFORE",
                                ),
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="TreeNode",
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
                        ("level", models.PositiveSmallIntegerField()),
                        ("index", models.BigIntegerField()),
                        ("hash", models.BinaryField(max_length=32)),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("level", "index"), name="ledger_node_place"
                            )
                        ],
                        "triggers": [
                            pgtrigger.compiler.Trigger(
                                name="append_only_rows",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func="RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';",
                                    hash="5f53ce5d8190393cc42d0c1f12df21ae3a9d1fbc",
                                    operation="UPDATE OR DELETE",
                                    pgid="pgtrigger_append_only_rows_6d0b7",
                                    table="ledger_treenode",
                                    when="BEFORE",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="append_only_table",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func="RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';",
                                    hash="82399b5dcb487bf798905006f98a05467eb9fb28",
                                    level="STATEMENT",
                                    operation="TRUNCATE",
                                    pgid="pgtrigger_append_only_table_fde0b",
                                    table="ledger_treenode",
                                    when="BEFORE",
                                ),
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Checkpoint",
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
                        ("size", models.BigIntegerField(unique=True)),
                        ("root", models.BinaryField(max_length=32)),
                        ("note", models.TextField()),
                        ("verifier_key", models.CharField(max_length=300)),
                    ],
                    options={
                        "triggers": [
                            pgtrigger.compiler.Trigger(
                                name="append_only_rows",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func="RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';",
                                    hash="7564a351762456efd566d9fa125f101b6658b87b",
                                    operation="UPDATE OR DELETE",
                                    pgid="pgtrigger_append_only_rows_c9208",
                                    table="ledger_checkpoint",
                                    when="BEFORE",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="append_only_table",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func="RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';",
                                    hash="d2d34d9034e6462e8044037c1076a51bc260cac9",
                                    level="STATEMENT",
                                    operation="TRUNCATE",
                                    pgid="pgtrigger_append_only_table_3b4d6",
                                    table="ledger_checkpoint",
                                    when="BEFORE",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="append_only_stamp",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func="NEW.id := tactful_uuid7(); NEW.at := clock_timestamp(); RETURN NEW;",
                                    hash="74f193bbfb7132ee8317d847f6110daba08d4eb4",
                                    operation="INSERT",
                                    pgid="pgtrigger_append_only_stamp_a7626",
                                    table="ledger_checkpoint",
                                    when="BEFORE",
                                ),
                            ),
                        ],
                    },
                ),
            ]
        ),
    ]
