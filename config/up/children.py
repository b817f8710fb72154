"""The processes of one host, in the order they start, and how each is asked to end.

What keeps them alive is `config.up.supervisor`.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from config.env import ROOT
from config.up.guard import Guard, group_lives

BACKOFF_FIRST = 0.5
BACKOFF_MOST = 30.0
CELERY = ("-m", "celery", "-A", "config.celery", "-q")
# Messages are JSON and never run code, so the worker may run as whoever runs the rest.
QUIET = {"PYTHONWARNINGS": "ignore:You're running the worker with superuser privileges"}
STEADY_SECONDS = 60.0  # a child that lived this long starts its back-off anew


@dataclass(frozen=True)
class Program:
    """One process: its command, and how long it may take to end after TERM (None: no limit).

    Programs of one stage start and stop together; a higher stage starts later and stops earlier.
    """

    name: str
    stage: int
    command: tuple[str, ...]
    grace: float | None = 10.0
    environment: Mapping[str, str] = field(default_factory=dict)
    tells_ready: bool = False  # it writes to TACTFUL_READY_FD once it takes work


def _python(*words: str) -> tuple[str, ...]:
    return (sys.executable, *words)


def _worker(queue: str, concurrency: int) -> tuple[str, ...]:
    names = ("-n", f"{queue}@%h", "-Q", queue, "--concurrency", str(concurrency))
    quiet = ("--without-gossip", "--without-mingle", "--without-heartbeat", "-l", "WARNING")
    return _python(*CELERY, "worker", "-P", "prefork", *names, *quiet)


def programs(*, host: str, port: int, threads: int, workers: int) -> list[Program]:
    """Web and relay first, so that a visitor waits for nothing else; then whoever works."""
    web: tuple[str, ...] = (
        "--interface",
        "wsgi",
        "--host",
        host,
        "--port",
        str(port),
        "--workers",
        "1",
    )
    web += ("--blocking-threads", str(threads), "--no-ws", "--http", "1", "--log-level", "error")
    web += ("--workers-kill-timeout", "8")
    beat: tuple[str, ...] = (*CELERY, "beat", "-S", "celery.beat:Scheduler")
    return [
        Program("relay", 1, _python("manage.py", "relay")),
        # Until its table is ready, checks are answered from PostgreSQL.
        Program("applier", 1, _python("manage.py", "applier")),
        Program("web", 1, _python("-m", "granian", *web, "config.wsgi:application")),
        Program("stream", 2, _python("-m", "consent.stream")),
        Program("desk", 2, _worker("desk", 1), 60.0, QUIET, tells_ready=True),
        # A running audit finishes: its own time limit ends it, not the stop.
        Program("audits", 2, _worker("audits", workers), None, QUIET, tells_ready=True),
        Program("audits_heavy", 2, _worker("audits_heavy", 1), None, QUIET, tells_ready=True),
        Program("beat", 3, _python(*beat, "-l", "WARNING")),
    ]


def storefront() -> Program:
    return Program("storefront", 4, _python("-m", "config.demo.storefront"), grace=5.0)


class Child:
    """One running program, restarted with back-off when it ends by itself.

    Its temporary files live in a folder of its own, so that they go with it, kill -9 included.
    """

    def __init__(self, program: Program, guard: Guard) -> None:
        self.program = program
        self._guard = guard
        self._process: subprocess.Popen[bytes] | None = None
        self._backoff = BACKOFF_FIRST
        self._started_at = 0.0
        self._start_again_at = 0.0
        self._ready: int | None = None  # the end of a pipe, until the word came
        self._scratch: Path | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def start(self) -> None:
        if self._scratch is None:
            self._scratch = Path(tempfile.mkdtemp(prefix=f"tactful-{self.program.name}-"))
            self._guard.remove_folder(self._scratch)
        self._scratch.mkdir(mode=0o700, exist_ok=True)
        environment = {**os.environ, **self.program.environment, "TMPDIR": str(self._scratch)}
        hears: list[int] = []
        if self.program.tells_ready:
            self._stop_listening()
            self._ready, tells = os.pipe()
            os.set_blocking(self._ready, False)
            environment["TACTFUL_READY_FD"] = str(tells)
            hears.append(tells)
        self._process = subprocess.Popen(
            self.program.command,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            env=environment,
            pass_fds=hears,
        )
        for descriptor in hears:
            os.close(descriptor)
        self._started_at = time.monotonic()
        self._guard.watch(self._process.pid)

    def is_ready(self) -> bool:
        """Whether it takes work, as far as it is one that tells."""
        if self._process is None:
            return False
        if self._ready is not None:
            with contextlib.suppress(BlockingIOError):
                if os.read(self._ready, 1):
                    self._stop_listening()
        return self._ready is None

    def _stop_listening(self) -> None:
        if self._ready is not None:
            os.close(self._ready)
            self._ready = None

    def tend(self) -> str | None:
        """Notice a death and start again when its time has come; says what there is to tell."""
        now = time.monotonic()
        if self._process is None:
            if now >= self._start_again_at:
                self.start()
            return None
        code = self._process.poll()
        if code is None:
            return None
        if now - self._started_at > STEADY_SECONDS:
            self._backoff = BACKOFF_FIRST
        wait = self._backoff
        self._backoff = min(self._backoff * 2, BACKOFF_MOST)
        self._start_again_at = now + wait
        self._clear_group()
        how = f"by signal {-code}" if code < 0 else f"with code {code}"
        return f"{self.program.name} ended {how}; it starts again in {wait:g} s."

    def ask_to_stop(self) -> None:
        """TERM to the leader alone: its own children finish what they are at."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)

    def has_stopped(self) -> bool:
        if self._process is None:
            return True
        if self._process.poll() is None:
            return False
        self._clear_group()
        return True

    def kill(self) -> None:
        if self._process is not None:
            self._clear_group()

    def _clear_group(self) -> None:
        """Nothing of a dead leader's session stays behind, holding a port or a message."""
        assert self._process is not None
        pid = self._process.pid
        if group_lives(pid):
            os.killpg(pid, signal.SIGKILL)
        self._process.wait()
        if self._scratch is not None:
            shutil.rmtree(self._scratch, ignore_errors=True)
        self._guard.forget(pid)
        self._process = None
