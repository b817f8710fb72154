"""A host in processes of its own: an applier and web processes on the test's database."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from django.db import connection

from config.env import ROOT
from config.up.guard import Guard
from consent.fastpath.journal import folder_of
from consent.fastpath.table import SharedTable
from tests.consent.conftest import make_carousel, make_key
from tests.fastpath.history import Check, Write, load
from tests.ground_database import EmbeddedPostgres


def wait_until(condition: Callable[[], object], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.01)


class Host:
    """The processes of one host; those of the test are told apart by their process ids."""

    def __init__(self, server: EmbeddedPostgres, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.folder = data_dir / "history"
        self.folder.mkdir(parents=True)
        keys = data_dir / "keys"
        if not keys.exists():
            keys.symlink_to(server.data_dir / "keys")
        self.environment = {
            **server.env_of(str(connection.settings_dict["NAME"])),
            "DATA_DIR": str(data_dir),
            "DATABASE_URL": server.url_of(str(connection.settings_dict["NAME"])),
        }
        self.guard = Guard()
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.table = SharedTable.open(folder_of(data_dir))

    def stage(self) -> None:
        make_carousel()
        (self.folder / "secret").write_text(make_key("consent:check"))

    def start(self, name: str, *command: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, *command], cwd=ROOT, env=self.environment, start_new_session=True
        )
        self.guard.watch(process.pid)
        self.processes[name] = process
        return process

    def start_applier(self) -> None:
        self.start("applier", "manage.py", "applier")
        wait_until(self.table.stamp_is_valid)

    def start_web(self, name: str, *, writers: int = 1, seconds: float = 60.0) -> None:
        self.start(
            name, "-m", "tests.fastpath.web_process", str(self.folder), name,
            str(writers), str(seconds),
        )  # fmt: skip

    def wait_for_web(self, *names: str) -> None:
        wait_until(lambda: all((self.folder / f"{name}.ready").exists() for name in names))

    def send(self, name: str, number: signal.Signals) -> None:
        os.kill(self.processes[name].pid, number)

    def writes(self) -> int:
        """How many writes the processes have noted so far."""
        return sum(path.read_bytes().count(b'["Write"') for path in self.folder.glob("*.jsonl"))

    def finish(self) -> tuple[list[Write], list[Check], dict[str, int]]:
        """Let the web processes end, and read what they did."""
        (self.folder / "stop").touch()
        for name, process in self.processes.items():
            if name != "applier" and process.poll() is None:
                assert process.wait(60) == 0, f"{name} failed"
        counts = {"fast": 0, "slow": 0}
        for path in self.folder.glob("*.counts"):
            for kind, number in json.loads(path.read_text()).items():
                counts[kind] += number
        return *load(sorted(self.folder.glob("*.jsonl"))), counts

    def stop(self) -> None:
        for process in self.processes.values():
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
                process.wait()
            self.guard.forget(process.pid)
        self.guard.close()
