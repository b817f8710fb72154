"""The database's UUIDv7 as one expression, which PostgreSQL puts in the place of the call.

From 18 on it is PostgreSQL's own; below, the same layout as before (RFC 9562, method 3).
"""

from importlib import import_module

from django.db import migrations

# 48 bits of milliseconds and 12 of their fraction are one number; the version stands between
# them, and what follows (variant and random bits) is that of a random UUID.
EXPRESSION = """
overlay(gen_random_uuid()::text PLACING
    overlay(lpad(to_hex((date_part('epoch', clock_timestamp()) * 1000000)::bigint * 512 / 125),
                 15, '0') PLACING '7' FROM 13 FOR 0)
    FROM 1 FOR 19)::uuid
"""
FASTER = f"""
DO $do$
BEGIN
    EXECUTE format(
        'CREATE OR REPLACE FUNCTION tactful_uuid7() RETURNS uuid '
        'LANGUAGE sql VOLATILE PARALLEL SAFE AS %L',
        'SELECT ' || CASE WHEN current_setting('server_version_num')::int >= 180000
                          THEN 'uuidv7()' ELSE $expression${EXPRESSION}$expression$ END);
END $do$;
"""
FORMER = import_module("governance.core.migrations.0001_initial")


class Migration(migrations.Migration):
    dependencies = [("core", "0001_initial")]
    operations = [migrations.RunSQL(FASTER, FORMER.UUID7)]
