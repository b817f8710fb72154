"""A listener of the stream, as a browser's EventSource reads it: many on one event loop."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass
class Heard:
    """What one listener heard: the moments of its refetches, and its end."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    told_at: list[float] = field(default_factory=list)
    ended_at: float | None = None
    open: asyncio.Event = field(default_factory=asyncio.Event)
    identified: asyncio.Event = field(default_factory=asyncio.Event)
    told: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def last_id(self) -> str:
        return [line for line in self.lines if line.startswith("id: ")][-1][4:]


async def listen(url: str, heard: Heard, **headers: str) -> None:
    """Read a stream to its end."""
    address = urlsplit(url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    sent = {"Host": address.netloc, "Accept": "text/event-stream", **headers}
    told = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in sent.items())
    writer.write(f"GET {address.path} HTTP/1.1\r\n{told}\r\n".encode())
    try:
        heard.status = int((await reader.readline()).split()[1])
        while line := (await reader.readline()).decode().strip():
            name, _, value = line.partition(":")
            heard.headers[name.lower()] = value.strip()
        heard.open.set()
        while line_read := await reader.readline():
            line = line_read.decode().strip()
            heard.lines.append(line)
            if line.startswith("id: "):
                heard.identified.set()
            if line == 'data: {"type":"refetchEvaluation"}':
                heard.told_at.append(time.monotonic())
                heard.told.set()
            if line == "0":  # the last chunk
                break
    except (ConnectionError, asyncio.IncompleteReadError):
        pass
    finally:
        heard.ended_at = time.monotonic()
        heard.ended.set()
        heard.open.set()
        writer.close()
