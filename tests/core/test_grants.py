"""The application's role: reads and adds to append-only tables, and nothing else."""

from __future__ import annotations

import io

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from governance.core.append_only import append_only_models
from governance.ledger.models import LedgerEntry
from tests.ground_database import EmbeddedPostgres

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_application_may_add_to_the_ledger_and_never_change_it(
    embedded_postgres: EmbeddedPostgres,
) -> None:
    role = embedded_postgres.layout.app_role
    call_command("apply_grants", role, stdout=io.StringIO())
    url = embedded_postgres.url_of(str(connection.settings_dict["NAME"]), role)
    with psycopg.connect(url, autocommit=True) as session:
        session.execute(
            "INSERT INTO ledger_ledgerentry (verb, object_type, object_id, actor_reference,"
            " facts, personal_commitment) VALUES ('core.tested', 'thing', '1', 'system:test',"
            " '{}', '')"
        )
        for model in append_only_models():
            table = model._meta.db_table
            for statement in (
                f"UPDATE {table} SET {model._meta.pk.column} = {model._meta.pk.column}",
                f"DELETE FROM {table}",
                f"TRUNCATE {table} CASCADE",
                f"ALTER TABLE {table} DISABLE TRIGGER ALL",
                f"DROP TABLE {table} CASCADE",
            ):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    session.execute(statement.encode())
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            session.execute("SET session_replication_role = replica")
    assert LedgerEntry.objects.count() == 1


def test_a_role_that_is_not_there_is_named() -> None:
    with pytest.raises(CommandError, match="no role 'nobody_here'"):
        call_command("apply_grants", "nobody_here")


def test_an_owner_that_is_also_the_application_is_told_what_protects() -> None:
    out = io.StringIO()
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        (owner,) = cursor.fetchone()
    call_command("apply_grants", owner, stdout=out)
    assert "only triggers protect" in out.getvalue()
