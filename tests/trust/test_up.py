"""Faults of `manage.py up`: what is killed comes back, what is acknowledged stays."""

import contextlib
import http.client
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from config.up.postgres import conninfo
from tests.trust.up_process import (
    UpProcess,
    alive,
    free_port,
    own_folder,
    run_command,
    wait_until,
)

pytestmark = [pytest.mark.trust, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One DATA_DIR for all runs: each test starts on what the fault before it left behind."""
    with own_folder(tmp_path_factory.mktemp("up").resolve()) as data_dir:
        yield data_dir


@pytest.fixture
def up(folder: Path) -> Iterator[UpProcess]:
    running = UpProcess(folder, free_port())
    try:
        running.wait_until_ready()
        yield running
    finally:
        running.stop()


def status_of(port: int, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()


def test_kill_nine_of_up_leaves_no_orphan(up: UpProcess) -> None:
    children = up.descendants()
    assert len(children) >= 8
    up.kill()
    assert wait_until(lambda: not alive(children), 40), alive(children)


def test_a_start_right_after_kill_nine_waits_for_the_remnants(up: UpProcess, folder: Path) -> None:
    up.kill()
    again = UpProcess(folder, up.port)
    try:
        again.wait_until_ready()
        assert status_of(again.port, "/readyz") == 200
    finally:
        again.stop()


def test_the_next_start_serves_and_stops_in_order(up: UpProcess) -> None:
    assert status_of(up.port, "/readyz") == 200
    children = up.descendants()
    assert up.stop() == 0
    assert not alive(children)


def test_a_dead_web_server_is_started_again(up: UpProcess) -> None:
    os.kill(up.named("granian"), signal.SIGKILL)
    assert wait_until(lambda: status_of(up.port, "/healthz") == 0, 10)
    assert wait_until(lambda: status_of(up.port, "/healthz") == 200, 60)


def test_kill_nine_of_postgresql_loses_nothing_acknowledged(up: UpProcess) -> None:
    where = conninfo(up.layout, up.layout.owner_role, up.layout.database)
    acknowledged = 0
    with psycopg.connect(where, autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS written; CREATE TABLE written (number int)")
        while not connection.broken:
            if acknowledged == 2_000:
                os.kill(up.named("bin/postgres"), signal.SIGKILL)
            with contextlib.suppress(psycopg.Error):
                connection.execute("INSERT INTO written VALUES (1)")
                acknowledged += 1
    assert acknowledged >= 2_000

    def kept() -> int:
        try:
            with psycopg.connect(where) as connection:
                row = connection.execute("SELECT count(*) FROM written").fetchone()
        except psycopg.OperationalError:
            return -1
        return int(row[0]) if row else -1

    assert wait_until(lambda: kept() >= 0, 60)
    assert kept() in (acknowledged, acknowledged + 1)
    assert wait_until(lambda: status_of(up.port, "/readyz") == 200, 60)


def test_a_second_up_on_the_same_folder_says_so_in_one_sentence(
    up: UpProcess, folder: Path
) -> None:
    ended = run_command("up", data_dir=folder, port=free_port())
    assert ended.returncode == 1
    assert ended.stderr == (
        f"The data folder {folder} is in use by process {up.process.pid}:"
        " stop it, or set another DATA_DIR.\n"
    )


def test_a_command_beside_up_uses_its_server(up: UpProcess, folder: Path) -> None:
    ended = run_command("showmigrations", "--plan", data_dir=folder, port=up.port)
    assert ended.returncode == 0, ended.stderr
    assert "[X]  ledger.0001_initial" in ended.stdout
    assert status_of(up.port, "/readyz") == 200


def test_the_time_of_a_second_start_is_told(up: UpProcess, folder: Path) -> None:
    up.stop()
    again = UpProcess(folder, free_port())
    try:
        print(f"second start: ready after {again.wait_until_ready():.1f} s")
    finally:
        again.stop()
