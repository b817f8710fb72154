"""People, their choices, the notices they were shown, and who else is told.

Choices become events by month in the next migration.
"""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.datetime
import pgtrigger.compiler
from django.db import migrations, models

import consent.models.events
import consent.models.hosts
import governance.core.append_only
import governance.core.ids
import governance.core.models
from governance.core.tables import CreateTables


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("core", "0001_initial"),  # its tactful_uuid7()
        ("outbox", "0001_initial"),
        ("registry", "0001_initial"),
    ]

    operations = [
        CreateTables(
            [
                migrations.CreateModel(
                    name="DataSubject",
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
                        ("pseudonym", models.CharField(max_length=64, null=True, unique=True)),
                        (
                            "key_id",
                            models.CharField(blank=True, db_default="", default="", max_length=16),
                        ),
                        ("lookup", models.BigIntegerField(null=True, unique=True)),
                        ("region", models.CharField(blank=True, max_length=6)),
                        (
                            "age_band",
                            models.CharField(
                                choices=[
                                    ("unknown", "Unknown"),
                                    ("under_13", "Under 13"),
                                    ("13_to_15", "13 to 15"),
                                    ("16_to_17", "16 or 17"),
                                    ("minor", "Minor"),
                                    ("adult", "Adult"),
                                ],
                                default="unknown",
                                max_length=8,
                            ),
                        ),
                        ("gpc", models.BooleanField(default=False)),
                        ("restricted_at", models.DateTimeField(blank=True, null=True)),
                        ("erased_at", models.DateTimeField(blank=True, null=True)),
                        ("untold", models.JSONField(db_default=[], default=list)),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("erased_at__isnull", True),
                                    ("lookup__isnull", True),
                                    _connector="OR",
                                ),
                                name="subject_erased_means_no_lookup",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("erased_at__isnull", False), ("pseudonym__isnull", True)
                                    ),
                                    models.Q(
                                        ("erased_at__isnull", True), ("pseudonym__isnull", False)
                                    ),
                                    _connector="OR",
                                ),
                                name="subject_erased_means_unlinked",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "age_band__in",
                                        [
                                            "unknown",
                                            "under_13",
                                            "13_to_15",
                                            "16_to_17",
                                            "minor",
                                            "adult",
                                        ],
                                    )
                                ),
                                name="subject_age_band_known",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="SubjectSalt",
                    fields=[
                        (
                            "subject",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.CASCADE,
                                primary_key=True,
                                related_name="salt",
                                serialize=False,
                                to="consent.datasubject",
                            ),
                        ),
                        ("salt", models.BinaryField(max_length=32)),
                    ],
                ),
                migrations.CreateModel(
                    name="Suppression",
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
                        ("fingerprint", models.CharField(max_length=64, unique=True)),
                        ("lookup", models.BigIntegerField(db_index=True, null=True)),
                        ("erased_at", models.DateTimeField()),
                    ],
                    options={
                        "ordering": ["-id"],
                    },
                ),
                migrations.CreateModel(
                    name="SubjectAccess",
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
                            "subject",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="accesses",
                                to="consent.datasubject",
                            ),
                        ),
                        ("actor_reference", models.CharField(max_length=100)),
                        ("purpose_of_access", models.CharField(max_length=300)),
                    ],
                    options={
                        "ordering": ["-at"],
                        "triggers": [
                            pgtrigger.compiler.Trigger(
                                name="append_only_rows",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func="RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';",
                                    hash="8077b125b90876d1ed7e3c200a2aa93ac032efa3",
                                    operation="UPDATE OR DELETE",
                                    pgid="pgtrigger_append_only_rows_40b2c",
                                    table="consent_subjectaccess",
                                    when="BEFORE",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="append_only_table",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func="RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';",
                                    hash="19af8561155daa1282e82e30adebae812c4fae48",
                                    level="STATEMENT",
                                    operation="TRUNCATE",
                                    pgid="pgtrigger_append_only_table_5a836",
                                    table="consent_subjectaccess",
                                    when="BEFORE",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="append_only_stamp",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func="NEW.id := tactful_uuid7(); NEW.at := clock_timestamp(); RETURN NEW;",
                                    hash="7fcf1ca4510e9314468622c5157184d2d239eaf8",
                                    operation="INSERT",
                                    pgid="pgtrigger_append_only_stamp_9c63b",
                                    table="consent_subjectaccess",
                                    when="BEFORE",
                                ),
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Complaint",
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
                            "subject",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="complaints",
                                to="consent.datasubject",
                            ),
                        ),
                        (
                            "about",
                            models.CharField(
                                choices=[
                                    ("not_followed", "My choice was not followed"),
                                    ("unfair", "I was treated unfairly"),
                                    ("wrong_data", "What you hold about me is wrong"),
                                    ("not_understood", "I do not understand what happens"),
                                    ("other", "Something else"),
                                ],
                                max_length=20,
                            ),
                        ),
                        ("text", models.TextField(max_length=4000)),
                        (
                            "language",
                            models.CharField(
                                choices=[("en", "English"), ("de", "German")], max_length=2
                            ),
                        ),
                        ("due_at", models.DateTimeField()),
                        ("answer", models.TextField(blank=True)),
                        ("answered_at", models.DateTimeField(null=True)),
                        ("answered_by", models.CharField(blank=True, max_length=100)),
                    ],
                    options={
                        "ordering": ["due_at", "id"],
                        "indexes": [
                            models.Index(
                                condition=models.Q(("answered_at", None)),
                                fields=["due_at"],
                                name="complaint_open_by_due",
                            )
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "about__in",
                                        [
                                            "not_followed",
                                            "unfair",
                                            "wrong_data",
                                            "not_understood",
                                            "other",
                                        ],
                                    )
                                ),
                                name="complaint_about_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("answer", ""),
                                        ("answered_at__isnull", True),
                                        ("answered_by", ""),
                                    ),
                                    models.Q(
                                        ("answered_at__isnull", False),
                                        models.Q(("answer", ""), _negated=True),
                                        models.Q(("answered_by", ""), _negated=True),
                                    ),
                                    _connector="OR",
                                ),
                                name="complaint_answered_whole",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ConsentEvent",
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
                                db_default=consent.models.events.ClockTimestamp(), editable=False
                            ),
                        ),
                        (
                            "subject",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="events",
                                to="consent.datasubject",
                            ),
                        ),
                        (
                            "purpose",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="consent_events",
                                to="registry.purpose",
                            ),
                        ),
                        ("revision", models.PositiveIntegerField()),
                        (
                            "status",
                            models.CharField(
                                choices=[
                                    ("unknown", "Unknown"),
                                    ("requested", "Requested"),
                                    ("refused", "Refused"),
                                    ("given", "Given"),
                                    ("renewed", "Renewed"),
                                    ("expired", "Expired"),
                                    ("invalidated", "Invalidated"),
                                    ("revoked", "Revoked by the controller"),
                                    ("withdrawn", "Withdrawn"),
                                    ("objected", "Objected"),
                                ],
                                max_length=12,
                            ),
                        ),
                        (
                            "previous_status",
                            models.CharField(
                                choices=[
                                    ("unknown", "Unknown"),
                                    ("requested", "Requested"),
                                    ("refused", "Refused"),
                                    ("given", "Given"),
                                    ("renewed", "Renewed"),
                                    ("expired", "Expired"),
                                    ("invalidated", "Invalidated"),
                                    ("revoked", "Revoked by the controller"),
                                    ("withdrawn", "Withdrawn"),
                                    ("objected", "Objected"),
                                ],
                                max_length=12,
                            ),
                        ),
                        (
                            "method",
                            models.CharField(
                                choices=[
                                    ("preference_centre", "Preference centre"),
                                    ("toggle", "Toggle"),
                                    ("banner", "Banner"),
                                    ("banner_accept", "Banner, accept"),
                                    ("banner_reject", "Banner, reject"),
                                    ("widget", "Widget"),
                                    ("api", "API"),
                                    ("gpc", "Global Privacy Control"),
                                    ("import", "Import"),
                                    ("bulk", "Many at once"),
                                    ("merge", "Joined at sign-in"),
                                    ("guardian", "Guardian"),
                                    ("renewal", "Asked again"),
                                    ("expiry", "Ran out"),
                                ],
                                max_length=20,
                            ),
                        ),
                        (
                            "actor_kind",
                            models.CharField(
                                choices=[
                                    ("subject", "The person"),
                                    ("guardian", "A guardian"),
                                    ("controller", "The controller"),
                                    ("system", "The product"),
                                    ("import", "An import"),
                                ],
                                db_default="subject",
                                default="subject",
                                max_length=12,
                            ),
                        ),
                        ("type_key", models.CharField(blank=True, max_length=63)),
                        ("region", models.CharField(blank=True, max_length=6)),
                        ("gpc", models.BooleanField(default=False)),
                        ("notice_version", models.CharField(blank=True, max_length=63)),
                        ("lawful_basis", models.CharField(max_length=24)),
                        ("occurred_at", models.DateTimeField()),
                        ("expires_at", models.DateTimeField(null=True)),
                        ("evidence_sha256", models.CharField(blank=True, max_length=64)),
                        ("actor_reference", models.CharField(max_length=100)),
                        ("ledger_entry", models.UUIDField()),
                        ("clicks", models.PositiveSmallIntegerField(null=True)),
                        (
                            "surface",
                            models.CharField(blank=True, db_default="", default="", max_length=63),
                        ),
                        (
                            "language",
                            models.CharField(blank=True, db_default="", default="", max_length=8),
                        ),
                    ],
                    options={
                        "ordering": ["subject", "purpose", "revision"],
                        "indexes": [
                            models.Index(fields=["purpose", "at"], name="consent_event_by_time"),
                            models.Index(fields=["ledger_entry"], name="consent_event_by_entry"),
                            django.contrib.postgres.indexes.BrinIndex(
                                fields=["at"], name="consent_event_age"
                            ),
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "status__in",
                                        [
                                            "unknown",
                                            "requested",
                                            "refused",
                                            "given",
                                            "renewed",
                                            "expired",
                                            "invalidated",
                                            "revoked",
                                            "withdrawn",
                                            "objected",
                                        ],
                                    )
                                ),
                                name="consent_event_status_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("revision__gte", 1)),
                                name="consent_event_revision_starts_at_one",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "actor_kind__in",
                                        ["subject", "guardian", "controller", "system", "import"],
                                    )
                                ),
                                name="consent_event_actor_kind_known",
                            ),
                        ],
                        "triggers": [
                            pgtrigger.compiler.Trigger(
                                name="append_only_rows",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func="RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';",
                                    hash="4d58c712ff9b8bff6e4f33048bc20a4038631d30",
                                    operation="UPDATE OR DELETE",
                                    pgid="pgtrigger_append_only_rows_8c9be",
                                    table="consent_consentevent",
                                    when="BEFORE",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="append_only_table",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func="RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';",
                                    hash="fc5d6329469f08549fbc5cb1982da1933a5cdca5",
                                    level="STATEMENT",
                                    operation="TRUNCATE",
                                    pgid="pgtrigger_append_only_table_69ce8",
                                    table="consent_consentevent",
                                    when="BEFORE",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="append_only_stamp",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    declare="DECLARE instant timestamptz := clock_timestamp();",
                                    func="\n        NEW.id := tactful_uuid7();\n        IF date_trunc('month', NEW.at, 'UTC') = date_trunc('month', instant, 'UTC') THEN\n            NEW.at := instant;\n        ELSIF abs(extract(epoch FROM instant - NEW.at)) > 5 THEN\n            RAISE EXCEPTION '% is append-only: a row of another month is refused', TG_TABLE_NAME\n                USING ERRCODE = 'insufficient_privilege';\n        END IF;\n        RETURN NEW;\n    ",
                                    hash="f7697c362acc34c846fa0c0f70b92a859da6004a",
                                    operation="INSERT",
                                    pgid="pgtrigger_append_only_stamp_d37ec",
                                    table="consent_consentevent",
                                    when="BEFORE",
                                ),
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ConsentState",
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
                            "subject",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="states",
                                to="consent.datasubject",
                            ),
                        ),
                        (
                            "purpose",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="consent_states",
                                to="registry.purpose",
                            ),
                        ),
                        ("revision", models.PositiveIntegerField(default=0)),
                        (
                            "status",
                            models.CharField(
                                choices=[
                                    ("unknown", "Unknown"),
                                    ("requested", "Requested"),
                                    ("refused", "Refused"),
                                    ("given", "Given"),
                                    ("renewed", "Renewed"),
                                    ("expired", "Expired"),
                                    ("invalidated", "Invalidated"),
                                    ("revoked", "Revoked by the controller"),
                                    ("withdrawn", "Withdrawn"),
                                    ("objected", "Objected"),
                                ],
                                default="unknown",
                                max_length=12,
                            ),
                        ),
                        (
                            "previous_status",
                            models.CharField(
                                choices=[
                                    ("unknown", "Unknown"),
                                    ("requested", "Requested"),
                                    ("refused", "Refused"),
                                    ("given", "Given"),
                                    ("renewed", "Renewed"),
                                    ("expired", "Expired"),
                                    ("invalidated", "Invalidated"),
                                    ("revoked", "Revoked by the controller"),
                                    ("withdrawn", "Withdrawn"),
                                    ("objected", "Objected"),
                                ],
                                db_default="unknown",
                                default="unknown",
                                max_length=12,
                            ),
                        ),
                        ("decided_at", models.DateTimeField(null=True)),
                        ("notice_version", models.CharField(blank=True, max_length=63)),
                        ("gpc_at_choice", models.BooleanField(default=False)),
                        ("expires_at", models.DateTimeField(null=True)),
                    ],
                    options={
                        "indexes": [
                            models.Index(
                                fields=["purpose", "status"], name="consent_state_by_purpose"
                            )
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("subject", "purpose"), name="consent_state_one_head"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "status__in",
                                        [
                                            "unknown",
                                            "requested",
                                            "refused",
                                            "given",
                                            "renewed",
                                            "expired",
                                            "invalidated",
                                            "revoked",
                                            "withdrawn",
                                            "objected",
                                        ],
                                    )
                                ),
                                name="consent_state_status_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("decided_at__isnull", True), ("revision", 0)),
                                    models.Q(("decided_at__isnull", False), ("revision__gte", 1)),
                                    _connector="OR",
                                ),
                                name="consent_state_decided_once_written",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ConsentChange",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        (
                            "xid",
                            consent.models.hosts.TransactionId(
                                db_default=consent.models.hosts.CurrentTransaction(), editable=False
                            ),
                        ),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("subject", "A person or a choice of theirs"),
                                    ("suppression", "An erased person's suppression"),
                                    ("catalogue", "Registry, notices, API keys"),
                                    ("everything", "A whole table was emptied"),
                                ],
                                max_length=11,
                            ),
                        ),
                        ("lookup", models.BigIntegerField(null=True)),
                        (
                            "at",
                            models.DateTimeField(
                                db_default=django.db.models.functions.datetime.Now(), editable=False
                            ),
                        ),
                    ],
                    options={
                        "db_table": "consent_change",
                        "indexes": [models.Index(fields=["xid"], name="consent_change_by_xid")],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "kind__in",
                                        ["subject", "suppression", "catalogue", "everything"],
                                    )
                                ),
                                name="consent_change_kind_known",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ServingHost",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        ("name", models.CharField(max_length=120, unique=True)),
                        ("generation", models.PositiveIntegerField(default=1)),
                        ("applied", consent.models.hosts.TransactionSnapshot()),
                        (
                            "renewed_at",
                            models.DateTimeField(
                                db_default=django.db.models.functions.datetime.Now()
                            ),
                        ),
                        ("fenced", models.BooleanField(db_default=True, default=True)),
                    ],
                ),
                migrations.CreateModel(
                    name="ImportBatch",
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
                        ("file_name", models.CharField(max_length=200)),
                        ("file_sha256", models.CharField(max_length=64)),
                        ("form", models.CharField(max_length=8)),
                        ("preset", models.CharField(max_length=40)),
                        ("mapping", models.JSONField(default=dict)),
                        ("path", models.CharField(max_length=500)),
                        ("keep_file", models.BooleanField(default=True)),
                        ("dry_run", models.BooleanField(default=False)),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("ready", "Waiting"),
                                    ("running", "Running"),
                                    ("done", "Done"),
                                    ("failed", "Failed"),
                                ],
                                default="ready",
                                max_length=10,
                            ),
                        ),
                        ("problem", models.CharField(blank=True, max_length=400)),
                        ("cursor", models.BigIntegerField(default=0)),
                        ("line", models.BigIntegerField(default=0)),
                        ("chunks", models.PositiveIntegerField(default=0)),
                        ("rows", models.PositiveBigIntegerField(default=0)),
                        ("applied", models.PositiveBigIntegerField(default=0)),
                        ("unchanged", models.PositiveBigIntegerField(default=0)),
                        ("without_evidence", models.PositiveBigIntegerField(default=0)),
                        ("refused", models.PositiveBigIntegerField(default=0)),
                        ("differences", models.JSONField(default=dict)),
                        ("errors_size", models.BigIntegerField(default=0)),
                        ("started_by", models.CharField(max_length=100)),
                        ("finished_at", models.DateTimeField(null=True)),
                    ],
                    options={
                        "ordering": ["-id"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("state__in", ["ready", "running", "done", "failed"])
                                ),
                                name="import_batch_state_known",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(
                                    ("dry_run", False), models.Q(("state", "failed"), _negated=True)
                                ),
                                fields=("file_sha256", "preset"),
                                name="import_batch_file_once",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Interest",
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
                            "subject",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="interests",
                                to="consent.datasubject",
                            ),
                        ),
                        ("system_key", governance.core.models.KeyField(max_length=63)),
                        ("label", models.CharField(max_length=120)),
                        ("because", models.CharField(blank=True, max_length=200)),
                        (
                            "standing",
                            models.CharField(
                                choices=[
                                    ("guessed", "Guessed"),
                                    ("confirmed", "Confirmed by the person"),
                                    ("removed", "Removed by the person"),
                                ],
                                default="guessed",
                                max_length=10,
                            ),
                        ),
                        ("inferred_at", models.DateTimeField()),
                    ],
                    options={
                        "ordering": ["label"],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("subject", "system_key", "label"),
                                name="interest_guessed_once",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("standing__in", ["guessed", "confirmed", "removed"])
                                ),
                                name="interest_standing_known",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="InterestReset",
                    fields=[
                        (
                            "subject",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.CASCADE,
                                primary_key=True,
                                related_name="interest_reset",
                                serialize=False,
                                to="consent.datasubject",
                            ),
                        ),
                        ("at", models.DateTimeField()),
                    ],
                ),
                migrations.CreateModel(
                    name="Recipient",
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
                        ("name", models.CharField(max_length=100, unique=True)),
                        (
                            "endpoint",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="outbox.webhookendpoint",
                            ),
                        ),
                        ("confirm_hours", models.PositiveIntegerField(default=72)),
                        ("ended_at", models.DateTimeField(null=True)),
                        (
                            "purposes",
                            models.ManyToManyField(
                                related_name="recipients", to="registry.purpose"
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["-id"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("confirm_hours__gte", 1), ("confirm_hours__lte", 720)
                                ),
                                name="recipient_confirms_within_a_month",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="RecipientPerson",
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
                            "recipient",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="people",
                                to="consent.recipient",
                            ),
                        ),
                        ("subject_pseudonym", models.CharField(max_length=64)),
                        ("own_id", models.CharField(max_length=200)),
                    ],
                    options={
                        "ordering": ["-id"],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("recipient", "subject_pseudonym"),
                                name="recipient_names_a_person_once",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="RecipientNotice",
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
                            "recipient",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="notices",
                                to="consent.recipient",
                            ),
                        ),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("withdrawn", "consent withdrawn"),
                                    ("erased", "person erased"),
                                ],
                                max_length=10,
                            ),
                        ),
                        ("purpose_key", models.CharField(blank=True, default="", max_length=63)),
                        ("subject_pseudonym", models.CharField(blank=True, max_length=64)),
                        (
                            "message",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to="outbox.webhookmessage",
                            ),
                        ),
                        ("code_hash", models.BinaryField()),
                        ("confirm_by", models.DateTimeField()),
                        ("confirmed_at", models.DateTimeField(null=True)),
                    ],
                    options={
                        "ordering": ["-id"],
                        "indexes": [
                            models.Index(
                                condition=models.Q(("confirmed_at__isnull", True)),
                                fields=["confirm_by"],
                                name="recipient_notice_open",
                            ),
                            models.Index(
                                fields=["subject_pseudonym"], name="recipient_notice_person"
                            ),
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("kind__in", ["withdrawn", "erased"])),
                                name="recipient_notice_kind",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="DecisionSample",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        (
                            "at",
                            models.DateTimeField(
                                db_default=django.db.models.functions.datetime.Now(), editable=False
                            ),
                        ),
                        ("lookup", models.BigIntegerField(db_index=True, null=True)),
                        ("door", models.CharField(max_length=10)),
                        ("flag", models.CharField(max_length=80)),
                        ("outcome", models.CharField(max_length=12)),
                        ("reason", models.CharField(max_length=32)),
                        ("revision", models.PositiveIntegerField()),
                    ],
                    options={
                        "indexes": [models.Index(fields=["at"], name="decision_sample_age")],
                        "triggers": [
                            pgtrigger.compiler.Trigger(
                                name="sampled_decision_stays",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func="RAISE EXCEPTION 'a sampled decision stays as it was told' USING ERRCODE = 'insufficient_privilege';",
                                    hash="a3ca6ed5737bc2318a6ccea629486e282f81de57",
                                    operation="UPDATE",
                                    pgid="pgtrigger_sampled_decision_stays_758fb",
                                    table="consent_decisionsample",
                                    when="BEFORE",
                                ),
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="IssuedToken",
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
                        ("jti", models.UUIDField(unique=True)),
                        ("subject_pseudonym", models.CharField(max_length=64)),
                        (
                            "purposes",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=governance.core.models.KeyField(max_length=63),
                                default=list,
                                size=None,
                            ),
                        ),
                        ("origin", models.CharField(max_length=200)),
                        ("issued_by", models.CharField(max_length=100)),
                        ("expires_at", models.DateTimeField()),
                    ],
                    options={
                        "indexes": [models.Index(fields=["expires_at"], name="issued_token_age")],
                    },
                ),
                migrations.CreateModel(
                    name="TokenUse",
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
                        ("jti", models.UUIDField()),
                        ("idempotency_key", models.CharField(max_length=100)),
                        ("expires_at", models.DateTimeField()),
                    ],
                    options={
                        "indexes": [models.Index(fields=["expires_at"], name="token_use_age")],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("jti", "idempotency_key"), name="token_write_once"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="NoticeVersion",
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
                        ("material", models.BooleanField(default=True)),
                        ("change_note", models.TextField(blank=True)),
                        ("steps_to_accept", models.PositiveSmallIntegerField(default=1)),
                        ("steps_to_refuse", models.PositiveSmallIntegerField(default=1)),
                        (
                            "accept_layer",
                            models.CharField(
                                choices=[("short", "Short notice"), ("full", "Full notice")],
                                default="short",
                                max_length=5,
                            ),
                        ),
                        (
                            "refuse_layer",
                            models.CharField(
                                choices=[("short", "Short notice"), ("full", "Full notice")],
                                default="short",
                                max_length=5,
                            ),
                        ),
                        ("drafted_by", models.CharField(blank=True, max_length=100)),
                        ("published_at", models.DateTimeField(blank=True, null=True)),
                        ("published_by", models.CharField(blank=True, max_length=100)),
                    ],
                    options={
                        "ordering": [
                            models.OrderBy(
                                models.F("published_at"), descending=True, nulls_first=True
                            ),
                            "-created_at",
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("steps_to_accept__gte", 1),
                                    ("steps_to_refuse__gte", 1),
                                    ("steps_to_refuse__lte", models.F("steps_to_accept")),
                                ),
                                name="notice_refusing_is_as_easy",
                                violation_error_message="Refusing may not take more steps than accepting.",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("refuse_layer", models.F("accept_layer")),
                                    ("accept_layer__in", ["short", "full"]),
                                ),
                                name="notice_refusing_stands_beside",
                                violation_error_message="Refusing stands on the same layer as accepting.",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("published_at__isnull", True), ("published_by", "")),
                                    models.Q(
                                        ("published_at__isnull", False),
                                        models.Q(("published_by", ""), _negated=True),
                                    ),
                                    _connector="OR",
                                ),
                                name="notice_published_by_someone",
                            ),
                        ],
                        "triggers": [
                            pgtrigger.compiler.Trigger(
                                name="published_notice_stays",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    condition='WHEN (OLD."published_at" IS NOT NULL)',
                                    func="RAISE EXCEPTION 'a published notice stays as people saw it' USING ERRCODE = 'integrity_constraint_violation';",
                                    hash="f2a276038b0c589a153130a5fa8c4f5394b76b1d",
                                    operation="UPDATE OR DELETE",
                                    pgid="pgtrigger_published_notice_stays_c9db8",
                                    table="consent_noticeversion",
                                    when="BEFORE",
                                ),
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="NoticePurpose",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        (
                            "version",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                to="consent.noticeversion",
                            ),
                        ),
                        (
                            "purpose",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, to="registry.purpose"
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("version", "purpose"), name="notice_covers_a_purpose_once"
                            )
                        ],
                        "triggers": [
                            pgtrigger.compiler.Trigger(
                                name="published_notice_stays",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    declare="DECLARE published timestamptz;",
                                    func="\n    IF TG_OP <> 'INSERT' THEN\n        SELECT published_at INTO published FROM consent_noticeversion\n            WHERE id = OLD.version_id FOR UPDATE;\n        IF published IS NOT NULL THEN RAISE EXCEPTION 'a published notice stays as people saw it' USING ERRCODE = 'integrity_constraint_violation'; END IF;\n    END IF;\n    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;\n    SELECT published_at INTO published FROM consent_noticeversion\n        WHERE id = NEW.version_id FOR UPDATE;\n    IF published IS NOT NULL THEN RAISE EXCEPTION 'a published notice stays as people saw it' USING ERRCODE = 'integrity_constraint_violation'; END IF;\n    RETURN NEW;\n    ",
                                    hash="eff629c0f4f80283d1233b4b97f502506c916483",
                                    operation="INSERT OR UPDATE OR DELETE",
                                    pgid="pgtrigger_published_notice_stays_b11f6",
                                    table="consent_noticepurpose",
                                    when="BEFORE",
                                ),
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="NoticeText",
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
                            "version",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="texts",
                                to="consent.noticeversion",
                            ),
                        ),
                        ("language", models.CharField(max_length=2)),
                        ("title", models.CharField(max_length=120)),
                        ("short", models.TextField()),
                        ("body", models.TextField()),
                    ],
                    options={
                        "ordering": ["language"],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("version", "language"), name="notice_text_once_a_language"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("language__regex", "^[a-z]{2}$")),
                                name="notice_language_is_a_code",
                            ),
                        ],
                        "triggers": [
                            pgtrigger.compiler.Trigger(
                                name="published_notice_stays",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    declare="DECLARE published timestamptz;",
                                    func="\n    IF TG_OP <> 'INSERT' THEN\n        SELECT published_at INTO published FROM consent_noticeversion\n            WHERE id = OLD.version_id FOR UPDATE;\n        IF published IS NOT NULL THEN RAISE EXCEPTION 'a published notice stays as people saw it' USING ERRCODE = 'integrity_constraint_violation'; END IF;\n    END IF;\n    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;\n    SELECT published_at INTO published FROM consent_noticeversion\n        WHERE id = NEW.version_id FOR UPDATE;\n    IF published IS NOT NULL THEN RAISE EXCEPTION 'a published notice stays as people saw it' USING ERRCODE = 'integrity_constraint_violation'; END IF;\n    RETURN NEW;\n    ",
                                    hash="f72d5974334932d8eac85d9ae8c2e85f65a9fc00",
                                    operation="INSERT OR UPDATE OR DELETE",
                                    pgid="pgtrigger_published_notice_stays_b2d3b",
                                    table="consent_noticetext",
                                    when="BEFORE",
                                ),
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ServedNotice",
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
                            "version",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="servings",
                                to="consent.noticeversion",
                            ),
                        ),
                        ("language", models.CharField(max_length=2)),
                        (
                            "component",
                            models.CharField(
                                choices=[
                                    ("banner", "Banner"),
                                    ("modal", "Dialogue"),
                                    ("inline", "In the page"),
                                    ("centre", "Preference centre"),
                                    ("api", "Told by the service"),
                                ],
                                max_length=8,
                            ),
                        ),
                        ("surface", models.CharField(blank=True, max_length=63)),
                        ("region", models.CharField(blank=True, max_length=6)),
                        (
                            "subject",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="served_notices",
                                to="consent.datasubject",
                            ),
                        ),
                        ("served_at", models.DateTimeField()),
                    ],
                    options={
                        "ordering": ["-served_at"],
                        "indexes": [
                            models.Index(
                                fields=["subject", "-served_at"], name="served_notice_by_person"
                            ),
                            models.Index(
                                fields=["version", "-served_at"], name="served_notice_by_version"
                            ),
                            models.Index(fields=["served_at"], name="served_notice_age"),
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "component__in",
                                        ["banner", "modal", "inline", "centre", "api"],
                                    )
                                ),
                                name="served_notice_where_known",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ServedChoice",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        (
                            "served",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="choices",
                                to="consent.servednotice",
                            ),
                        ),
                        ("event", models.UUIDField(unique=True)),
                    ],
                ),
            ]
        ),
        migrations.AddField(
            model_name="noticeversion",
            name="purposes",
            field=models.ManyToManyField(
                related_name="notices", through="consent.NoticePurpose", to="registry.purpose"
            ),
        ),
        migrations.RunSQL(
            "ALTER TABLE consent_consentstate SET (fillfactor = 80)",
            "ALTER TABLE consent_consentstate RESET (fillfactor)",
        ),
    ]
