"""Makes a database ready for this release: migrations, the broker's schema, grants, a budget.

Runs as the owner of the tables; the server itself is `config.up.postgres`'s business.
"""

from __future__ import annotations

from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from pgmq.install import get_embedded_install_sql
from psycopg import sql

from audits.vault.role import secure_vault
from config import env
from config.up.postgres import CannotRun

# Advisory lock of this application: two hosts that start together migrate one after the other.
PREPARE_LOCK = 0x7AC7F01


def app_role() -> str:
    """The role the application connects as, whoever runs this."""
    from urllib.parse import unquote, urlsplit

    from config.up.layout import Layout

    url = env.read("DATABASE_URL")
    if url:
        return unquote(urlsplit(url).username or "")
    return Layout(env.read("DATA_DIR")).app_role


def prepare(verbosity: int = 0) -> None:
    """Bring the connected database to this release; a second call changes nothing."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [PREPARE_LOCK])
        try:
            _refuse_other_releases()
            call_command("migrate", interactive=False, verbosity=verbosity)
            install_broker()
            call_command("apply_grants", app_role(), verbosity=verbosity)
            secure_vault(app_role())
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [PREPARE_LOCK])


def _refuse_other_releases() -> None:
    """Leave alone what a release made that this one does not know; CannotRun names it."""
    ours = {
        app.label
        for app in apps.get_app_configs()
        if (env.ROOT / app.name.partition(".")[0]).is_dir()
    }
    applied = {
        place for place in MigrationRecorder(connection).applied_migrations() if place[0] in ours
    }
    known = MigrationLoader(None, ignore_no_migrations=True).disk_migrations if applied else {}
    if unknown := sorted(f"{label}.{name}" for label, name in applied - known.keys()):
        shown = ", ".join(unknown[:3]) + (" and others" if len(unknown) > 3 else "")
        raise CannotRun(
            f"Another release of Tactful made this database ({shown}), and this one leaves it as "
            "it is. Run that release, or begin with an empty database."
        )


def install_broker() -> None:
    """Install PGMQ's SQL once, and let the application's role make and use queues in it."""
    role = app_role()
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('pgmq.meta') IS NULL")
        row = cursor.fetchone()
        if row is not None and row[0]:
            cursor.execute(get_embedded_install_sql())
        cursor.execute("SELECT current_user = %s", [role])
        row = cursor.fetchone()
        if not role or (row is not None and row[0]):
            return
        for grant in (
            "GRANT USAGE, CREATE ON SCHEMA pgmq TO {}",
            "GRANT ALL ON ALL TABLES IN SCHEMA pgmq TO {}",
            "GRANT ALL ON ALL SEQUENCES IN SCHEMA pgmq TO {}",
            "GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA pgmq TO {}",
        ):
            statement = sql.SQL(grant).format(sql.Identifier(role))
            cursor.execute(statement)


def connections_wanted() -> int:
    """Connections of all processes of one host at their busiest, with room for commands."""
    web = int(env.read("TACTFUL_WEB_THREADS"))
    workers = int(env.read("TACTFUL_WORKERS"))
    # Each worker parent and pool child holds Django's connection and the broker's pool of 4.
    stream, webhooks = 1, 1
    aliases = 1 + 4  # beside the relay: who looks for orders, and who carries them out
    desk_and_heavy = 2 * (1 + 1) * 5
    return web + 4 + (workers + 1) * 5 + desk_and_heavy + 5 + stream + webhooks + aliases + 10


def connections_allowed() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('max_connections')::int"
            " - current_setting('superuser_reserved_connections')::int"
        )
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def budget_problem() -> str | None:
    """One sentence when the processes could want more connections than the server gives."""
    wanted, allowed = connections_wanted(), connections_allowed()
    if wanted <= allowed:
        return None
    return (
        f"Tactful may want {wanted} database connections and PostgreSQL allows {allowed}:"
        " lower TACTFUL_WEB_THREADS or TACTFUL_WORKERS, or raise max_connections."
    )
