"""The embedded PostgreSQL of a test session: started when first asked for, gone with the session.

The fixtures stand in conftest.py; nothing here knows pytest.
"""

from __future__ import annotations

import os
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from config.up.guard import Guard
from config.up.layout import Layout
from config.up.postgres import Server, conninfo

# Only tests may trade durability for speed.
FAST = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}


def prepare_environment() -> Path:
    """Give the settings a private DATA_DIR; must run before Django reads its settings."""
    folder = Path(tempfile.mkdtemp(prefix="tactful-tests-")).resolve()
    (folder / "static").mkdir()
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    os.environ["DATA_DIR"] = str(folder)
    os.environ.setdefault("TACTFUL_AS_OWNER", "1")
    os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    return folder


@dataclass
class EmbeddedPostgres:
    """The session's server; `env` is what a subprocess needs to reach the same one."""

    data_dir: Path
    guard: Guard
    server: Server = field(init=False)
    layout: Layout = field(init=False)

    def __post_init__(self) -> None:
        self.layout = Layout(self.data_dir)
        self.guard.remove_folder(self.layout.server_home)
        self.guard.remove_folder(self.layout.socket_dir)
        self.server = Server(self.layout, self.guard, FAST)
        self.server.start()
        with self.as_superuser() as connection:
            role = sql.Identifier(self.layout.owner_role)
            connection.execute(sql.SQL("ALTER ROLE {} CREATEDB").format(role))

    def as_superuser(self, database: str = "postgres") -> psycopg.Connection[tuple[object, ...]]:
        """A connection that may do anything, in autocommit: for what a test does to the server."""
        where = conninfo(self.layout, self.layout.superuser, database)
        return psycopg.connect(where, autocommit=True)

    def url_of(self, database: str, role: str | None = None) -> str:
        user = role or self.layout.owner_role
        place = f"host={quote(str(self.layout.socket_dir), safe='')}&port={self.layout.socket_port}"
        return f"postgresql://{user}@/{database}?{place}"

    @property
    def url(self) -> str:
        return self.url_of(self.layout.database)

    def env_of(self, database: str) -> dict[str, str]:
        """Environment for a subprocess that works on `database` of this server."""
        return {
            **os.environ,
            "DATA_DIR": str(self.data_dir),
            "DATABASE_URL": self.url_of(database, self.layout.app_role),
            "DATABASE_OWNER_URL": self.url_of(database),
        }

    @property
    def env(self) -> dict[str, str]:
        return self.env_of(self.layout.database)

    def new_database(self, template: str = "template0") -> str:
        """Create an empty database, or a clone of `template`, and return its name."""
        name = f"extra_{uuid.uuid4().hex[:12]}"
        self.clone(template, name)
        return name

    def clone(self, source: str, target: str) -> None:
        """Make `target` a fresh copy of `source`; whoever is connected to either is sent away."""
        with self.as_superuser() as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
                [source],
            )
            connection.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(target))
            )
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {} STRATEGY FILE_COPY").format(
                    sql.Identifier(target),
                    sql.Identifier(source),
                    sql.Identifier(self.layout.owner_role),
                )
            )

    @contextmanager
    def outliving(self, database: str, seconds: float = 30) -> Iterator[None]:
        """Whoever comes and is killed in the block has let go of its rows when the block ends.

        The server notices a dead client a moment later; until then its locks stand.
        """
        before = self._backends(database)
        yield
        deadline = time.monotonic() + seconds
        while self._backends(database) - before:
            assert time.monotonic() < deadline, "Somebody is still connected."
            time.sleep(0.01)

    def _backends(self, database: str) -> set[object]:
        with self.as_superuser() as connection:
            found = connection.execute(
                "SELECT pid FROM pg_stat_activity WHERE datname = %s"
                " AND backend_type = 'client backend'",
                [database],
            )
            return {row[0] for row in found.fetchall()}

    def drop(self, database: str) -> None:
        with self.as_superuser() as connection:
            connection.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database))
            )
