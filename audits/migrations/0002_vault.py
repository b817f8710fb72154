"""The attribute vault's values, apart from everything else."""

from django.db import migrations

from audits.vault.role import secure_vault

# Values lie in a schema of their own; their table belongs to the vault's role where there is one.
VALUES = """
CREATE SCHEMA vault;
REVOKE ALL ON SCHEMA vault FROM PUBLIC;
CREATE TABLE vault.value (
    attribute_id uuid NOT NULL REFERENCES audits_vaultattribute ON DELETE RESTRICT,
    subject text NOT NULL CHECK (length(subject) BETWEEN 1 AND 64),
    value text NOT NULL CHECK (length(value) BETWEEN 1 AND 200),
    loaded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (attribute_id, subject)
);
CREATE INDEX value_subject ON vault.value (subject);
"""


def secure(apps, schema_editor):
    secure_vault()


class Migration(migrations.Migration):
    dependencies = [("audits", "0001_initial")]

    operations = [
        migrations.RunSQL(VALUES, "DROP SCHEMA vault CASCADE"),
        migrations.RunPython(secure, migrations.RunPython.noop),
    ]
