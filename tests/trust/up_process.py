"""One run of `manage.py up` in a folder and on a port of its own, for fault injection."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config.env import ROOT
from config.up.guard import Guard
from config.up.layout import Layout

READY_SECONDS = 180.0


def free_port() -> int:
    """A port whose next one, the stream's, is free too: below those that the system gives away."""
    while True:
        candidate = random.randrange(10_000, 32_000, 2)
        with socket.socket() as web, socket.socket() as stream:
            try:
                web.bind(("127.0.0.1", candidate))
                stream.bind(("127.0.0.1", candidate + 1))
            except OSError:
                continue
            return candidate


def environment(data_dir: Path, port: int) -> dict[str, str]:
    kept = {"PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV"}
    inherited = {name: value for name, value in os.environ.items() if name in kept}
    return {**inherited, "DATA_DIR": str(data_dir), "PORT": str(port)}


def run_command(*words: str, data_dir: Path, port: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=ROOT,
        env=environment(data_dir, port),
        capture_output=True,
        text=True,
        timeout=READY_SECONDS,
        check=False,
    )


@contextmanager
def own_folder(data_dir: Path) -> Iterator[Path]:
    """A DATA_DIR whose server files are removed afterwards, wherever the layout puts them."""
    layout = Layout(data_dir)
    guard = Guard()
    guard.remove_folder(layout.server_home)
    guard.remove_folder(layout.socket_dir)
    try:
        yield data_dir
    finally:
        guard.close()


def _hear_signals() -> None:
    """A shell and nohup start what runs in the background deaf to signals these tests send."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


class UpProcess:
    """A running `up`; `descendants` are the processes it answers for."""

    def __init__(self, data_dir: Path, port: int, **extra: str) -> None:
        self.layout = Layout(data_dir)
        self.port = port
        self.began = time.monotonic()
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "up"],
            cwd=ROOT,
            env={**environment(data_dir, port), **extra},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            preexec_fn=_hear_signals,  # noqa: PLW1509  (two calls, no lock)
        )

    def wait_until_ready(self) -> float:
        """Seconds until it said that it serves."""
        assert self.process.stdout is not None
        told = []
        for line in self.process.stdout:
            told.append(line)
            if "Tactful is ready" in line:
                return time.monotonic() - self.began
        raise AssertionError("up ended early:\n" + "".join(told))

    def descendants(self) -> set[int]:
        """Every process below `up`, the guard included."""
        parents = {}
        for status in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = status.read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if fields[0] != "Z":
                parents[int(status.parent.name)] = int(fields[1])
        found: set[int] = set()
        grown = {self.process.pid}
        while grown:
            found |= grown
            grown = {pid for pid, parent in parents.items() if parent in grown} - found
        return found - {self.process.pid}

    def named(self, word: str) -> int:
        """The one child of `up` itself whose command line holds `word`."""
        for pid in sorted(self.descendants(), key=self._distance):
            command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ")
            if word.encode() in command:
                return pid
        raise AssertionError(f"no child runs {word}")

    def _distance(self, pid: int) -> tuple[bool, int]:
        """Own children first: numbers start anew, so a grandchild's may be the smaller one."""
        try:
            parent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1]
        except OSError:
            return True, pid
        return int(parent) != self.process.pid, pid

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=90)


def alive(pids: set[int]) -> set[int]:
    """Those that still run; what only waits to be reaped is dead."""
    running = set()
    for pid in pids:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if state not in "ZX":
            running.add(pid)
    return running


def wait_until(condition: object, seconds: float) -> bool:
    """Look again and again until `condition()` holds or the time is over."""
    assert callable(condition)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return bool(condition())
