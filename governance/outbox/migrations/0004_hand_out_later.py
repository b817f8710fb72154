"""An event names who is to hear it; the relay makes the deliveries, not the announcing transaction."""

from importlib import import_module

import django.contrib.postgres.fields
from django.db import migrations, models

EMIT = """
CREATE OR REPLACE FUNCTION outbox_emit(name text, payload jsonb, subscribers text[])
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    made bigint;
BEGIN
    INSERT INTO outbox_eventrow (name, payload, subscribers)
    VALUES (name, payload, subscribers) RETURNING id INTO made;
    RETURN made;
END $$;
"""
FORMER = import_module("governance.outbox.migrations.0002_emit_function")


class Migration(migrations.Migration):
    dependencies = [("outbox", "0003_webhooks")]
    operations = [
        migrations.AddField(
            model_name="eventrow",
            name="subscribers",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.TextField(), db_default=[], default=list, size=None
            ),
        ),
        migrations.AddIndex(
            model_name="eventrow",
            index=models.Index(
                condition=~models.Q(subscribers=[]), fields=["id"], name="outbox_event_untold"
            ),
        ),
        migrations.RunSQL(EMIT, FORMER.EMIT.replace("CREATE", "CREATE OR REPLACE", 1)),
    ]
