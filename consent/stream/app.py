"""The stream as an ASGI application: opens an address, tells "ask again", and ends in order.

It answers nothing about anybody and writes no access log: the address is a secret.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from consent.stream.capability import PATH, Capability, CapabilityRefused, unseal
from consent.stream.hub import Hub, Listener

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

HEARTBEAT_SECONDS = 15.0
#: A stream ends after this long, give or take, so that listeners spread anew over the hosts.
AGE_SECONDS = 300.0
AGE_SPREAD = 30.0
RETRY_SECONDS = 5
HEALTH = "/healthz"
REFETCH = b'data: {"type":"refetchEvaluation"}\n\n'
HEARTBEAT = b": alive\n\n"


def _header(scope: Scope, name: bytes) -> str:
    for key, value in scope["headers"]:
        if key == name:
            return bytes(value).decode("latin-1")
    return ""


async def _answer(send: Send, status: int, text: str, headers: Headers) -> None:
    body = text.encode()
    own = [(b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"no-store")]
    length = (b"content-length", str(len(body)).encode())
    start = {"type": "http.response.start", "status": status, "headers": [*own, length, *headers]}
    await send(start)
    await send({"type": "http.response.body", "body": body})


def _last_heard(scope: Scope, capability: Capability) -> float:
    """When the listener last heard from us: its Last-Event-ID, if it is one of ours.

    A false one harms nobody but its sender: what is older than the address counts as the address.
    """
    given = _header(scope, b"last-event-id")
    heard = int(given) / 1000 if given.isascii() and given.isdigit() and len(given) < 15 else 0.0
    return max(float(capability.issued_at), min(heard, time.time()))


class StreamApp:
    """Serves `GET /ofrep/v1/stream/<address>` and a health answer; nothing else."""

    def __init__(self, key: bytes, hub: Hub) -> None:
        self._key = key
        self._hub = hub

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        path, method = scope["path"], scope["method"]
        if path == HEALTH:
            await _answer(send, 200, f"{len(self._hub)} listeners\n", [])
        elif not path.startswith(PATH):
            await _answer(send, 404, "There is no such door.\n", [])
        elif method != "GET":
            await _answer(send, 405, "Use GET.\n", [(b"allow", b"GET")])
        else:
            await self._open(path.removeprefix(PATH), scope, receive, send)

    async def _open(self, address: str, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            capability = unseal(self._key, address, now=time.time())
        except CapabilityRefused as refusal:
            await _answer(send, 401, f"{refusal}\n", [])
            return
        cors = [(b"vary", b"Origin")]
        if capability.origin:
            cors.append((b"access-control-allow-origin", capability.origin.encode()))
            if _header(scope, b"origin") not in ("", capability.origin):
                await _answer(send, 403, "This address is bound to another origin.\n", cors)
                return
        if not self._hub.takes(address):
            wait = str(RETRY_SECONDS + random.randrange(RETRY_SECONDS)).encode()  # noqa: S311  (no secret)
            await _answer(
                send, 503, "No more listeners now; come back.\n", [*cors, (b"retry-after", wait)]
            )
            return
        listener = self._hub.join(capability.lookup, address, since=_last_heard(scope, capability))
        try:
            await self._serve(listener, capability, cors, receive, send)
        finally:
            self._hub.leave(listener)

    async def _serve(
        self,
        listener: Listener,
        capability: Capability,
        cors: Headers,
        receive: Receive,
        send: Send,
    ) -> None:
        own = [
            (b"content-type", b"text/event-stream"),
            (b"cache-control", b"no-store"),
            (b"x-accel-buffering", b"no"),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": [*own, *cors]})
        gone = asyncio.ensure_future(_until_gone(receive, listener))
        try:
            await self._tell(listener, capability, send)
            with contextlib.suppress(OSError, RuntimeError):  # it may be gone already
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            gone.cancel()

    async def _tell(self, listener: Listener, capability: Capability, send: Send) -> None:
        age = AGE_SECONDS + random.uniform(-AGE_SPREAD, AGE_SPREAD)  # noqa: S311  (no secret)
        ends_at = time.monotonic() + min(age, capability.expires_at - time.time())
        told = f"retry: {RETRY_SECONDS * 200}\n".encode() + _identified(HEARTBEAT)
        while True:
            await send({"type": "http.response.body", "body": told, "more_body": True})
            left = ends_at - time.monotonic()
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(listener.wake.wait(), max(0, min(HEARTBEAT_SECONDS, left)))
            if listener.ended or time.monotonic() >= ends_at:
                return
            told = _identified(REFETCH) if listener.refetch else HEARTBEAT
            listener.refetch = False
            listener.wake.clear()


def _identified(event: bytes) -> bytes:
    """An event with its moment as id, which a listener hands back when it comes again."""
    return f"id: {int(time.time() * 1000)}\n".encode() + event


async def _until_gone(receive: Receive, listener: Listener) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    listener.end()
