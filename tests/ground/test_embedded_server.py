"""The embedded PostgreSQL by itself: faults it survives, starts it refuses, whom it lets in."""

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from config.env import ROOT
from config.up.guard import Guard
from config.up.layout import Layout
from config.up.postgres import CannotRun, Server, conninfo, is_up
from tests.trust.up_process import alive, wait_until


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    layout = Layout(tmp_path.resolve())
    guard = Guard()
    guard.remove_folder(layout.server_home)
    guard.remove_folder(layout.socket_dir)
    # Killing a process never loses what the kernel holds, so fsync may be off here.
    running = Server(layout, guard, {"fsync": "off"})
    running.start()
    try:
        yield running
    finally:
        running.stop()
        guard.close()


def pid_of(server: Server) -> int:
    assert server.process is not None
    return server.process.pid


def test_what_was_acknowledged_survives_kill_nine(server: Server) -> None:
    where = conninfo(server.layout, server.layout.owner_role, server.layout.database)
    with psycopg.connect(where, autocommit=True) as connection:
        connection.execute("CREATE TABLE written (number int)")
        for number in range(300):
            connection.execute("INSERT INTO written VALUES (%s)", [number])
        os.kill(pid_of(server), signal.SIGKILL)
    server.process.wait()  # type: ignore[union-attr]
    server.start_again()
    with psycopg.connect(where) as connection:
        assert connection.execute("SELECT count(*) FROM written").fetchone() == (300,)


def test_a_second_server_on_the_same_folder_is_refused(server: Server) -> None:
    with pytest.raises(CannotRun, match=f"in use by process {pid_of(server)}"):
        Server(server.layout).start()


def test_a_folder_of_another_release_is_refused_before_it_is_touched(server: Server) -> None:
    server.stop()
    (server.layout.pg_data / "PG_VERSION").write_text("15\n")
    with pytest.raises(CannotRun, match="was made by PostgreSQL 15 and this is 18"):
        server.start()


def test_the_socket_is_private_and_the_network_is_closed(server: Server) -> None:
    assert stat.S_IMODE(server.layout.socket_dir.stat().st_mode) == 0o700
    assert len(str(server.layout.socket_dir)) < 90
    with psycopg.connect(conninfo(server.layout, "postgres", "postgres")) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)


def test_an_unknown_role_is_not_let_in(server: Server) -> None:
    with pytest.raises(psycopg.OperationalError, match=r"[Pp]eer authentication failed"):
        psycopg.connect(conninfo(server.layout, "somebody", "postgres"))


def test_the_application_role_does_not_own_the_database(server: Server) -> None:
    where = conninfo(server.layout, server.layout.app_role, server.layout.database)
    with (
        psycopg.connect(where) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute("CREATE TABLE public.mine (id int)")


def test_the_guard_ends_the_server_when_its_starter_is_killed(tmp_path: Path) -> None:
    layout = Layout(tmp_path.resolve())
    program = (
        "import sys, time; from pathlib import Path; from config.up.guard import Guard;"
        " from config.up.layout import Layout; from config.up.postgres import Server;"
        f" layout = Layout(Path({str(layout.data_dir)!r})); guard = Guard();"
        " guard.remove_folder(layout.server_home); guard.remove_folder(layout.socket_dir);"
        " server = Server(layout, guard); server.start();"
        " print(server.process.pid, flush=True); time.sleep(600)"
    )
    starter = subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert starter.stdout is not None
    pid = int(starter.stdout.readline())
    assert is_up(layout)
    starter.kill()
    starter.wait()
    starter.stdout.close()
    assert wait_until(lambda: not alive({pid}), 20)
    assert wait_until(lambda: not layout.socket_dir.exists(), 20)
