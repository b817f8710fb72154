"""The stage of the stream's tests: the stream and the web server as processes of their own."""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from config.env import ROOT
from consent.stream.capability import StreamDoor
from tests.consent.conftest import make_carousel, make_key
from tests.ground_database import EmbeddedPostgres


def two_free_ports() -> int:
    """A port whose next one is free too."""
    for _ in range(50):
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = int(first.getsockname()[1])
            try:
                second.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port
    raise AssertionError("no two free ports beside each other")


@dataclass
class Served:
    """A running stream, and the web server that names its addresses."""

    port: int
    stream: subprocess.Popen[bytes]
    log: Path
    key: str

    def post(self, path: str, body: Any, **headers: str) -> tuple[int, Any]:
        """Ask the web server once."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        own = {"Content-Type": "application/json", "Authorization": f"Bearer {self.key}"}
        try:
            connection.request("POST", path, json.dumps(body), {**own, **headers})
            answer = connection.getresponse()
            told = answer.read()
            return answer.status, json.loads(told) if told else None
        finally:
            connection.close()

    def address(self, subject: str, **headers: str) -> str:
        """A new address for one person's stream, as the bulk evaluation hands it out."""
        context = {"targetingKey": subject} if subject else {}
        status, told = self.post("/ofrep/v1/evaluate/flags", {"context": context}, **headers)
        assert status == 200, told
        return str(told["eventStreams"][0]["url"])

    def fresh_address(self, subject: str) -> str:
        """An address made so late that nothing the stage did counts as missed by its listener."""
        door = StreamDoor(
            settings.KEYS.stream_key,
            settings.KEYS.subject_pepper,
            f"http://127.0.0.1:{self.port + 1}",
        )
        return door.address(None, subject, now=time.time() + 60)


def _wait_for(port: int, path: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", path, headers={"Host": "localhost"})
            if connection.getresponse().status == 200:
                return
        except OSError:
            threading.Event().wait(0.05)
        finally:
            connection.close()
    raise AssertionError(log.read_text())


@pytest.fixture
def served(
    transactional_db: None,
    embedded_postgres: EmbeddedPostgres,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> Iterator[Served]:
    """Both processes on free ports; `request.param` changes their environment."""
    make_carousel()
    port = two_free_ports()
    database = str(connection.settings_dict["NAME"])
    environment = {
        **embedded_postgres.env_of(database),
        "DATABASE_URL": embedded_postgres.url_of(database),
        "PORT": str(port),
        **getattr(request, "param", {}),
    }
    environment.pop("TACTFUL_AS_OWNER", None)
    log = tmp_path / "log"
    web = ["-m", "granian", "--interface", "wsgi", "--port", str(port), "--blocking-threads", "4"]
    commands = [
        ["-m", "consent.stream"],
        [*web, "--no-ws", "--log-level", "error", "config.wsgi:application"],
    ]
    with log.open("wb") as out:
        running = [
            subprocess.Popen(
                [sys.executable, *command], cwd=ROOT, env=environment, stdout=out, stderr=out
            )
            for command in commands
        ]
        try:
            _wait_for(port + 1, "/healthz", running[0], log)
            _wait_for(port, "/.well-known/gpc.json", running[1], log)
            yield Served(port, running[0], log, make_key("consent:check"))
        finally:
            for process in running:
                if process.poll() is None:
                    process.terminate()
            for process in running:
                process.wait(timeout=20)
