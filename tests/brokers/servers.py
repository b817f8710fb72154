"""The brokers a host may be given: each started on a free loopback port, in a folder of its own.

Ended by process id. What is sent through them stands in `test_delivery.py`.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Protocol

from django.db import connection
from kombu.connection import Connection
from kombu.exceptions import ChannelError

from config.celery_settings import transport_options
from config.up.guard import Guard, group_lives
from tests.optional_parts import find_part

START_SECONDS = 60.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def connect(url: str) -> Connection:
    return Connection(url, transport_options=transport_options(url), connect_timeout=4)


def messages_in(url: str, queue: str) -> int:
    """How many messages wait in a queue; none in a queue that the broker does not know."""
    with connect(url) as broker:
        try:
            return int(broker.default_channel.queue_declare(queue, passive=True).message_count)
        except (ChannelError, *broker.channel_errors):
            return 0


class Broker(Protocol):
    """One running broker; `url` is what BROKER_URL says to use it."""

    url: str

    def restart_empty(self) -> None:
        """Lose every message and every queue, and answer again at the same address."""

    def stop(self) -> None:
        """End it and whatever it started."""


class Own:
    """A process group that this test session started and nobody else may end."""

    def __init__(self, guard: Guard, command: list[str], folder: Path, **environment: str) -> None:
        self._guard = guard
        self.process = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=(folder / "output").open("ab"),
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        guard.watch(self.process.pid)

    def kill(self) -> None:
        if group_lives(self.process.pid):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self._guard.forget(self.process.pid)


def wait_for(url: str, server: Own, folder: Path) -> None:
    """Return when the broker takes connections; tell what it wrote when it does not."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            with connect(url) as broker:
                broker.connect()
        except OSError as problem:
            if server.process.poll() is None and time.monotonic() < deadline:
                time.sleep(0.05)
                continue
            raise AssertionError((folder / "output").read_text()[-4000:]) from problem
        else:
            return


class Pgmq:
    """The default: queues in the application's own database, which is not ours to stop."""

    url = "pgmq://localhost"

    def restart_empty(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pgmq.purge_queue(queue_name) FROM pgmq.meta")

    def stop(self) -> None:
        """Nothing runs."""


class Redis:
    """A Redis that keeps nothing on disk."""

    def __init__(self, folder: Path, guard: Guard) -> None:
        self._folder, self._guard = folder, guard
        self._port = free_port()
        self.url = f"redis://127.0.0.1:{self._port}/0"
        self._server = self._start()

    def _start(self) -> Own:
        program = find_part("redis")
        assert program is not None
        where = ["--bind", "127.0.0.1", "--port", str(self._port), "--dir", str(self._folder)]
        nothing_kept = ["--save", "", "--appendonly", "no"]
        server = Own(self._guard, [program, *where, *nothing_kept], self._folder)
        wait_for(self.url, server, self._folder)
        return server

    def restart_empty(self) -> None:
        self.stop()
        self._server = self._start()

    def stop(self) -> None:
        self._server.kill()


class Rabbitmq:
    """A RabbitMQ node with its own name service, cookie and folders, for whichever user runs it."""

    def __init__(self, folder: Path, guard: Guard) -> None:
        self._folder, self._guard = folder, guard
        self._port, names, distribution = free_port(), free_port(), free_port()
        self.url = f"amqp://guest:guest@127.0.0.1:{self._port}//"
        (folder / "home").mkdir()
        (folder / "plugins").write_text("[].\n")
        (folder / "rabbitmq.conf").write_text(
            f"listeners.tcp.1 = 127.0.0.1:{self._port}\ndisk_free_limit.absolute = 50MB\n"
        )
        local = "-kernel inet_dist_use_interface {127,0,0,1}"
        self._environment = {
            "HOME": str(folder / "home"),  # of the Erlang cookie
            "ERL_EPMD_PORT": str(names),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": "tactful@localhost",
            "RABBITMQ_DIST_PORT": str(distribution),
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
            "RABBITMQ_CONF_ENV_FILE": str(folder / "none"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
            "RABBITMQ_MNESIA_BASE": str(folder / "messages"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": f"+S 1:1 +sbwt none {local}",
        }
        # Erlang would start this one as a daemon that outlives the node.
        epmd = shutil.which("epmd")
        assert epmd is not None
        self._names = Own(guard, [epmd], folder, **self._environment)
        self._server = self._start()

    def _start(self) -> Own:
        # The one on PATH changes to another user, which the folder here does not belong to.
        program = shutil.which("/usr/lib/rabbitmq/bin/rabbitmq-server") or find_part("rabbitmq")
        assert program is not None
        server = Own(self._guard, [program], self._folder, **self._environment)
        wait_for(self.url, server, self._folder)
        return server

    def restart_empty(self) -> None:
        self._server.kill()
        shutil.rmtree(self._folder / "messages")
        self._server = self._start()

    def stop(self) -> None:
        self._server.kill()
        self._names.kill()
