"""Servers under measurement: each pinned to one core, asked from the others, CPU from /proc.

The client is wrk (Debian's package) where it is installed; else plain Python asks one question at a
time, which makes the server wake for each: that is dearer for it, and said in the result.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.measuring import ROOT, children_of, cpu_of_processes

WRK, NGINX = shutil.which("wrk"), shutil.which("nginx")
CONNECTIONS = 16
PATIENCE_S = 60
CORES = sorted(os.sched_getaffinity(0))
SERVER_CORE, CLIENT_CORES = {CORES[0]}, set(CORES[1:]) or set(CORES)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def granian(port: int, target: str, *, threads: int = 8) -> list[str]:
    """The web server as `up` starts it."""
    words = [sys.executable, "-m", "granian", "--interface", "wsgi", "--port", str(port)]
    words += ["--workers", "1", "--blocking-threads", str(threads), "--no-ws", "--http", "1"]
    return [*words, "--log-level", "error", "--workers-kill-timeout", "5", target]


@contextlib.contextmanager
def process(
    words: Sequence[str], *, env: Mapping[str, str] | None = None, cores: set[int] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program until left, on these cores."""
    started = subprocess.Popen(
        words,
        cwd=ROOT,
        env={**os.environ, **(env or {})},
    )
    try:
        if cores:  # what it starts itself inherits them
            os.sched_setaffinity(started.pid, cores)
        yield started
    finally:
        started.terminate()
        started.wait(timeout=30)


@contextlib.contextmanager
def served_by_granian(
    target: str, *, env: Mapping[str, str] | None = None
) -> Iterator[tuple[int, int]]:
    """Serve an application on the server's core; yields its port and process."""
    port = free_port()
    with process(granian(port, target), env=env, cores=SERVER_CORE) as started:
        _wait(port, started)
        yield port, started.pid


_NGINX_CONFIG = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log /dev/null;
events {{ worker_connections 256; }}
http {{
    access_log off; client_body_temp_path {folder}; proxy_temp_path {folder};
    fastcgi_temp_path {folder}; uwsgi_temp_path {folder}; scgi_temp_path {folder};
    keepalive_requests 100000000;
    server {{
        listen 127.0.0.1:{port};
        location / {{ default_type application/json; return 200 '{body}'; }}
    }}
}}
"""


@contextlib.contextmanager
def served_by_nginx(body: str) -> Iterator[tuple[int, int]]:
    """Serve a fixed text by nginx, the cheapest reply that HTTP allows here."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="tactful-nginx-") as folder:
        Path(folder).chmod(0o755)
        config = Path(folder) / "nginx.conf"
        config.write_text(_NGINX_CONFIG.format(folder=folder, port=port, body=body))
        words = [str(NGINX), "-c", str(config), "-e", "/dev/null"]
        with process(words, cores=SERVER_CORE) as started:
            _wait(port, started)
            yield port, started.pid


def _wait(port: int, started: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline and started.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    raise SystemExit("A server under measurement did not start.")


@dataclass
class Asked:
    """Questions put to one server: a path, headers, and bodies drawn at random."""

    name: str
    port: int
    pid: int
    path: str
    bodies: Sequence[str]
    headers: Mapping[str, str] = field(default_factory=dict)

    def once(self, body: str) -> bytes:
        """Ask once; anything but 200 ends the benchmark."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {"Content-Type": "application/json", **self.headers}
        connection.request("POST", self.path, body, headers)
        answer = connection.getresponse()
        told = answer.read()
        connection.close()
        if answer.status != 200:
            raise SystemExit(f"{self.name} answered {answer.status}: {told.decode()}")
        return told

    def cpu_a_request(self, seconds: float, also: Sequence[int] = ()) -> tuple[float, float]:
        """Ask for some time; CPU seconds a request of the server, and of other processes."""
        before = cpu_of_processes(children_of(self.pid)), cpu_of_processes(also)
        deadline = time.monotonic() + seconds
        answered = (
            self._wrk(seconds) if WRK else self._python(lambda _: time.monotonic() < deadline)
        )
        after = cpu_of_processes(children_of(self.pid)), cpu_of_processes(also)
        return (after[0] - before[0]) / answered, (after[1] - before[1]) / answered

    def cpu_of_some(self, times: int) -> float:
        """Ask so many times, one after another; CPU seconds a request of the server."""
        before = cpu_of_processes(children_of(self.pid))
        self._python(lambda answered: answered < times)
        return (cpu_of_processes(children_of(self.pid)) - before) / times

    def _wrk(self, seconds: float) -> int:
        headers = {"Content-Type": "application/json", **self.headers}
        lines = [f"wrk.headers[{json.dumps(k)}] = {json.dumps(v)}" for k, v in headers.items()]
        bodies = ",\n".join(f"wrk.format('POST', nil, nil, {_lua(each)})" for each in self.bodies)
        script = "\n".join(
            [
                *lines,
                "local requests",
                f"function init() requests = {{ {bodies} }} end",
                "function request() return requests[math.random(#requests)] end",
            ]
        )
        with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
            file.write(script)
            file.flush()
            url = f"http://127.0.0.1:{self.port}{self.path}"
            words = [str(WRK), "-t1", f"-c{CONNECTIONS}", f"-d{max(1, round(seconds))}s"]
            asking = subprocess.Popen(
                [*words, "-s", file.name, url], stdout=subprocess.PIPE, text=True
            )
            os.sched_setaffinity(asking.pid, CLIENT_CORES)
            said, _ = asking.communicate()
        if refused := re.search(r"Non-2xx or 3xx responses: (\d+)", said):
            raise SystemExit(f"{self.name} refused {refused[1]} questions.")
        found = re.search(r"(\d+) requests in", said)
        if found is None or int(found[1]) == 0:
            raise SystemExit(f"{self.name} answered nothing: {said}")
        return int(found[1])

    def _python(self, goes_on: Callable[[int], bool]) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {"Content-Type": "application/json", **self.headers}
        answered = 0
        while goes_on(answered):
            body = self.bodies[answered % len(self.bodies)]
            connection.request("POST", self.path, body, headers)
            connection.getresponse().read()
            answered += 1
        connection.close()
        return answered


def _lua(text: str) -> str:
    if "]=]" in text:
        raise ValueError("This text cannot stand in a Lua long string.")
    return f"[=[{text}]=]"


def what_is_absent() -> tuple[str, ...]:
    """What this machine lacks for the comparison, as sentences."""
    said = []
    if not WRK:
        said.append("wrk is not installed: one connection asked, and the server woke each time.")
    if not NGINX:
        said.append("nginx is not installed: no static reply beside it.")
    if len(CORES) < 2:
        said.append("There is one core: server and client shared it.")
    return tuple(said)
