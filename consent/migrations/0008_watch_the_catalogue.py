"""Rules of regions and ages and the features' technique are part of what a check depends on.

`consent_watch(table)` notes every change of a table in the feed as one of the catalogue.
"""

from __future__ import annotations

from django.db import migrations

WATCH = """
CREATE FUNCTION consent_watch(watched regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format(
        'CREATE OR REPLACE TRIGGER consent_note_catalogue '
        'AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON %s '
        'FOR EACH STATEMENT EXECUTE FUNCTION consent_note_whole(''catalogue'')', watched);
END $$
"""
TABLES = (
    "consent_noticepurpose",
    "registry_agerule",
    "registry_feature",
    "registry_feature_allowed_purposes",
    "registry_modelversion_features",
    "registry_regionrule",
)


class Migration(migrations.Migration):
    dependencies = [
        ("consent", "0007_notices_in_versions"),
        ("registry", "0004_mechanisms_become_rules"),
    ]

    operations = [
        migrations.RunSQL(WATCH, "DROP FUNCTION consent_watch(regclass)"),
        *(
            migrations.RunSQL(
                f"SELECT consent_watch('{table}')",
                f"DROP TRIGGER consent_note_catalogue ON {table}",
            )
            for table in TABLES
        ),
    ]
