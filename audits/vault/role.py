"""The vault's own database role and schema: made once, taken on around each vault statement.

No ordinary statement of the application may read the vault, not even by accident: its role holds
the vault's role without inheriting it. What is stored is `audits.vault.values`'s business.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction
from psycopg import errors, sql

from governance.core.errors import Conflict

ROLE = "tactful_vault"
SCHEMA = "vault"
CLOSED = (
    "The attribute vault is closed to this application: the database has no role "
    f"{ROLE} that it may take on. `manage.py doctor` says what to do."
)

# Each step may be beyond the migrating role's rights; the rest then stands without it.
SECURE = f"""
DO $secure$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '{ROLE}') THEN
    BEGIN
      CREATE ROLE {ROLE} NOLOGIN;
    EXCEPTION
      WHEN insufficient_privilege THEN RETURN;
      WHEN duplicate_object OR unique_violation THEN NULL;
    END;
  END IF;
  IF NOT pg_has_role(current_user, '{ROLE}', 'MEMBER')
     OR NOT pg_has_role(current_user, '{ROLE}', 'USAGE') THEN
    BEGIN
      EXECUTE format('GRANT {ROLE} TO %I', current_user);
    EXCEPTION WHEN insufficient_privilege THEN RETURN;
    END;
  END IF;
  REVOKE ALL ON SCHEMA {SCHEMA} FROM PUBLIC;
  GRANT USAGE, CREATE ON SCHEMA {SCHEMA} TO {ROLE};
  ALTER TABLE {SCHEMA}.value OWNER TO {ROLE};
  REVOKE CREATE ON SCHEMA {SCHEMA} FROM {ROLE};
EXCEPTION WHEN insufficient_privilege THEN RETURN;
END
$secure$
"""
STATE = """
SELECT r.rolname IS NOT NULL AND pg_has_role(current_user, r.oid, 'MEMBER'),
       pg_get_userbyid(c.relowner) = %s,
       has_schema_privilege(current_user, n.oid, 'USAGE')
         AND has_table_privilege(current_user, c.oid, 'SELECT'),
       (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_roles r ON r.rolname = %s
 WHERE n.nspname = %s AND c.relname = 'value'
"""


def secure_vault(app_role: str = "") -> None:
    """Give the vault its role, and the application's role the right to take it on, where possible.

    A second call changes nothing. What this connection may not do is left for `vault_problem`.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(SECURE)
        cursor.execute(
            "SELECT current_user, EXISTS (SELECT 1 FROM pg_roles WHERE rolname = %s), "
            "current_setting('server_version_num')::int",
            [ROLE],
        )
        owner, exists, version = cursor.fetchone()
        if not exists or not app_role or app_role == owner:
            return
        apart = " WITH INHERIT FALSE" if version >= 160_000 else ""
        grant = sql.SQL("GRANT {} TO {}" + apart).format(
            sql.Identifier(ROLE), sql.Identifier(app_role)
        )
        try:
            with transaction.atomic():
                cursor.execute(grant)
        except Exception as problem:
            if not isinstance(problem.__cause__, errors.InsufficientPrivilege):
                raise


@contextmanager
def as_vault() -> Iterator[Any]:
    """Give a cursor that may touch the values, in a transaction; the role ends with the block."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(STATE, [ROLE, ROLE, SCHEMA])
        member, owned, readable, _ = cursor.fetchone()
        if member and owned:
            cursor.execute("SELECT current_setting('role')")
            (before,) = cursor.fetchone()
            cursor.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(ROLE)))
            yield cursor
            # After an error the savepoint's end takes the role back by itself.
            cursor.execute("SELECT set_config('role', %s, true)", [before])
        elif readable:
            yield cursor  # the one role of this database owns the vault too; the doctor says so
        else:
            raise Conflict(CLOSED)


def vault_problem() -> tuple[str, str]:
    """What the doctor says of the vault: `ok`, `note` or `problem`, and one sentence."""
    with connection.cursor() as cursor:
        cursor.execute(STATE, [ROLE, ROLE, SCHEMA])
        row = cursor.fetchone()
    if row is None:
        return "problem", "The attribute vault has no table: run manage.py prepare_database."
    member, owned, readable, superuser = row
    ask = (
        f"as a superuser run: CREATE ROLE {ROLE} NOLOGIN; GRANT {ROLE} TO <owner> WITH ADMIN "
        f"OPTION; GRANT {ROLE} TO <application> WITH INHERIT FALSE; "
        "then manage.py prepare_database."
    )
    if not (member and owned):
        if readable:
            return "note", f"The attribute vault has no database role of its own: {ask}"
        return "problem", f"The attribute vault cannot be opened: {ask}"
    if superuser:
        return "note", (
            "The application connects as a superuser, for whom the vault has no door: give it a "
            "role of its own with DATABASE_URL."
        )
    if readable:
        return "note", (
            "The application's role reads the attribute vault without taking on its role: "
            f"REVOKE {ROLE} FROM it and GRANT {ROLE} TO it WITH INHERIT FALSE."
        )
    return "ok", f"The attribute vault is open to the role {ROLE} alone."
