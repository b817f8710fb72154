"""Clients of the decision doors on one event loop: told by the stream, or asking every so often.

`python -m benchmarks.listeners FILE`: each line of input is a wanted answer, each line of output
the moments at which every client had it. The first client is a serving target and reports.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

BULK = "/ofrep/v1/evaluate/flags"
TOLD = 'data: {"type":"refetchEvaluation"}'


@dataclass
class Client:
    """One client: what it last heard and since when."""

    system: str
    port: int
    api_key: str
    poll_seconds: float
    target: str = ""
    value: bool | None = None
    since: float = 0.0
    confirmed: float = 0.0
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def ask(self, path: str, body: dict[str, Any]) -> Any:
        """One request, as a client without a pool makes it."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        text = json.dumps(body).encode()
        head = (
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nX-API-Key: {self.api_key}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(text)}\r\n"
            "Connection: close\r\n\r\n"
        )
        writer.write(head.encode() + text)
        answer = await reader.read()
        writer.close()
        told, _, rest = answer.partition(b"\r\n\r\n")
        if b" 200 " not in told.splitlines()[0]:
            raise OSError(f"{path} answered {told.splitlines()[0].decode()}")
        return json.loads(rest)

    async def look(self) -> None:
        """Ask whether the system may personalise; a target reports what it serves from now on."""
        flag = f"{BULK}/system.{self.system}"
        value = bool((await self.ask(flag, {"context": {}}))["value"])
        moment = time.monotonic()
        if value != self.value:
            self.since = moment
            if self.target:
                await self.report_until_confirmed(value)
            self.value = value
            self.changed.set()

    async def report_until_confirmed(self, value: bool) -> None:
        """Its first word may come before the change is written down: then it says it again."""
        self.confirmed = 0.0
        for _ in range(600):
            self.confirmed = await self.report(value)
            if self.confirmed:
                return
            await asyncio.sleep(0.05)

    async def report(self, value: bool) -> float:
        version = (await self.ask(f"{BULK}/system.{self.system}.version", {"context": {}}))["value"]
        word = {"system": self.system, "version": version, "personalises": value}
        standing = await self.ask(f"/api/v1/targets/{self.target}/reports", word)
        return time.monotonic() if standing["standing"] == "confirmed" else 0.0

    async def follow(self) -> None:
        while True:
            try:
                await (self.poll() if self.poll_seconds else self.listen())
            except (OSError, asyncio.IncompleteReadError, ValueError, IndexError):
                await asyncio.sleep(random.random())

    async def poll(self) -> None:
        await asyncio.sleep(random.random() * self.poll_seconds)
        while True:
            await self.look()
            await asyncio.sleep(self.poll_seconds)

    async def listen(self) -> None:
        """Open the stream that the bulk answer names, and ask again whenever it says so."""
        place = (await self.ask(BULK, {"context": {}}))["eventStreams"][0]["url"]
        address = urlsplit(place)
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        words = f"GET {address.path} HTTP/1.1\r\nHost: {address.netloc}\r\n"
        writer.write(f"{words}Accept: text/event-stream\r\n\r\n".encode())
        try:
            await self.look()
            while line := await reader.readline():
                if line.decode().strip() == TOLD:
                    await self.look()
        finally:
            writer.close()


async def main(told: dict[str, Any]) -> None:
    count, target = told.pop("count"), told.pop("target")
    clients = [Client(**told, target=target if number == 0 else "") for number in range(count)]
    tasks = [asyncio.create_task(client.follow()) for client in clients]
    lines = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while line := await lines.readline():
        wanted = json.loads(line)
        for client in clients:
            while client.value is not wanted:
                client.changed.clear()
                await client.changed.wait()
        heard = {"since": [one.since for one in clients], "confirmed": clients[0].confirmed}
        print(json.dumps(heard), flush=True)
    for task in tasks:
        task.cancel()


if __name__ == "__main__":
    asyncio.run(main(json.loads(Path(sys.argv[1]).read_text())))
