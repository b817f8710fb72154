"""What a superuser can do behind the triggers: statements run as a replica."""

from __future__ import annotations

from django.db import connection

from tests.ground_database import EmbeddedPostgres


def as_superuser(server: EmbeddedPostgres, *statements: str) -> None:
    """Run statements with every trigger and foreign key switched off."""
    database = str(connection.settings_dict["NAME"])
    with server.as_superuser(database) as session:
        session.execute("SET session_replication_role = replica")
        for statement in statements:
            session.execute(statement.encode())
