"""Runs the embedded server for as long as somebody needs it: `up`, or one management command.

Two locks in DATA_DIR say who started the server and who is using it.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import psycopg

from config.env import ROOT
from config.up.guard import Guard
from config.up.layout import Layout
from config.up.postgres import CannotRun, Server, conninfo, is_up

WAIT_SECONDS = 90.0


def _open(path: Path) -> IO[str]:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.open("a+")


def _try_lock(file: IO[str], kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _lives(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    return True


def hold_folder(layout: Layout) -> IO[str]:
    """Become the one process that runs this data folder, or say who does.

    A lock whose holder is dead is its guard's, who is still ending what the holder left.
    """
    file = _open(layout.up_lock)
    deadline = time.monotonic() + WAIT_SECONDS
    while not _try_lock(file, fcntl.LOCK_EX):
        file.seek(0)
        holder = file.read().strip() or "another process"
        if _lives(holder) or time.monotonic() >= deadline:
            raise CannotRun(
                f"The data folder {layout.data_dir} is in use by process {holder}:"
                " stop it, or set another DATA_DIR."
            )
        time.sleep(0.1)
    file.seek(0)
    file.truncate()
    file.write(str(os.getpid()))
    file.flush()
    return file


def prepare_database(guard: Guard, verbosity: int = 1) -> None:
    """Migrate and grant in a process of its own, which alone connects as the owner.

    It has its own session: Ctrl-C waits for a migration and does not cut it in two.
    """
    command = [sys.executable, str(ROOT / "manage.py"), "prepare_database", "-v", str(verbosity)]
    owner = {**os.environ, "TACTFUL_AS_OWNER": "1"}
    preparing = subprocess.Popen(command, env=owner, start_new_session=True)
    guard.watch(preparing.pid)
    failed = preparing.wait()
    guard.forget(preparing.pid)
    if failed:
        raise CannotRun("The database could not be prepared; the reason stands above.")


def is_prepared(layout: Layout) -> bool:
    with psycopg.connect(conninfo(layout, layout.owner_role, layout.database)) as connection:
        found = connection.execute("SELECT to_regclass('django_migrations') IS NOT NULL").fetchone()
    return bool(found and found[0])


@contextmanager
def running(layout: Layout, prepare: bool = True) -> Iterator[None]:
    """The server answers inside this block: the one that runs, or one for the block alone."""
    use = _open(layout.up_lock.with_name("server.use"))
    fcntl.flock(use, fcntl.LOCK_SH)
    deadline = time.monotonic() + WAIT_SECONDS
    start = None
    while not is_up(layout) and start is None:
        file = _open(layout.up_lock)
        if _try_lock(file, fcntl.LOCK_EX):
            start = file
        elif time.monotonic() > deadline:
            raise CannotRun(f"The server of {layout.data_dir} is starting but does not answer.")
        else:
            file.close()
            time.sleep(0.2)
    if start is None:
        yield
        use.close()
        return
    start.close()
    with hold_folder(layout) as lock:
        guard = Guard(lock)
        server = Server(layout, guard)
        try:
            server.start()
            if prepare and not is_prepared(layout):
                prepare_database(guard, verbosity=0)
            yield
        finally:
            fcntl.flock(use, fcntl.LOCK_EX)  # wait for the commands that came meanwhile
            server.stop()
            use.close()
            guard.close()
