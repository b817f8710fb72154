"""The feed of changes, written by triggers so that no way of writing passes it by, and the hosts."""

from __future__ import annotations

import django.db.models.functions.datetime
from django.db import migrations, models

import consent.models.hosts

# One row a changed person and statement. A head at revision 0 is no choice yet, and what a check
# does not read (the row's own bookkeeping) is no change.
FUNCTIONS = """
CREATE FUNCTION consent_note_states() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        INSERT INTO consent_change (kind, lookup)
        SELECT DISTINCT 'subject', s.lookup FROM rows_before b
        JOIN consent_datasubject s ON s.id = b.subject_id
        WHERE b.revision > 0 AND s.lookup IS NOT NULL;
    ELSE
        INSERT INTO consent_change (kind, lookup)
        SELECT DISTINCT 'subject', s.lookup FROM rows_after a
        JOIN consent_datasubject s ON s.id = a.subject_id
        WHERE a.revision > 0 AND s.lookup IS NOT NULL;
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION consent_note_subjects() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO consent_change (kind, lookup)
        SELECT 'subject', lookup FROM rows_after WHERE lookup IS NOT NULL;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO consent_change (kind, lookup)
        SELECT 'subject', lookup FROM rows_before WHERE lookup IS NOT NULL;
    ELSE
        INSERT INTO consent_change (kind, lookup)
        SELECT DISTINCT 'subject', each.lookup FROM rows_before b JOIN rows_after a USING (id),
        LATERAL (VALUES (b.lookup), (a.lookup)) AS each (lookup)
        WHERE each.lookup IS NOT NULL
          AND (b.lookup, b.region, b.age_band, b.gpc, b.restricted_at, b.erased_at)
              IS DISTINCT FROM (a.lookup, a.region, a.age_band, a.gpc, a.restricted_at, a.erased_at);
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION consent_note_suppressions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- One without a lookup cannot be found in a table: the catalogue then says so.
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO consent_change (kind, lookup)
        SELECT CASE WHEN lookup IS NULL THEN 'catalogue' ELSE 'suppression' END, lookup
        FROM rows_after;
    END IF;
    IF TG_OP <> 'INSERT' THEN
        INSERT INTO consent_change (kind, lookup)
        SELECT CASE WHEN lookup IS NULL THEN 'catalogue' ELSE 'suppression' END, lookup
        FROM rows_before;
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION consent_note_whole() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO consent_change (kind) VALUES (TG_ARGV[0]);
    RETURN NULL;
END $$;
"""
DROP_FUNCTIONS = """
DROP FUNCTION consent_note_states();
DROP FUNCTION consent_note_subjects();
DROP FUNCTION consent_note_suppressions();
DROP FUNCTION consent_note_whole();
"""

PEOPLE = {
    "consent_consentstate": "consent_note_states",
    "consent_datasubject": "consent_note_subjects",
    "consent_suppression": "consent_note_suppressions",
}
CATALOGUE = {
    "registry_hold": "",
    "registry_modelversion": "",
    "registry_personalizationtype": "",
    "registry_personalizationtype_purposes": "",
    "registry_purpose": "",
    "registry_surface": "",
    "registry_surface_purposes": "",
    "registry_system": "",
    "registry_system_purposes": "",
    "registry_system_surfaces": "",
    "consent_noticeversion": "",
    # Not each use of a key.
    "people_apikey": " OF prefix, secret_hash, scopes, system_keys, expires_at, revoked_at",
}


def _statements() -> tuple[str, str]:
    made, dropped = [], []
    for table, function in PEOPLE.items():
        for operation, tables in (
            ("INSERT", "NEW TABLE AS rows_after"),
            ("UPDATE", "OLD TABLE AS rows_before NEW TABLE AS rows_after"),
            ("DELETE", "OLD TABLE AS rows_before"),
        ):
            name = f"consent_note_{operation.lower()}"
            made.append(
                f"CREATE TRIGGER {name} AFTER {operation} ON {table} REFERENCING {tables} "
                f"FOR EACH STATEMENT EXECUTE FUNCTION {function}();"
            )
            dropped.append(f"DROP TRIGGER {name} ON {table};")
        made.append(
            f"CREATE TRIGGER consent_note_truncate AFTER TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION consent_note_whole('everything');"
        )
        dropped.append(f"DROP TRIGGER consent_note_truncate ON {table};")
    for table, columns in CATALOGUE.items():
        made.append(
            "CREATE TRIGGER consent_note_catalogue "
            f"AFTER INSERT OR UPDATE{columns} OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION consent_note_whole('catalogue');"
        )
        dropped.append(f"DROP TRIGGER consent_note_catalogue ON {table};")
    return "\n".join(made), "\n".join(dropped)


class Migration(migrations.Migration):
    dependencies = [
        ("consent", "0002_events_by_month"),
        ("people", "0001_people"),
        ("registry", "0002_builtin_types"),
    ]

    operations = [
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
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                ("fenced", models.BooleanField(db_default=True, default=True)),
            ],
        ),
        migrations.RunSQL(FUNCTIONS, DROP_FUNCTIONS),
        migrations.RunSQL(*_statements()),
    ]
