"""What every test may ask for: the embedded PostgreSQL, and databases cloned from a template.

A test that asks for no database starts no server.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.ground_database import EmbeddedPostgres, prepare_environment
from tests.optional_parts import are_required, missing_parts

DATA_DIR = prepare_environment()

from config.up.guard import Guard  # (after DATA_DIR is set)

pytest_plugins = ["tests.cast", "tests.chromium", "tests.sharing"]

# The first draw of a run reads the whole source for constants: on a busy machine that takes
# seconds and says nothing about the test.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


@cache
def _the_guard() -> Guard:
    """Cleans up when this process is gone, kill -9 included."""
    guard = Guard()
    guard.remove_folder(DATA_DIR)
    return guard


@cache
def _the_server() -> EmbeddedPostgres:
    return EmbeddedPostgres(DATA_DIR, _the_guard())


def pytest_configure() -> None:
    """Load the settings, so that pytest-django sets Django up before it collects."""
    from django.conf import settings

    assert settings.DATA_DIR == DATA_DIR
    _the_guard()


def pytest_sessionstart(session: pytest.Session) -> None:
    """Let processes that share the tests out load settings of their own, after this module."""
    shares_out = session.config.getoption("numprocesses", None)
    if shares_out and not hasattr(session.config, "workerinput"):
        os.environ.pop("DJANGO_SETTINGS_MODULE", None)


def pytest_unconfigure() -> None:
    if _the_server.cache_info().currsize:
        _the_server().server.stop()
    if _the_guard.cache_info().currsize:
        _the_guard().close()


def _forget_a_dead_connection() -> None:
    """A test that cuts the server's connections may leave one behind that does not know it yet."""
    from django.db import connection

    open_ = connection.connection is not None and not connection.in_atomic_block
    if open_ and not connection.is_usable():
        connection.close()


def pytest_runtest_setup(item: pytest.Item) -> None:
    """A test whose outside part is missing is skipped, or fails where every part is required."""
    _forget_a_dead_connection()
    for name in missing_parts():
        if item.get_closest_marker(name):
            if are_required():
                pytest.fail(f"{name} is required here and was not found", pytrace=False)
            pytest.skip(f"{name} was not found")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if missing := missing_parts():
        terminalreporter.write_line(
            f"Not found on this machine, so their tests did not run: {', '.join(missing)}."
        )


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The session's DATA_DIR."""
    return DATA_DIR


@pytest.fixture(scope="session")
def embedded_postgres() -> EmbeddedPostgres:
    """The session's own PostgreSQL, also for subprocesses (`.env`, `.env_of(database)`)."""
    return _the_server()


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> None:
    """Start the server before the first test that needs a database."""
    if not os.environ.get("DATABASE_URL"):
        _the_server()


class _Template:
    """A clone of the migrated database, made before the first test that commits."""

    name: str | None = None


def _restore_database(server: EmbeddedPostgres) -> Callable[[object], None]:
    """Replaces Django's flush, which the append-only triggers refuse, by a fresh clone."""

    def restore(_test_case: object) -> None:
        from django.db import connection, connections

        connections.close_all()
        assert _Template.name is not None
        server.clone(_Template.name, str(connection.settings_dict["NAME"]))

    return restore


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, request: pytest.FixtureRequest) -> Iterator[None]:
    """Django's own set-up, with a template to go back to after each transactional test."""
    from django.db import connection, connections
    from django.test import TransactionTestCase

    if os.environ.get("DATABASE_URL"):
        yield
        return
    server = _the_server()
    set_up_as_django_does = TransactionTestCase._fixture_setup.__func__  # type: ignore[attr-defined]

    def set_up(test_case: type[TransactionTestCase]) -> None:
        if _Template.name is None:
            connections.close_all()
            name = str(connection.settings_dict["NAME"])
            server.clone(name, f"{name}_template")
            _Template.name = f"{name}_template"
        set_up_as_django_does(test_case)

    patch = pytest.MonkeyPatch()
    # TestCase has its own pair, which rolls back; only tests that commit come here.
    patch.setattr(TransactionTestCase, "_fixture_setup", classmethod(set_up))
    patch.setattr(TransactionTestCase, "_fixture_teardown", _restore_database(server))
    yield
    patch.undo()
    connections.close_all()
    if _Template.name is not None:
        server.drop(_Template.name)
