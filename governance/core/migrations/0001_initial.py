"""The database's own UUIDv7 as one expression, and the record of idempotent requests.

PostgreSQL puts the expression in the place of the call. From 18 on the UUIDv7 is PostgreSQL's own;
below, RFC 9562's layout with the fraction of the millisecond in rand_a (method 3), so that ids
made one after the other in a session sort in that order.
"""

import django.db.models.functions.datetime
from django.db import migrations, models

# 48 bits of milliseconds and 12 of their fraction are one number; the version stands between
# them, and what follows (variant and random bits) is that of a random UUID.
EXPRESSION = """
overlay(gen_random_uuid()::text PLACING
    overlay(lpad(to_hex((date_part('epoch', clock_timestamp()) * 1000000)::bigint * 512 / 125),
                 15, '0') PLACING '7' FROM 13 FOR 0)
    FROM 1 FOR 19)::uuid
"""
UUID7 = f"""
DO $do$
BEGIN
    EXECUTE format(
        'CREATE FUNCTION tactful_uuid7() RETURNS uuid '
        'LANGUAGE sql VOLATILE PARALLEL SAFE AS %L',
        'SELECT ' || CASE WHEN current_setting('server_version_num')::int >= 180000
                          THEN 'uuidv7()' ELSE $expression${EXPRESSION}$expression$ END);
END $do$;
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
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
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
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["created_at"], name="core_idempotency_age")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("actor_reference", "key"),
                        name="core_idempotency_one_answer_per_key",
                    )
                ],
            },
        ),
    ]
