"""Requests to an operator's own server: to an address that was allowed, bounded in time and size.

A name is resolved once, here, and the connection goes to that address. Which addresses are allowed
stands in `addresses`.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterable, Sequence
from typing import Any

import httpcore
import httpx

from governance.outbox.webhooks.posting import Undeliverable, resolve
from incidents.levers.addresses import check_address, is_allowed_inside

LONGEST_ANSWER = 1024 * 1024
CONNECT_SECONDS = 3.0


class Unreachable(Exception):
    """No answer that could be read; the text says why."""


class _Bounded(httpcore.NetworkStream):
    """A connection whose every read and write ends with the whole time, however it drips."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: float) -> None:
        self._stream, self._deadline = stream, deadline

    def _left(self, timeout: float | None, problem: type[Exception]) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise problem("The whole time is over.")
        return left if timeout is None else min(left, timeout)

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        left = self._left(timeout, httpcore.ConnectTimeout)
        return _Bounded(self._stream.start_tls(ssl_context, server_hostname, left), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _Pinned(httpcore.NetworkBackend):
    """Connects to the address that was checked, and to no other."""

    def __init__(self, deadline: float, *, allow_private: bool) -> None:
        self._deadline, self._allow_private = deadline, allow_private
        self._plain = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        address = resolve(host, port, allow_private=self._allow_private)[0]
        left = min(CONNECT_SECONDS, self._deadline - time.monotonic())
        if left <= 0:
            raise httpcore.ConnectTimeout("The whole time is over.")
        stream = self._plain.connect_tcp(address, port, left, local_address, socket_options)
        return _Bounded(stream, self._deadline)


class ReachingTransport(httpx.BaseTransport):
    """httpx's way out: no proxy, no redirect, a bounded answer, one connection a request."""

    def __init__(self, *, hosts: Sequence[str], seconds: float) -> None:
        self._hosts, self._seconds = hosts, seconds

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url = str(request.url)
        if refused := check_address(url, self._hosts):
            raise Unreachable(refused)
        backend = _Pinned(
            time.monotonic() + self._seconds, allow_private=is_allowed_inside(url, self._hosts)
        )
        try:
            return _ask(request, backend)
        except Undeliverable as problem:
            raise Unreachable(str(problem)) from problem
        except (httpcore.TimeoutException, TimeoutError) as problem:
            raise Unreachable(f"It did not answer within {self._seconds:g} seconds.") from problem
        except (httpcore.NetworkError, httpcore.ProtocolError, OSError) as problem:
            raise Unreachable(f"It could not be reached: {type(problem).__name__}.") from problem


def _ask(request: httpx.Request, backend: httpcore.NetworkBackend) -> httpx.Response:
    asked = httpcore.URL(
        scheme=request.url.raw_scheme,
        host=request.url.raw_host,
        port=request.url.port,
        target=request.url.raw_path,
    )
    headers = [
        (name, value) for name, value in request.headers.raw if name.lower() != b"connection"
    ]
    with (
        httpcore.ConnectionPool(
            network_backend=backend, ssl_context=ssl.create_default_context()
        ) as pool,
        pool.stream(
            request.method,
            asked,
            headers=[*headers, (b"Connection", b"close")],
            content=request.read(),
        ) as answer,
    ):
        content = b""
        for part in answer.iter_stream():
            content += part
            if len(content) > LONGEST_ANSWER:
                raise Unreachable("Its answer is longer than a megabyte.")
        # The stream was decoded of nothing: a compressed answer was not asked for.
        return httpx.Response(answer.status, headers=answer.headers, content=content)
