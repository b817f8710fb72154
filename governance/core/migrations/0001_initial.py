"""The database's own UUIDv7 and the record of idempotent requests."""

from __future__ import annotations

import django.db.models.functions.datetime
from django.db import migrations, models

# RFC 9562 version 7 with the fraction of the millisecond in rand_a (method 3), so that ids made
# one after the other in a session sort in that order. PostgreSQL has its own only from 18 on.
UUID7 = """
CREATE OR REPLACE FUNCTION tactful_uuid7() RETURNS uuid LANGUAGE sql VOLATILE PARALLEL SAFE AS $$
  SELECT (
    lpad(to_hex(micros / 1000), 12, '0')
    || '7' || lpad(to_hex(((micros % 1000) * 4096 / 1000)), 3, '0')
    || to_hex(8 + (get_byte(noise, 8) & 3)) || substr(encode(noise, 'hex'), 1, 15)
  )::uuid
  FROM (SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS micros,
               uuid_send(gen_random_uuid()) AS noise) AS now
$$;
"""


class Migration(migrations.Migration):
    initial = True
    dependencies = []

    operations = [
        migrations.RunSQL(UUID7, "DROP FUNCTION tactful_uuid7()"),
        migrations.CreateModel(
            name="IdempotencyRecord",
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
                ("actor_reference", models.CharField(max_length=80)),
                ("key", models.CharField(max_length=255)),
                ("fingerprint", models.CharField(max_length=64)),
                ("status", models.PositiveSmallIntegerField()),
                ("headers", models.JSONField(default=dict)),
                ("body", models.BinaryField()),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="idempotencyrecord",
            index=models.Index(fields=["created_at"], name="core_idempotency_age"),
        ),
        migrations.AddConstraint(
            model_name="idempotencyrecord",
            constraint=models.UniqueConstraint(
                fields=["actor_reference", "key"],
                name="core_idempotency_one_answer_per_key",
            ),
        ),
    ]
