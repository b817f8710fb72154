"""The wires of a test: a real listener that counts, a resolver that answers as told, and a watch.

Connections that would leave the machine are refused here and written down.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest


@dataclass
class Wires:
    """`tried` holds every address a connection was tried to; `answers` those of names, in turn."""

    tried: list[str] = field(default_factory=list)
    answers: dict[str, list[list[str]]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)


def _is_here(address: str) -> bool:
    return address in ("::", "::1", "0.0.0.0") or address.removeprefix("::ffff:").startswith("127.")


@pytest.fixture
def wires(monkeypatch: pytest.MonkeyPatch) -> Wires:
    """Watch what is connected to and answer for names; numbers are resolved as ever."""
    watch = Wires()
    connect, resolve = socket.socket.connect, socket.getaddrinfo

    def watched(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            watch.tried.append(address[0])
            if not _is_here(address[0]):
                raise ConnectionRefusedError(f"{address[0]} is not part of this test.")
        connect(self, address)

    def answered(host: Any, port: Any, *rest: Any, **more: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name not in watch.answers:
            return resolve(host, port, *rest, **more)
        watch.asked.append(name)
        left = watch.answers[name]
        found = left.pop(0) if len(left) > 1 else left[0]
        return [each for one in found for each in resolve(one, port, *rest, **more)]

    monkeypatch.setattr(socket.socket, "connect", watched)
    monkeypatch.setattr(socket, "getaddrinfo", answered)
    return watch


class Listener:
    """A socket of this machine, by every name it has, that counts who comes and hangs up."""

    def __init__(self) -> None:
        self._server = socket.create_server(
            ("::", 0) if socket.has_dualstack_ipv6() else ("0.0.0.0", 0),
            family=socket.AF_INET6 if socket.has_dualstack_ipv6() else socket.AF_INET,
            dualstack_ipv6=socket.has_dualstack_ipv6(),
            backlog=64,
        )
        self.port: int = self._server.getsockname()[1]
        self._came = 0
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._server.accept()
                self._came += 1
                connection.close()

    def came(self) -> int:
        """How many came since the last look; whoever came before is counted first."""
        with socket.socket() as last:
            last.settimeout(10)
            last.connect(("127.0.0.1", self.port))
            with contextlib.suppress(ConnectionError):
                last.recv(1)
        came, self._came = self._came - 1, 0
        return came

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._thread.join(5)


@contextmanager
def listening() -> Iterator[Listener]:
    listener = Listener()
    try:
        yield listener
    finally:
        listener.close()
