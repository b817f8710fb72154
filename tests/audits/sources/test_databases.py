"""PostgreSQL as a source: read-only, by names of the catalogue, refusals in one sentence."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from psycopg import sql

from audits.runner import perform_run
from audits.services import check_source
from audits.sources.opening import open_input
from governance.core.errors import Invalid
from tests.audits.conftest import STAGE
from tests.audits.sources.conftest import (
    changed_in_mid_run,
    decisions,
    failure,
    opened_rows,
    rows_as_read,
)


@pytest.fixture
def database(embedded_postgres: Any, settings: Any) -> Iterator[dict[str, str]]:
    """A database of somebody else, with a table of decisions and a role that may read it."""
    name, role = "warehouse", "reader"
    layout = embedded_postgres.layout
    settings.SOURCE_HOSTS = [str(layout.socket_dir)]
    with embedded_postgres.as_superuser() as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    with embedded_postgres.as_superuser(name) as admin:
        admin.execute(
            "CREATE TABLE decisions (at timestamptz, served text, sex text, called int);"
            'CREATE TABLE secrets (word text); CREATE SCHEMA "odd \'; --";'
            'CREATE VIEW "odd \'; --".view AS SELECT * FROM decisions'
        )
        with admin.cursor().copy("COPY decisions FROM STDIN") as copy:
            for row in decisions():
                copy.write_row(list(row.values()))
        owner = layout.owner_role
        admin.execute(f'GRANT SELECT ON decisions TO "{owner}"')
        admin.execute(f'GRANT USAGE ON SCHEMA "odd \'; --" TO "{owner}"')
        admin.execute(f'GRANT SELECT ON "odd \'; --".view TO "{owner}"')
    yield {"host": str(layout.socket_dir), "port": str(layout.socket_port), "dbname": name,
           "user": layout.owner_role}  # fmt: skip
    with embedded_postgres.as_superuser() as admin:
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
    del role


def dsn(parts: dict[str, str]) -> str:
    return psycopg.conninfo.make_conninfo(**parts)


def test_a_table_gives_the_rows_of_the_window_through_one_read_only_transaction(
    database: dict[str, str], source_of: Any, run_of: Any
) -> None:
    run = run_of(source_of("postgresql", {"table": "decisions"}, secret=dsn(database)))
    assert opened_rows(run) == rows_as_read()
    with open_input(run) as opened:
        assert opened.engine.startswith("postgres ")
        assert opened.table is not None
        connection = opened.table.get_backend().con
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            connection.execute("CREATE TABLE public.mine (a int)")


def test_a_run_on_a_table_is_judged_and_its_digest_is_of_the_rows(
    database: dict[str, str], source_of: Any, run_of: Any, embedded_postgres: Any
) -> None:
    run = run_of(source_of("postgresql", {"table": "decisions"}, secret=dsn(database)))
    with open_input(run) as first, open_input(run) as again:
        assert first.digest == again.digest
    assert perform_run(str(run.pk))
    run.refresh_from_db()
    assert run.error == ""
    assert run.report is not None
    assert run.report["inputs"]["sha256"] == first.digest
    with embedded_postgres.as_superuser("warehouse") as admin:
        admin.execute("UPDATE decisions SET called = 1 - called WHERE at = (SELECT min(at) "
                      "FROM decisions WHERE served = 'learned')")  # fmt: skip
    with open_input(run) as other:
        assert other.digest != first.digest


def test_names_come_from_the_servers_catalogue_and_are_never_sql(
    database: dict[str, str], source_of: Any, run_of: Any
) -> None:
    odd = source_of(
        "postgresql", {"schema": "odd '; --", "table": "view"}, secret=dsn(database), key="odd"
    )
    assert opened_rows(run_of(odd)) == rows_as_read()
    names = ["decisions; DROP TABLE decisions", "secrets", "pg_authid", "no_such"]
    for place, table in enumerate(names):
        source = source_of("postgresql", {"table": table}, secret=dsn(database), key=f"t{place}")
        assert "has no table public." in check_source(source=source, actor=STAGE).problem


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"port": "1"}, "refuses: "),
        ({"dbname": "nowhere"}, 'refuses: database "nowhere" does not exist'),
        ({"user": "nobody_here"}, "refuses: "),
        ({"host": "db.example.com"}, "is not open to sources"),
    ],
)
def test_a_database_that_is_down_or_closed_is_one_sentence(
    database: dict[str, str], source_of: Any, run_of: Any, change: dict[str, str], said: str
) -> None:
    run = run_of(source_of("postgresql", {"table": "decisions"}, secret=dsn(database | change)))
    sentence = failure(run)
    assert said in sentence
    assert "password" not in sentence


def test_a_database_that_breaks_off_in_mid_run_is_one_sentence(
    database: dict[str, str],
    source_of: Any,
    run_of: Any,
    embedded_postgres: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = run_of(source_of("postgresql", {"table": "decisions"}, secret=dsn(database)))

    def end_it() -> None:
        with embedded_postgres.as_superuser() as admin:
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE application_name = 'tactful-audit'"
            )

    changed_in_mid_run(monkeypatch, end_it)
    assert "warehouse on" in (said := failure(run)) and "broke off" in said


def test_a_slow_statement_is_ended_by_the_server(
    database: dict[str, str], source_of: Any, run_of: Any, embedded_postgres: Any
) -> None:
    with embedded_postgres.as_superuser("warehouse") as admin:
        admin.execute(
            "CREATE VIEW slow AS SELECT d.* FROM decisions d, pg_sleep(30);"
            f'GRANT SELECT ON slow TO "{database["user"]}"'
        )
    run = run_of(source_of("postgresql", {"table": "slow"}, secret=dsn(database)))
    run.plan.time_limit = timedelta(seconds=1)
    with pytest.raises(Invalid, match="longer than"), open_input(run):
        pass


def test_a_credential_is_stored_sealed_and_opens_for_its_source_alone(
    database: dict[str, str], source_of: Any
) -> None:
    secret = dsn({**database, "password": "hunter2hunter2"})
    one = source_of("postgresql", {"table": "decisions"}, secret=secret)
    two = source_of("postgresql", {"table": "decisions"}, secret=secret, key="other")
    assert "hunter2" not in one.secret and one.secret != two.secret
    from audits.sources.credentials import unseal

    assert unseal(one) == secret
    two.secret = one.secret
    with pytest.raises(Invalid, match="sealed with another key"):
        unseal(two)


@pytest.mark.parametrize(
    ("secret", "said"),
    [
        ("", "needs a connection string"),
        ("host=a dbname=b user=c service=other", "may not say 'service'"),
        ("host=a dbname=b user=c passfile=/etc/shadow", "may not say 'passfile'"),
        ("host=a dbname=b user=c options=-csearch_path=x", "may not say 'options'"),
        ("host=a,b dbname=b user=c", "names one host"),
        ("dbname=b user=c", "does not say its 'host'"),
        ("postgresql://[", "is not readable"),
    ],
)
def test_a_connection_string_says_where_and_who_and_nothing_else(
    source_of: Any, secret: str, said: str
) -> None:
    with pytest.raises(Invalid, match=said):
        source_of("postgresql", {"table": "decisions"}, secret=secret)
