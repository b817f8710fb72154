"""`apply_grants ROLE`: gives the application's role what it needs, and on append-only tables less.

Run by the owner of the tables after each migration. Only SELECT and INSERT are granted on
append-only tables, and TRUNCATE nowhere.
"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction
from psycopg import sql

from governance.core.append_only import append_only_models


class Command(BaseCommand):
    help = "Grant the application's role its rights: append-only tables are read and added to."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "role", nargs="?", help="the role the application connects as (default: APP_ROLE)"
        )

    def handle(self, *args: Any, role: str | None, **options: Any) -> None:
        name = role or getattr(settings, "APP_ROLE", "")
        if not name:
            raise CommandError("Name the role that the application connects as.")
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT current_user, EXISTS (SELECT 1 FROM pg_roles WHERE rolname = %s)", [name]
            )
            owner, exists = cursor.fetchone()
            if not exists:
                raise CommandError(f"The database has no role {name!r}.")
            if owner == name:
                self.stdout.write(
                    f"{name} owns the tables: only triggers protect the append-only ones. "
                    "Set DATABASE_OWNER_URL to another role to have grants protect them too."
                )
                return
            self._grant(cursor, sql.Identifier(name))
        if options["verbosity"]:
            self.stdout.write(f"Granted {name} its rights.")

    def _grant(self, cursor: Any, role: sql.Identifier) -> None:
        for statement in (
            "GRANT USAGE ON SCHEMA public TO {}",
            "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {}",
            "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {}",
            "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {}",
            "GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO {}",
        ):
            cursor.execute(sql.SQL(statement).format(role))
        for model in append_only_models():
            table = model._meta.db_table
            cursor.execute(
                sql.SQL("REVOKE UPDATE, DELETE, TRUNCATE ON {} FROM {}").format(
                    sql.Identifier(table), role
                )
            )
            # Rows enter a partition through the whole table only.
            cursor.execute(
                "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
                " WHERE i.inhparent = %s::regclass",
                [table],
            )
            for (partition,) in cursor.fetchall():
                cursor.execute(
                    sql.SQL("REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON {} FROM {}").format(
                        sql.Identifier(partition), role
                    )
                )
