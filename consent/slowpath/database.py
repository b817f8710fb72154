"""One psycopg connection a thread, made from Django's settings. No transactions, no ORM.

`Unavailable` says that PostgreSQL cannot be asked; the doors then answer deny.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from typing import Any, TypeVar

import psycopg

Result = TypeVar("Result")
Connection = psycopg.Connection[tuple[Any, ...]]

CONNECT_SECONDS = 2
STATEMENT_MILLISECONDS = 2_000


class Unavailable(Exception):
    """The database cannot be asked now, so nothing is known."""


class Database:
    """Hands each thread its own autocommit connection and renews a broken one once."""

    def __init__(self, parameters: Callable[[], dict[str, Any]]) -> None:
        self._parameters = parameters
        self._local = threading.local()
        self._open: weakref.WeakSet[Connection] = weakref.WeakSet()
        self._lock = threading.Lock()

    def _connect(self) -> Connection:
        given = self._parameters()
        connection = psycopg.connect(
            **given,
            autocommit=True,
            connect_timeout=CONNECT_SECONDS,
            options=f"-c statement_timeout={STATEMENT_MILLISECONDS} -c timezone=UTC",
            prepare_threshold=1,
        )
        self._local.connection, self._local.given = connection, given
        with self._lock:
            self._open.add(connection)
        return connection

    def _current(self) -> Connection:
        connection: Connection | None = getattr(self._local, "connection", None)
        if connection is None or connection.closed or self._local.given != self._parameters():
            if connection is not None:
                connection.close()
            return self._connect()
        return connection

    def read(self, ask: Callable[[psycopg.Cursor[tuple[Any, ...]]], Result]) -> Result:
        """Run `ask` with a cursor; a connection that broke while idle is replaced once."""
        for attempt in (1, 2):
            try:
                with self._current().cursor() as cursor:
                    return ask(cursor)
            except (psycopg.OperationalError, psycopg.InterfaceError) as error:
                self._drop()
                if attempt == 2 or isinstance(error, psycopg.errors.QueryCanceled):
                    raise Unavailable from error
            except psycopg.Error as error:
                raise Unavailable from error
        raise Unavailable

    def _drop(self) -> None:
        connection: Connection | None = getattr(self._local, "connection", None)
        if connection is not None:
            connection.close()
            self._local.connection = None

    def close_all(self) -> None:
        """Close every thread's connection; the next question opens a new one."""
        with self._lock:
            for connection in list(self._open):
                connection.close()
            self._open.clear()


def parameters_from_settings() -> dict[str, Any]:
    """Read host, port, database and role from Django's settings, as psycopg names them."""
    from django.conf import settings

    given = settings.DATABASES["default"]
    named = {
        "dbname": given["NAME"],
        "user": given.get("USER"),
        "password": given.get("PASSWORD"),
        "host": given.get("HOST"),
        "port": given.get("PORT"),
    }
    kept = {name: str(value) for name, value in named.items() if value}
    return {**kept, "application_name": "tactful-decisions"}
