"""An entry costs less: its index holds what names systems, the only facts it is asked for."""

from importlib import import_module

import django.contrib.postgres.indexes
from django.db import migrations, models

# The trigger of append-only tables gives the id; a default would be computed for nothing.
RECORD = """
CREATE OR REPLACE FUNCTION ledger_record(
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
FORMER = import_module("governance.ledger.migrations.0002_record_function")


class Migration(migrations.Migration):
    dependencies = [("ledger", "0002_record_function")]
    operations = [
        migrations.RunSQL(RECORD, FORMER.RECORD.replace("CREATE", "CREATE OR REPLACE", 1)),
        migrations.RemoveIndex(model_name="ledgerentry", name="ledger_entry_facts"),
        migrations.AddIndex(
            model_name="ledgerentry",
            index=django.contrib.postgres.indexes.GinIndex(
                condition=models.Q(facts__has_key="systems"),
                fields=["facts"],
                name="ledger_entry_systems",
                opclasses=["jsonb_path_ops"],
            ),
        ),
    ]
