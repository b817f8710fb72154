"""How long a webhook takes from its commit to its receiver while one receiver of fifty hangs.

Beside it the same with none that hangs, and one sender in turn. Waiting is what is measured here,
so the clock on the wall counts, alone among the benchmarks.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from benchmarks.measuring import Ratio, Result

if TYPE_CHECKING:
    from governance.outbox.webhooks.models import WebhookEndpoint

FULL, SMOKE = (50, 20, 10.0), (5, 2, 1.0)  # receivers, rounds, seconds until a caller gives up
WANTED_SECONDS = 2.0
PAUSE_SECONDS = 0.25  # between two rounds: a message to every receiver


class Receivers:
    """All receivers behind one port; `arrived` holds when each message came."""

    def __init__(self) -> None:
        self.arrived: dict[str, float] = {}
        self.hangs, self.over = "", threading.Event()


@contextmanager
def receiving() -> Iterator[tuple[Receivers, int]]:
    """Serve until the end of the block."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            receivers.arrived.setdefault(self.headers["webhook-id"], time.perf_counter())
            if self.path.strip("/") == receivers.hangs:
                receivers.over.wait()
                return
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (its signature)
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        request_queue_size = 256
        daemon_threads = True

    receivers, server = Receivers(), Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield receivers, server.server_port
    finally:
        receivers.over.set()
        server.shutdown()
        server.server_close()
        thread.join()


def in_turn(stop: threading.Event) -> None:
    """The plain way: one sender, one message after the other, oldest first."""
    from django.conf import settings
    from django.db import connection
    from django.db.models.functions import Now

    from governance.outbox.webhooks.models import MessageState, WebhookMessage
    from governance.outbox.webhooks.posting import Undeliverable, post

    waiting = WebhookMessage.objects.filter(state=MessageState.PENDING).select_related("endpoint")
    while not stop.is_set():
        message = waiting.order_by("created_at").first()
        if message is None:
            stop.wait(0.05)
            continue
        state = MessageState.DELIVERED
        try:
            told = {"webhook-id": str(message.pk)}
            post(
                message.endpoint.url,
                message.body.encode(),
                told,
                allow_private=settings.WEBHOOK_PRIVATE,
            )
        except Undeliverable:
            state = MessageState.FAILED
        WebhookMessage.objects.filter(pk=message.pk).update(state=state, done_at=Now())
    connection.close()


@contextmanager
def side_by_side() -> Iterator[None]:
    """The product's sender, as the relay runs it."""
    from governance.outbox.webhooks.sending import Sender

    sender = Sender()
    sender.start()
    try:
        yield
    finally:
        sender.stop()


@contextmanager
def one_in_turn() -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=in_turn, args=[stop], daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def register(count: int, port: int) -> list[WebhookEndpoint]:
    from governance.core.actors import SystemActor
    from governance.core.ids import uuid7
    from governance.outbox.webhooks.services import register_endpoint

    run, actor = uuid7().hex, SystemActor("benchmarks")
    return [
        register_endpoint(
            name=f"{run} {number}", url=f"http://127.0.0.1:{port}/{number}", actor=actor
        )[0]
        for number in range(count)
    ]


def waits(
    count: int, rounds: int, *, hangs: bool, by: Callable[[], AbstractContextManager[None]]
) -> list[float]:
    """Send to all receivers in rounds; return the waits of all but the first, which may hang."""
    from django.db import transaction

    from governance.outbox.webhooks.models import WebhookEndpoint, WebhookMessage
    from governance.outbox.webhooks.services import send_to

    committed: dict[str, float] = {}
    with receiving() as (receivers, port):
        endpoints = register(count, port)
        receivers.hangs = "0" if hangs else ""
        with by():
            for number in range(rounds):
                for endpoint in endpoints:
                    with transaction.atomic():
                        message = send_to(
                            endpoint=endpoint,
                            event_type="tactful.hold.placed",
                            subject=f"system/{number}",
                            data={"round": number},
                            urgent=True,
                        )
                    if endpoint is not endpoints[0]:
                        committed[str(message.pk)] = time.perf_counter()
                time.sleep(PAUSE_SECONDS)
            while not committed.keys() <= receivers.arrived.keys():
                time.sleep(0.01)
            receivers.over.set()
        found = [receivers.arrived[pk] - at for pk, at in committed.items()]
    run = WebhookEndpoint.objects.filter(pk__in=[each.pk for each in endpoints])
    WebhookMessage.objects.filter(endpoint__in=run).delete()
    run.delete()
    return sorted(max(0.0, each) for each in found)


def percentile(sorted_values: list[float], share: float) -> float:
    return sorted_values[min(len(sorted_values) - 1, int(share * len(sorted_values)))]


def measure(*, smoke: bool) -> Result:
    """Measure the three ways, one after the other, through the same code and the same database."""
    import django

    django.setup()
    from django.conf import settings

    from governance.outbox.webhooks import posting

    settings.WEBHOOK_PRIVATE = True
    count, rounds, gives_up = SMOKE if smoke else FULL
    posting.WHOLE_SECONDS = gives_up
    posting.CONNECT_SECONDS = gives_up / 2
    hung = waits(count, rounds, hangs=True, by=side_by_side)
    well = waits(count, rounds, hangs=False, by=side_by_side)
    # In turn a round takes as long as the caller's patience: two of them show what it costs.
    turn = waits(count, 2, hangs=True, by=one_in_turn)
    p99, p99_well, p99_turn = (percentile(each, 0.99) for each in (hung, well, turn))
    return Result(
        "webhooks",
        {"receivers": count, "messages": len(hung)},
        {
            "one_hangs_p50_ms": percentile(hung, 0.5) * 1e3,
            "one_hangs_p99_ms": p99 * 1e3,
            "none_hangs_p50_ms": percentile(well, 0.5) * 1e3,
            "none_hangs_p99_ms": p99_well * 1e3,
            "in_turn_p99_ms": p99_turn * 1e3,
        },
        (
            Ratio("p99 of the others / 2 s", p99 / WANTED_SECONDS, "<= 1"),
            Ratio("one hangs / none hangs (p99)", p99 / max(p99_well, 1e-3)),
            Ratio("in turn / side by side (p99)", p99_turn / max(p99, 1e-3), ">= 2"),
        ),
        ("waits on the wall from a commit to its receiver; other work on the machine counts",),
    )
