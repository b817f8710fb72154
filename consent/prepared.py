"""Statements that the server plans once a connection, run on Django's own. No SQL stands here.

Django's cursors send each statement whole, with its values in it, and have it planned anew.
"""

from __future__ import annotations

from typing import Any, cast

import psycopg
from django.db import connection
from django.db.backends.utils import CursorWrapper


class _PreparedCursor(psycopg.Cursor[tuple[Any, ...]]):
    """Sends values beside the statement; the connection's other cursors stay as they are."""

    def execute(self, query: Any, params: Any = None, **options: Any) -> _PreparedCursor:
        self.connection.prepare_threshold = 0
        try:
            return super().execute(query, params, **options)
        finally:
            self.connection.prepare_threshold = None


def prepared_cursor() -> CursorWrapper:
    """A cursor for a few statements that one process runs again and again.

    It belongs to Django's connection, transaction, error classes and log of queries.
    """
    connection.ensure_connection()
    raw = cast("psycopg.Connection[tuple[Any, ...]]", connection.connection)
    wrapped: CursorWrapper = connection._prepare_cursor(_PreparedCursor(raw))  # type: ignore[attr-defined]
    return wrapped
