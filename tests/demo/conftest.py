"""The demo house: `up --demo` in a process of its own, with a data folder and ports of its own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from openfeature import api
from openfeature.client import OpenFeatureClient
from openfeature.contrib.provider.ofrep import OFREPProvider

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 240


@dataclass
class House:
    """A running demo: its address, its sign-ins, its keys, and a stock client."""

    url: str
    storefront: str
    data_dir: Path
    demo: dict[str, Any]
    first_no: float | None = None  # when the stock client first heard no, and why
    first_reason: str = ""

    def client(self, domain: str = "demo") -> OpenFeatureClient:
        key = self.demo["api_keys"]["server"]
        provider = OFREPProvider(self.url, headers_factory=lambda: {"X-API-Key": key})
        api.set_provider(provider, domain)
        return api.get_client(domain)

    def get(self, path: str, **params: str) -> Any:
        key = self.demo["api_keys"]["readonly"]
        reply = httpx.get(f"{self.url}{path}", params=params, headers={"X-API-Key": key})
        reply.raise_for_status()
        return reply.json()


def free_ports() -> int:
    """A port P with P+1 and P+2 free as well (web, stream, storefront)."""
    for candidate in range(20_000 + os.getpid() % 20_000, 60_000, 7):
        probes = [socket.socket() for _ in range(3)]
        try:
            for offset, probe in enumerate(probes):
                probe.bind(("127.0.0.1", candidate + offset))
            return candidate
        except OSError:
            continue
        finally:
            for probe in probes:
                probe.close()
    raise RuntimeError("no three free ports in a row")


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Start the demo, wait until it is served, and stop it in order at the end."""
    data_dir = tmp_path_factory.mktemp("house")
    port = free_ports()
    url = f"http://127.0.0.1:{port}"
    unwanted = ("DATABASE_URL", "DATABASE_OWNER_URL", "TACTFUL_AS_OWNER", "PUBLIC_URL")
    environment = {name: value for name, value in os.environ.items() if name not in unwanted}
    environment |= {"DATA_DIR": str(data_dir), "PORT": str(port), "HOST": "127.0.0.1"}
    log = (data_dir / "up.log").open("wb")
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "manage.py"), "up", "--demo"],
        env=environment,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        yield _wait(process, url, data_dir)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        log.close()


def _wait(process: subprocess.Popen[bytes], url: str, data_dir: Path) -> House:
    """Ask the stock client's question from the first moment on, until it hears no."""
    deadline = time.monotonic() + START_SECONDS
    house = None
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError((data_dir / "up.log").read_text())
        if house is None and (data_dir / "demo.json").exists():
            demo = json.loads((data_dir / "demo.json").read_text())
            house = House(url, demo["storefront_url"], data_dir, demo)
            client = house.client("watch")
        if house is not None:
            details = client.get_boolean_details("system.fashion-carousel", True)
            if details.error_code is None and not details.value:
                house.first_no, house.first_reason = time.time(), str(details.reason)
                return house
        time.sleep(0.05)
    raise RuntimeError("The hold was not seen in time:\n" + (data_dir / "up.log").read_text())
