"""One real server with many doors, each an endpoint of its own."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Street:
    """One server with many doors; what is done at each is said by `at`, given path and id."""

    port: int
    got: list[tuple[str, str]] = field(default_factory=list)
    most_at_once: dict[str, int] = field(default_factory=dict)
    at: Callable[[str, str], int] = lambda path, message_id: 200

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.port}/{name}"


@contextmanager
def street() -> Iterator[Street]:
    here: dict[str, int] = {}
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            name, message_id = self.path.strip("/"), self.headers["webhook-id"]
            with lock:
                doors.got.append((name, message_id))
                here[name] = here.get(name, 0) + 1
                doors.most_at_once[name] = max(doors.most_at_once.get(name, 0), here[name])
            status = doors.at(name, message_id)
            with lock:
                here[name] -= 1
            with contextlib.suppress(OSError):  # the caller may be dead by now
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (its signature)
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        request_queue_size = 128

    server = Server(("127.0.0.1", 0), Handler)
    doors = Street(server.server_port)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield doors
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
