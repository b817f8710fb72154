"""Sources that are PostgreSQL tables: read where they lie, in a transaction that cannot write.

Schema and table are names found in the server's own catalogue; no SQL text is ever taken.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from audits.models import Source
from audits.sources.credentials import dsn_parts, unseal
from audits.sources.locations import PostgresqlLocation
from audits.sources.reach import check_host
from audits.sources.reading import Place
from governance.core.errors import Invalid

if TYPE_CHECKING:
    import ibis
    import psycopg

CONNECT_SECONDS = 10
READABLE = ("r", "p", "v", "m", "f")  # tables, partitioned ones, views, materialised, foreign
_FIND = """
SELECT n.nspname, c.relname
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = ANY(%s::"char"[]) AND pg_catalog.has_table_privilege(c.oid, 'SELECT')
  AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
"""


@contextmanager
def open_table(source: Source, location: PostgresqlLocation, seconds: float) -> Iterator[Place]:
    """Open a table of a server; every statement ends after `seconds`.

    Raises
    ------
    Invalid : with one sentence, when the server refuses, the table is not there, or it takes long
    """
    import ibis

    with _connected(source, seconds) as connection:
        found = connection.execute(
            f"{_FIND} AND n.nspname = %s AND c.relname = %s",
            [list(READABLE), location.table_schema, location.table],
        ).fetchone()
        if found is None:
            raise Invalid(
                f"The database has no table {location.table_schema}.{location.table} that this "
                "credential may read."
            )
        backend = ibis.postgres.from_connection(connection)
        schema, name = found
        table = backend.table(name, database=schema)
        asked = f"{schema}.{name}"
        yield Place(
            table=table,
            interrupt=connection.cancel,
            measure=lambda part: _measure(connection, part, asked),
        )


def list_tables(source: Source) -> list[str]:
    """Return the tables and views a source's credential may read, as `schema.table`."""
    with _connected(source, 30) as connection:
        own = " AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' ORDER BY 1, 2"
        rows = connection.execute(_FIND + own, [list(READABLE)]).fetchall()
    return [f"{schema}.{name}" for schema, name in rows]


def _measure(connection: psycopg.Connection[Any], part: ibis.Table, asked: str) -> tuple[int, str]:
    """Return how many rows are read and a digest of what they hold, in one pass on the server."""
    import ibis

    inner = ibis.to_sql(part, dialect="postgres")
    query = f"SELECT count(*), sum(hashtextextended(part::text, 0)) FROM ({inner}) AS part"
    row = connection.execute(query.encode()).fetchone()
    rows, checksum = row if row is not None else (0, None)
    told = {"table": asked, "columns": list(part.columns), "rows": rows, "sum": str(checksum)}
    return int(rows), hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


@contextmanager
def _connected(source: Source, seconds: float) -> Iterator[psycopg.Connection[Any]]:
    """Give a read-only connection with one snapshot; what the server says becomes a sentence."""
    import psycopg

    parts = dsn_parts(unseal(source))
    check_host(parts["host"])
    told = f"{parts['dbname']} on {parts['host']}"
    milliseconds = max(1, int(seconds * 1000))
    settings = {
        "default_transaction_read_only": "on",
        "statement_timeout": milliseconds,
        "idle_in_transaction_session_timeout": milliseconds,
        "lock_timeout": 10_000,
        "search_path": "pg_catalog",
    }
    given: dict[str, Any] = {
        "connect_timeout": CONNECT_SECONDS,
        **parts,
        "application_name": "tactful-audit",
        "passfile": f"{os.devnull}/none",  # nobody's password but the source's own
        "options": " ".join(f"-c {name}={value}" for name, value in settings.items()),
    }
    try:
        connection = psycopg.connect(**given)
    except psycopg.Error as problem:
        raise Invalid(f"The database {told} refuses: {_reason(problem)}.") from None
    try:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        # The transaction begins here; Ibis then works in savepoints of it.
        connection.execute("SELECT 1")
        yield connection
    except psycopg.errors.QueryCanceled:
        raise Invalid(f"The database {told} took longer than {seconds:g} seconds.") from None
    except psycopg.Error as problem:
        gone = connection.closed or connection.broken
        what = "broke off" if gone else "refuses"
        raise Invalid(f"The database {told} {what}: {_reason(problem)}.") from None
    finally:
        connection.close()


def _reason(problem: psycopg.Error) -> str:
    said = problem.diag.message_primary or str(problem)
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    told = (lines[-1] if lines else type(problem).__name__).rsplit("FATAL:", 1)[-1]
    return told.strip().rstrip(".")[:300]
