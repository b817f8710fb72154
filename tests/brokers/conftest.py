"""The stage of these tests: one broker at a time, and the processes of a host that use it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from config.up.children import Child, programs
from config.up.database import prepare
from config.up.guard import Guard
from tests.audits.conftest import Stage, make_stage
from tests.brokers.servers import Broker, Pgmq, Rabbitmq, Redis, free_port
from tests.ground_database import EmbeddedPostgres

LEASE_SECONDS = 3


@pytest.fixture(scope="module")
def guard() -> Iterator[Guard]:
    """Ends what these tests started when they are gone, kill -9 included."""
    guard = Guard()
    yield guard
    guard.close()


@pytest.fixture(
    scope="module",
    params=[
        pytest.param("pgmq"),
        pytest.param("redis", marks=pytest.mark.redis),
        pytest.param("rabbitmq", marks=pytest.mark.rabbitmq),
    ],
)
def broker(
    request: pytest.FixtureRequest, guard: Guard, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Broker]:
    folder = tmp_path_factory.mktemp(request.param)
    guard.remove_folder(folder)
    running: Broker
    match request.param:
        case "redis":
            running = Redis(folder, guard)
        case "rabbitmq":
            running = Rabbitmq(folder, guard)
        case _:
            running = Pgmq()
    yield running
    running.stop()


class Host:
    """The processes of `manage.py up` behind its web server, started and tended as it does."""

    def __init__(self, guard: Guard, environment: dict[str, str]) -> None:
        known = programs(host="127.0.0.1", port=free_port(), threads=1, workers=1)
        self._children = {
            program.name: Child(
                replace(program, environment={**program.environment, **environment}), guard
            )
            for program in known
        }
        self._started: list[Child] = []

    def start(self, *names: str) -> None:
        for name in names:
            self._children[name].start()
            self._started.append(self._children[name])

    def child(self, name: str) -> Child:
        return self._children[name]

    def kill_nine(self, name: str) -> None:
        """Kill a program together with every process it started."""
        child = self._children[name]
        assert child.pid is not None
        child.kill()

    def wait_until(self, true: Callable[[], bool], seconds: float = 60) -> None:
        """Keep the programs alive until it is so."""
        deadline = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < deadline, "It did not happen in time."
            for child in self._started:
                child.tend()
            time.sleep(0.02)

    def stop(self) -> None:
        for child in self._started:
            child.kill()


@pytest.fixture
def host(
    transactional_db: None,
    embedded_postgres: EmbeddedPostgres,
    broker: Broker,
    guard: Guard,
    settings: Any,
    tmp_path: Path,
) -> Iterator[Host]:
    """A host on this test's database, connected as the application's own role."""
    settings.STORAGE_URL = (tmp_path / "storage").as_uri()
    prepare()
    host = Host(
        guard,
        {
            **embedded_postgres.env_of(str(connection.settings_dict["NAME"])),
            "TACTFUL_AS_OWNER": "0",
            "TACTFUL_LEASE_SECONDS": str(LEASE_SECONDS),
            "STORAGE_URL": settings.STORAGE_URL,
            "BROKER_URL": broker.url,
        },
    )
    yield host
    host.stop()


@pytest.fixture
def stage(host: Host) -> Stage:
    return make_stage()
