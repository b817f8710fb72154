"""However `manage.py up` ends, it says why in one sentence, and a failure is not exit code 0."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.env import ROOT
from tests.trust.test_up import status_of
from tests.trust.up_process import (
    UpProcess,
    alive,
    environment,
    free_port,
    own_folder,
    wait_until,
)

pytestmark = [pytest.mark.trust, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with own_folder(tmp_path_factory.mktemp("ends").resolve()) as data_dir:
        yield data_dir


@pytest.fixture
def up(folder: Path) -> Iterator[UpProcess]:
    running = UpProcess(folder, free_port())
    try:
        yield running
    finally:
        running.stop()
        assert running.process.stdout is not None
        running.process.stdout.close()


def read_until(up: UpProcess, sentence: str) -> None:
    assert up.process.stdout is not None
    assert any(sentence in line for line in up.process.stdout), f"never told: {sentence}"


def rest_of(up: UpProcess) -> list[str]:
    """Everything told from here to the end, the guard's last word included."""
    assert up.process.stdout is not None
    return [line.rstrip() for line in up.process.stdout]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_before_it_is_ready_is_named_and_is_a_failure(
    up: UpProcess, number: signal.Signals
) -> None:
    read_until(up, "PostgreSQL answers.")
    up.process.send_signal(number)
    assert rest_of(up)[-1] == f"Tactful was stopped by {number.name} before it was ready."
    assert up.process.wait() == 128 + number


def test_a_stop_after_it_was_ready_is_told_and_is_no_failure(up: UpProcess) -> None:
    up.wait_until_ready()
    up.process.send_signal(signal.SIGTERM)
    assert rest_of(up)[-1] == "Tactful has stopped: SIGTERM asked it to."
    assert up.process.wait() == 0


def test_after_kill_nine_the_guard_says_what_happened(up: UpProcess) -> None:
    read_until(up, "PostgreSQL answers.")
    up.kill()
    assert (  # beside what its children say of the server that left them
        f"Process {up.process.pid} was killed, or died, without stopping its children:"
        " they are being stopped."
    ) in rest_of(up)


def test_a_reader_that_goes_away_ends_nothing(up: UpProcess) -> None:
    read_until(up, "PostgreSQL answers.")
    assert up.process.stdout is not None
    up.process.stdout.close()
    assert wait_until(lambda: status_of(up.port, "/healthz") == 200, 90)
    assert up.process.poll() is None


def test_a_dead_guard_is_replaced_and_still_leaves_no_orphan(up: UpProcess) -> None:
    up.wait_until_ready()
    os.kill(up.named("guard.py"), signal.SIGKILL)
    read_until(up, "The guard process ended by itself; another one took its place.")
    children = up.descendants()
    assert len(children) >= 8
    up.kill()
    assert wait_until(lambda: not alive(children), 40), alive(children)


def test_a_child_that_cannot_start_is_told_of(folder: Path) -> None:
    """A database server that nobody can reach: the reason stands above, the end says so."""
    ended = subprocess.run(
        [sys.executable, "manage.py", "up"],
        cwd=ROOT,
        env={
            **environment(folder, free_port()),
            "DATABASE_URL": f"postgres://nobody@127.0.0.1:{free_port()}/none",
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1] == (
        "The database could not be prepared; the reason stands above."
    )


def test_a_fault_of_its_own_is_told_last(folder: Path) -> None:
    """A static folder that is a file: nothing foresees it, and it still ends in a sentence."""
    blocked = folder / "static"
    if blocked.is_dir():
        blocked.rename(folder / "static.away")
    blocked.write_text("in the way")
    try:
        running = UpProcess(folder, free_port())
        last = rest_of(running)[-1]
        assert running.stop() == 1
    finally:
        blocked.unlink()
    assert last.startswith("Tactful ended by a fault of its own:")
