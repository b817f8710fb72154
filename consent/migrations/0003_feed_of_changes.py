"""The feed of changes, written by triggers so that no way of writing passes it by.

`consent_watch(table)` notes every change of a table in the feed as one of the catalogue.
"""

from django.db import migrations

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

CREATE FUNCTION consent_watch(watched regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format(
        'CREATE OR REPLACE TRIGGER consent_note_catalogue '
        'AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON %s '
        'FOR EACH STATEMENT EXECUTE FUNCTION consent_note_whole(''catalogue'')', watched);
END $$;
"""
DROP_FUNCTIONS = """
DROP FUNCTION consent_note_states();
DROP FUNCTION consent_note_subjects();
DROP FUNCTION consent_note_suppressions();
DROP FUNCTION consent_note_whole();
DROP FUNCTION consent_watch(regclass);
"""

PEOPLE = {
    "consent_consentstate": "consent_note_states",
    "consent_datasubject": "consent_note_subjects",
    "consent_suppression": "consent_note_suppressions",
}
# What a check depends on beside the person.
CATALOGUE = (
    "consent_noticepurpose",
    "consent_noticeversion",
    "registry_agerule",
    "registry_feature",
    "registry_feature_allowed_purposes",
    "registry_hold",
    "registry_modelversion",
    "registry_modelversion_features",
    "registry_personalizationtype",
    "registry_personalizationtype_purposes",
    "registry_purpose",
    "registry_regionrule",
    "registry_surface",
    "registry_surface_purposes",
    "registry_system",
    "registry_system_purposes",
    "registry_system_surfaces",
)
# Not each use of a key.
KEYS = """
CREATE TRIGGER consent_note_catalogue
AFTER INSERT OR UPDATE OF prefix, secret_hash, scopes, system_keys, expires_at, revoked_at
OR DELETE OR TRUNCATE ON people_apikey
FOR EACH STATEMENT EXECUTE FUNCTION consent_note_whole('catalogue');
"""


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
    for table in CATALOGUE:
        made.append(f"SELECT consent_watch('{table}');")
        dropped.append(f"DROP TRIGGER consent_note_catalogue ON {table};")
    made.append(KEYS)
    dropped.append("DROP TRIGGER consent_note_catalogue ON people_apikey;")
    return "\n".join(made), "\n".join(dropped)


class Migration(migrations.Migration):
    dependencies = [
        ("consent", "0002_events_by_month"),
        ("people", "0001_initial"),
        ("registry", "0002_builtin_types"),  # what it loads is no change
    ]

    operations = [
        migrations.RunSQL(FUNCTIONS, DROP_FUNCTIONS),
        migrations.RunSQL(*_statements()),
    ]
