"""`manage.py up`: PostgreSQL and every process of one host, in the foreground.

Starts in order, restarts what dies, stops in order on TERM or Ctrl-C; a guard process ends
everything when this process is killed. Knows no Django: the settings table is all it reads.
"""

from __future__ import annotations

import argparse
import http.client
import ipaddress
import json
import os
import signal
import socket
import subprocess
import sys
import time
import traceback
from pathlib import Path
from typing import TextIO

from django.core.exceptions import ImproperlyConfigured

from config import env
from config.env import ROOT
from config.up.children import Child, Program, programs, storefront
from config.up.guard import Guard
from config.up.layout import Layout
from config.up.postgres import CannotRun, Server
from config.up.session import hold_folder, prepare_database

WEB_READY_SECONDS = 90.0
WORKERS_READY_SECONDS = 60.0
TICK = 0.2
PATIENCE = 8.0  # seconds of silence before a stop says what it waits for


def say(sentence: str, stream: TextIO | None = None) -> None:
    """Tell whoever listens; that nobody reads any more is no reason to end."""
    out = stream or sys.stdout
    try:
        print(sentence, file=out, flush=True)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), out.fileno())


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_audience(host: str, demo: bool) -> None:
    """Refuse a demo that others could reach."""
    if demo and not is_loopback(host):
        raise CannotRun(
            f"The demo signs anybody in, so it only listens on this machine: HOST={host} is"
            " refused; leave HOST out or start without --demo."
        )


def check_port(host: str, port: int) -> None:
    """Refuse a port that somebody holds."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as problem:
            raise CannotRun(
                f"Port {port} of {host} cannot be used ({problem.strerror}):"
                " stop what holds it, or set PORT."
            ) from None


class Supervisor:
    """One run of `up`."""

    def __init__(self, demo: bool) -> None:
        self.demo = demo
        self.host: str = env.read("HOST")
        self.port: int = env.read("PORT")
        self.data_dir: Path = env.read("DATA_DIR")
        self.layout = Layout(self.data_dir)
        self.stop_requests = 0
        self.stopped_by = signal.SIGTERM
        self.ready = False
        self.children: list[Child] = []
        self.server: Server | None = None
        self.guard: Guard | None = None

    def run(self) -> int:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            if signal.getsignal(number) != signal.SIG_IGN:  # nohup ignores SIGHUP on purpose
                signal.signal(number, self._note_stop)
        check_audience(self.host, self.demo)
        lock = hold_folder(self.layout)
        check_port(self.host, self.port)
        check_port(self.host, self.port + 1)  # the stream's
        self.guard = Guard(lock)
        try:
            self._start()
            while not self.stop_requests:
                self._tend()
                time.sleep(TICK)
        finally:
            self._stop()
            self.guard.close()
            lock.close()
        return self._take_leave()

    def _note_stop(self, number: int, _frame: object) -> None:
        if not self.stop_requests:
            self.stopped_by = signal.Signals(number)
        self.stop_requests += 1

    def _take_leave(self) -> int:
        """Say who ended it: asked to after it served is no failure, before that it is one."""
        if self.ready:
            say(f"Tactful has stopped: {self.stopped_by.name} asked it to.")
            return 0
        say(f"Tactful was stopped by {self.stopped_by.name} before it was ready.", sys.stderr)
        return 128 + self.stopped_by

    def _start(self) -> None:
        assert self.guard is not None
        if not env.read("DATABASE_URL"):
            self.server = Server(self.layout, self.guard)
            self.server.start()
            say("PostgreSQL answers.")
        if self.stop_requests:
            return
        (self.data_dir / "static").mkdir(parents=True, exist_ok=True)
        prepare_database(self.guard)
        say("The database is at this release.")
        wanted = programs(
            host=self.host,
            port=self.port,
            threads=env.read("TACTFUL_WEB_THREADS"),
            workers=env.read("TACTFUL_WORKERS"),
        )
        self._start_children([program for program in wanted if program.stage == 1])
        load = self._begin_demo() if self.demo else None
        self._wait_for_web()
        self._start_children([program for program in wanted if program.stage > 1])
        if load is not None:
            self._finish_demo(load)
            self._start_children([storefront()])
        self._wait_for_workers()
        if not self.stop_requests:
            self._announce()

    def _start_children(self, wanted: list[Program]) -> None:
        assert self.guard is not None
        if self.stop_requests:
            return
        for program in wanted:
            child = Child(program, self.guard)
            self.children.append(child)
            child.start()

    def _begin_demo(self) -> subprocess.Popen[bytes]:
        """Loads beside the starting processes, so that a newcomer waits once."""
        assert self.guard is not None
        command = [sys.executable, str(ROOT / "manage.py"), "load_demo"]
        load = subprocess.Popen(command, start_new_session=True)
        self.guard.watch(load.pid)
        return load

    def _finish_demo(self, load: subprocess.Popen[bytes]) -> None:
        assert self.guard is not None
        while load.poll() is None:
            self._tend()
            if self.stop_requests:
                load.terminate()
            time.sleep(TICK)
        self.guard.forget(load.pid)
        if load.returncode and not self.stop_requests:
            raise CannotRun("The demo could not be loaded; the reason stands above.")

    def _wait_for_web(self) -> None:
        deadline = time.monotonic() + WEB_READY_SECONDS
        while not self.stop_requests and not self._web_answers():
            self._tend()
            if time.monotonic() > deadline:
                raise CannotRun("The web server does not answer; its messages stand above.")
            time.sleep(TICK)

    def _wait_for_workers(self) -> None:
        """Web and holds work without them, so a broker that is away is told of and waited for."""
        warned_at = time.monotonic() + WORKERS_READY_SECONDS
        while not self.stop_requests:
            self._tend()
            late = [child.program.name for child in self.children if not child.is_ready()]
            if not late:
                return
            if time.monotonic() > warned_at:
                say(f"Pages are served; not ready to work yet: {', '.join(late)}.")
                warned_at = float("inf")
            time.sleep(TICK)

    def _web_answers(self) -> bool:
        everywhere = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  (asked, never bound)
        host = everywhere.get(self.host, self.host)
        connection = http.client.HTTPConnection(host, self.port, timeout=5)
        try:
            connection.request("GET", "/healthz", headers={"Host": "localhost"})
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def _announce(self) -> None:
        self.ready = True
        url = env.read("PUBLIC_URL") or f"http://{self.host}:{self.port}"
        say(f"\nTactful is ready: {url}")
        told = self.data_dir / "demo.json"
        if self.demo and told.exists():
            users = json.loads(told.read_text("utf-8")).get("users", [])
            say("Sign in as one of:")
            for user in users:
                say(f"  {user['role']:<20} {user['email']:<32} {user['password']}")
        say("Ctrl-C stops it.")

    def _tend(self) -> None:
        if self.guard is not None and (news := self.guard.tend()):
            say(news)
        if self.server is not None:
            process = self.server.process
            if process is not None and process.poll() is not None:
                say("PostgreSQL ended by itself; it starts again.")
                self.server.start_again()
        for child in self.children:
            if news := child.tend():
                say(news)

    def _stop(self) -> None:
        """The reverse of the start; a second signal cuts short whatever still runs."""
        for stage in sorted({child.program.stage for child in self.children}, reverse=True):
            self._stop_stage([child for child in self.children if child.program.stage == stage])
        if self.server is not None:
            self.server.stop()

    def _stop_stage(self, children: list[Child]) -> None:
        for child in children:
            child.ask_to_stop()
        since, told = time.monotonic(), False
        while running := [child for child in children if not child.has_stopped()]:
            waited = time.monotonic() - since
            for child in running:
                limit = child.program.grace
                if self.stop_requests > 1 or (limit is not None and waited > limit):
                    child.kill()
            if waited > PATIENCE and not told and any(c.program.grace is None for c in running):
                say("Waiting for the running audit to finish; Ctrl-C again cuts it short.")
                told = True
            time.sleep(0.05)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="manage.py up", description="Run Tactful in the foreground: database, web, workers."
    )
    parser.add_argument("--demo", action="store_true", help="load the demo and sign anybody in")
    asked = parser.parse_args(arguments)
    try:
        if asked.demo:
            os.environ["DEMO"] = "1"
        env.check_all()
        return Supervisor(demo=env.read("DEMO")).run()
    except (CannotRun, ImproperlyConfigured) as problem:
        say(str(problem), sys.stderr)
    except Exception as problem:  # noqa: BLE001  (the last word, whatever it was)
        say(traceback.format_exc(), sys.stderr)
        say(
            f"Tactful ended by a fault of its own: {str(problem) or type(problem).__name__}",
            sys.stderr,
        )
    return 1
