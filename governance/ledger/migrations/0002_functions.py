"""The ledger's door for functions of the database: one entry, no personal values."""

from django.db import migrations

# The trigger of append-only tables gives the id; a default would be computed for nothing.
RECORD = """
CREATE FUNCTION ledger_record(
    verb text, object_type text, object_id text, actor text, facts jsonb)
RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE
    made uuid := '00000000-0000-0000-0000-000000000000';
BEGIN
    INSERT INTO ledger_ledgerentry
        (id, verb, object_type, object_id, actor_reference, facts, personal_commitment)
    VALUES (made, verb, object_type, object_id, actor, facts, '') RETURNING id INTO made;
    RETURN made;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial")]
    operations = [
        migrations.RunSQL(RECORD, "DROP FUNCTION ledger_record(text, text, text, text, jsonb)")
    ]
