"""Ends a supervisor's children when the supervisor dies, however it dies (kill -9 included).

Runs as its own process, fed through a pipe whose end means death. Knows nothing of Django, and
`Guard` below is the supervisor's side of the pipe.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

PATIENCE = 8.0  # seconds between the polite signal and SIGKILL


class Guard:
    """The supervisor's handle: name what to end and which folders to remove after its death.

    `lock` stays held until the guard has done its work, so that nobody starts among remnants.
    """

    def __init__(self, lock: IO[str] | None = None) -> None:
        self._lock = lock
        self._children: dict[int, int] = {}
        self._folders: list[Path] = []
        self._process = self._begin()

    def _begin(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-I", str(Path(__file__).resolve())],
            stdin=subprocess.PIPE,
            start_new_session=True,
            text=True,
            bufsize=1,
            cwd="/",
            pass_fds=[self._lock.fileno()] if self._lock else [],
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    def tend(self) -> str | None:
        """Replace a guard that died; says what there is to tell."""
        if self._process.poll() is None:
            return None
        self._process = self._begin()
        for folder in self._folders:
            self._tell(f"d {folder}")
        for pid, stop_signal in self._children.items():
            self._tell(f"+ {pid} {stop_signal}")
        return "The guard process ended by itself; another one took its place."

    def watch(self, pid: int, stop_signal: int = signal.SIGTERM) -> None:
        """End the process group of `pid` when this process is gone; servers (SIGINT) end last."""
        self._children[pid] = int(stop_signal)
        self._tell(f"+ {pid} {int(stop_signal)}")

    def forget(self, pid: int) -> None:
        self._children.pop(pid, None)
        self._tell(f"- {pid} 0")

    def remove_folder(self, folder: Path) -> None:
        """Delete `folder` when this process is gone."""
        self._folders.append(folder)
        self._tell(f"d {folder}")

    def close(self) -> None:
        """Let the guard do its work now and wait for it."""
        self._tell("q -")
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()
        self._process.wait(timeout=PATIENCE * 3)

    def _tell(self, line: str) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(f"{line}\n")


def group_lives(pid: int) -> bool:
    """Whether the group has a running process: what only waits to be reaped is already dead."""
    try:
        os.killpg(pid, 0)
    except (ProcessLookupError, PermissionError):
        return False
    for status in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, _parent, group = status.read_text().rpartition(")")[2].split()[:3]
            if int(group) == pid and state not in "ZX":
                return True
    return not Path("/proc/self/stat").exists()


def _end(pids: list[int], stop_signal: int) -> None:
    """Signal the leaders, wait for their whole groups, kill what is left of them."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, stop_signal)
    deadline = time.monotonic() + PATIENCE
    while pids and time.monotonic() < deadline:
        pids = [pid for pid in pids if group_lives(pid)]
        time.sleep(0.05)
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)


def main() -> None:
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    watched = os.getppid()
    took_leave = False
    children: dict[int, int] = {}
    folders: list[str] = []
    for line in sys.stdin:
        kind, rest = line.rstrip("\n").split(" ", 1)
        if kind == "q":
            took_leave = True
            continue
        if kind == "d":
            folders.append(rest)
            continue
        pid, stop_signal = (int(part) for part in rest.split())
        if kind == "+":
            children[pid] = stop_signal
        else:
            children.pop(pid, None)
    if children and not took_leave:
        with contextlib.suppress(OSError):
            print(
                f"Process {watched} was killed, or died, without stopping its children:"
                " they are being stopped.",
                file=sys.stderr,
                flush=True,
            )
    for last in (signal.SIGTERM, signal.SIGINT):
        _end([pid for pid, stop_signal in children.items() if stop_signal == last], last)
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
