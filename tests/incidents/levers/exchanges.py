"""Servers for tests of levers: one that records a real server, one that replays, one that errs.

A recording is a list of exchanges; times in it are masked, so that recording again changes nothing.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx

RECORDED = Path(__file__).parent / "recorded"
_TIMES = re.compile(r'("\w+_timestamp": )\d+')


@dataclass(frozen=True)
class Exchange:
    """One request and its answer, as they went over the wire."""

    method: str
    path: str
    asked: Any
    status: int
    answer: Any

    def asks_like(self, method: str, path: str, asked: Any) -> bool:
        return (self.method, self.path, self.asked) == (method, path, asked)


@dataclass
class Serving:
    """A server on a free port and what it was asked."""

    port: int = 0
    exchanges: list[Exchange] = field(default_factory=list)
    strays: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def recorded(story: str) -> list[Exchange]:
    return [Exchange(**one) for one in json.loads((RECORDED / f"{story}.json").read_text())]


def write_recording(story: str, exchanges: list[Exchange]) -> None:
    text = json.dumps([asdict(one) for one in exchanges], indent=1, sort_keys=True)
    (RECORDED / f"{story}.json").write_text(_TIMES.sub(r"\g<1>0", text) + "\n")


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_DELETE(self) -> None:
        self._answer()

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        status, told = self.reply(self.command, self.path, body)
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)

    def reply(self, method: str, path: str, body: bytes) -> tuple[int, bytes]:
        raise NotImplementedError

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (its signature)
        """Say nothing."""


@contextmanager
def _served(handler: type[_Handler], serving: Serving) -> Iterator[Serving]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    serving.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield serving
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def recording(upstream: str) -> Iterator[Serving]:
    """Pass every request on to a real server and keep what both said."""
    serving = Serving()

    class Passing(_Handler):
        def reply(self, method: str, path: str, body: bytes) -> tuple[int, bytes]:
            got = httpx.request(
                method,
                upstream + path,
                content=body,
                headers={"Content-Type": "application/json"},
                timeout=60,
            )
            asked = json.loads(body) if body else None
            serving.exchanges.append(Exchange(method, path, asked, got.status_code, got.json()))
            return got.status_code, got.content

    with _served(Passing, serving):
        yield serving


@contextmanager
def replaying(story: str) -> Iterator[Serving]:
    """Answer as a real server did, in its order; a request that was not recorded is a stray."""
    serving = Serving(exchanges=recorded(story))

    class Playing(_Handler):
        def reply(self, method: str, path: str, body: bytes) -> tuple[int, bytes]:
            asked = json.loads(body) if body else None
            if serving.exchanges and serving.exchanges[0].asks_like(method, path, asked):
                one = serving.exchanges.pop(0)
                return one.status, json.dumps(one.answer).encode()
            serving.strays.append(f"{method} {path} {asked}")
            return 599, b"{}"

    with _served(Playing, serving):
        yield serving
    assert serving.strays == []
    assert serving.exchanges == [], "everything that was recorded was asked again"


@contextmanager
def erring(*replies: tuple[int, bytes] | float | str) -> Iterator[Serving]:
    """Answer in turn with a status and a body; a number hangs so long, a text redirects there.

    The last one is given for ever.
    """
    serving, left, over = Serving(), list(replies), threading.Event()

    class Erring(_Handler):
        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            asked = json.loads(body) if body else None
            reply = left.pop(0) if len(left) > 1 else left[0]
            serving.exchanges.append(Exchange(self.command, self.path, asked, 0, None))
            if isinstance(reply, float):
                self._drip(reply)
                return
            told = b"" if isinstance(reply, str) else reply[1]
            self.send_response(307 if isinstance(reply, str) else reply[0])
            if isinstance(reply, str):
                self.send_header("Location", reply)
            self.send_header("Content-Length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)

        def _drip(self, seconds: float) -> None:
            """Say a little every moment, so that no single read takes long."""
            self.wfile.write(b"HTTP/1.1 200 OK\r\n")
            end = time.monotonic() + seconds
            try:
                while time.monotonic() < end and not over.wait(0.05):
                    self.wfile.write(b"X-Still: here\r\n")
            except OSError:
                self.close_connection = True

    with _served(Erring, serving):
        try:
            yield serving
        finally:
            over.set()
