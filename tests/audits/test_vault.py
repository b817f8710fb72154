"""The attribute vault: apart from every other table, for a named purpose, read only in a run."""

from __future__ import annotations

import psycopg
import pytest
from django.db import connection

from audits.vault.role import ROLE, as_vault, secure_vault, vault_problem
from tests.ground_database import EmbeddedPostgres

pytestmark = pytest.mark.django_db


def test_the_applications_role_reads_no_value_unless_it_takes_on_the_vaults(
    embedded_postgres: EmbeddedPostgres,
) -> None:
    name = str(connection.settings_dict["NAME"])
    app = embedded_postgres.url_of(name, embedded_postgres.layout.app_role)
    with psycopg.connect(app) as ordinary:
        with pytest.raises(psycopg.errors.InsufficientPrivilege), ordinary.transaction():
            ordinary.execute("SELECT * FROM vault.value")
        with ordinary.transaction():
            ordinary.execute(f"SET LOCAL ROLE {ROLE}")
            assert ordinary.execute("SELECT count(*) FROM vault.value").fetchone() == (0,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            ordinary.execute("SELECT * FROM vault.value")


def test_the_vaults_role_ends_with_its_block_also_after_an_error() -> None:
    def current() -> str:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_user")
            return str(cursor.fetchone()[0])

    before = current()
    with as_vault() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == (ROLE,)
    assert current() == before
    with pytest.raises(ZeroDivisionError), as_vault():
        raise ZeroDivisionError
    assert current() == before


def test_the_vaults_role_reads_nothing_else() -> None:
    from django.db.utils import ProgrammingError

    with pytest.raises(ProgrammingError), as_vault() as cursor:
        cursor.execute("SELECT * FROM audits_outputbatch")


def test_the_doctor_tells_how_the_vault_is_kept() -> None:
    state, sentence = vault_problem()
    assert state in ("ok", "note")
    assert ROLE in sentence


def test_a_restored_vault_is_secured_again(embedded_postgres: EmbeddedPostgres) -> None:
    def owner() -> str:
        with connection.cursor() as cursor:
            cursor.execute("SELECT tableowner FROM pg_tables WHERE schemaname = 'vault'")
            return str(cursor.fetchone()[0])

    with connection.cursor() as cursor:  # as pg_restore leaves it
        cursor.execute("GRANT USAGE, CREATE ON SCHEMA vault TO CURRENT_USER")
        cursor.execute("ALTER TABLE vault.value OWNER TO CURRENT_USER")
    assert owner() != ROLE
    assert vault_problem()[0] == "note"
    secure_vault(embedded_postgres.layout.app_role)
    secure_vault(embedded_postgres.layout.app_role)
    assert owner() == ROLE
