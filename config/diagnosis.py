"""What `manage.py doctor` looks at: each check answers with one sentence, and what to do.

Reads only; nothing is repaired here.
"""

from __future__ import annotations

import importlib.util
import shutil
import stat
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor

from audits.vault.role import vault_problem
from config.celery_settings import broker_transport_options, broker_url
from config.up.archive import storage_folder
from config.up.database import app_role, budget_problem
from config.up.supervisor import is_loopback
from consent.partitions import event_months
from governance.core.clock import database_now

LEAST_POSTGRES = 150000
LEAST_FREE = 2 * 1024**3


@dataclass(frozen=True)
class Finding:
    """One line of the doctor: `state` is ok, note or problem."""

    state: str
    sentence: str


def check_python() -> Iterator[Finding]:
    found = ".".join(str(part) for part in sys.version_info[:3])
    if (3, 11) <= sys.version_info[:2] <= (3, 13):
        yield Finding("ok", f"Python {found}.")
    else:
        yield Finding("problem", f"Python {found} is untested: use 3.11, 3.12 or 3.13.")


def check_folder() -> Iterator[Finding]:
    folder = settings.DATA_DIR
    free = shutil.disk_usage(folder).free
    size = f"{free / 1024**3:.1f} GiB free in {folder}"
    if free < LEAST_FREE:
        yield Finding("problem", f"Only {size}: free some space or move DATA_DIR.")
    else:
        yield Finding("ok", f"{size}.")


def check_keys() -> Iterator[Finding]:
    folder = settings.DATA_DIR / "keys"
    loose = [
        path.name
        for path in sorted(folder.glob("*"))
        if path.is_file() and path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)
    ]
    if loose:
        yield Finding("problem", f"Others may read {', '.join(loose)} in {folder}: chmod 600.")
    else:
        yield Finding("ok", "The keys are readable by this account alone.")


def check_address() -> Iterator[Finding]:
    if settings.DEMO:
        yield Finding("note", "DEMO=1: anybody who reaches this address may sign in as anybody.")
    public = settings.PUBLIC_URL.startswith("https://")
    if not is_loopback(settings.HOST) and not public:
        yield Finding(
            "problem",
            f"HOST={settings.HOST} is reachable by others over plain HTTP: put a proxy with TLS"
            " in front and set PUBLIC_URL=https://...",
        )
    else:
        yield Finding("ok", f"Serves {settings.PUBLIC_URL}.")


def check_database() -> Iterator[Finding]:
    try:
        connection.ensure_connection()
    except Error as problem:
        reason = str(problem).strip().splitlines()[-1]
        yield Finding("problem", f"The database does not answer ({reason}): check DATABASE_URL.")
        return
    number = connection.cursor().connection.info.server_version
    if number < LEAST_POSTGRES:
        yield Finding("problem", f"PostgreSQL {number // 10000} is too old: use 15 or newer.")
    else:
        yield Finding("ok", f"PostgreSQL {number // 10000} answers.")
    yield from _check_tables()


def _check_tables() -> Iterator[Finding]:
    executor = MigrationExecutor(connection)
    open_steps = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if open_steps:
        yield Finding(
            "problem",
            f"{len(open_steps)} migrations are not applied: run manage.py prepare_database.",
        )
        return
    yield Finding("ok", "Every migration is applied.")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_tables WHERE schemaname = 'public' AND tableowner = %s",
            [app_role() or str(connection.settings_dict["USER"])],
        )
        row = cursor.fetchone()
    if row is not None and row[0]:
        yield Finding(
            "note",
            "The application owns its tables, so only triggers protect what is append-only: give"
            " the owner a role of its own with DATABASE_OWNER_URL.",
        )
    else:
        yield Finding("ok", "Owner and application are two roles: grants and triggers protect.")
    yield Finding(*vault_problem())
    if without_month := event_months().problem(database_now()):
        yield Finding("problem", without_month)
    if problem := budget_problem():
        yield Finding("problem", problem)
    else:
        yield Finding("ok", "The connection budget fits.")


def check_broker() -> Iterator[Finding]:
    from kombu.connection import Connection

    scheme = urlsplit(broker_url).scheme
    if scheme.startswith("redis") and importlib.util.find_spec("redis") is None:
        yield Finding("problem", "BROKER_URL names Redis: install the package redis.")
        return
    options = {**broker_transport_options, "max_retries": 1, "interval_start": 0}
    try:
        with Connection(broker_url, transport_options=options, connect_timeout=4) as broker:
            broker.ensure_connection(max_retries=1, timeout=5)
            broker.default_channel.queue_declare("desk", passive=False)
    except Exception as problem:  # noqa: BLE001  (every broker raises errors of its own)
        reason = (str(problem).strip().splitlines() or [type(problem).__name__])[0]
        yield Finding("problem", f"The broker does not answer ({reason}): check BROKER_URL.")
        return
    yield Finding("ok", f"The broker answers ({scheme}).")


def check_storage() -> Iterator[Finding]:
    folder = storage_folder()
    if folder is None:
        scheme = urlsplit(settings.STORAGE_URL).scheme
        yield Finding("note", f"Outputs lie in a {scheme} store: back it up there.")
        return
    yield Finding("ok", f"Outputs lie in {folder}.")


CHECKS: tuple[Callable[[], Iterator[Finding]], ...] = (
    check_python,
    check_folder,
    check_keys,
    check_address,
    check_database,
    check_broker,
    check_storage,
)


def diagnose() -> Iterator[Finding]:
    """Every check in turn; one that cannot look says so instead of hiding the rest."""
    for check in CHECKS:
        yield from check()
