"""The outbox's door for functions of the database: one event for its subscribers."""

from django.db import migrations

EMIT = """
CREATE FUNCTION outbox_emit(name text, payload jsonb, subscribers text[])
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    made bigint;
BEGIN
    INSERT INTO outbox_eventrow (name, payload, subscribers)
    VALUES (name, payload, subscribers) RETURNING id INTO made;
    RETURN made;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("outbox", "0001_initial")]
    operations = [migrations.RunSQL(EMIT, "DROP FUNCTION outbox_emit(text, jsonb, text[])")]
