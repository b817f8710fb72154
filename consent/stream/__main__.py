"""`python -m consent.stream`: serves the stream on PORT+1 until TERM, then ends every stream."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Iterable

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.embed import Server

SPARE_CONNECTIONS = 64
LEAVE_SECONDS = 5.0


async def serve() -> None:
    """Run the server, the watcher and the hub until a signal ends them."""
    from django.conf import settings

    from consent.slowpath.database import parameters_from_settings
    from consent.stream.app import StreamApp
    from consent.stream.hub import Hub
    from consent.stream.watching import Watcher

    loop = asyncio.get_running_loop()
    hub = Hub(settings.STREAM_LISTENERS)
    server = Server(
        StreamApp(settings.KEYS.stream_key, hub),
        address=settings.HOST,
        port=settings.PORT + 1,
        interface=Interfaces.ASGINL,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=10_000),
        websockets=False,
        backlog=1024,
        # A listener is a request that stays: it must not use up what may run at once.
        backpressure=settings.STREAM_LISTENERS + SPARE_CONNECTIONS,
        log_level=LogLevels.error,
        log_access=False,
    )

    def tell(lookups: Iterable[int], everyone: bool) -> None:
        loop.call_soon_threadsafe(lambda: hub.tell(lookups, everyone=everyone))

    async def leave() -> None:
        hub.close()
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(hub.emptied.wait(), LEAVE_SECONDS)
        server.stop()  # type: ignore[no-untyped-call]

    leaving: list[asyncio.Task[None]] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, lambda: leaving.append(loop.create_task(leave())))
    watcher = Watcher(parameters_from_settings, tell)
    watcher.start()
    try:
        await server.serve()
    finally:
        watcher.stop()


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    asyncio.run(serve())
