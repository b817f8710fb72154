"""Sending webhooks: many at a time, one to each endpoint, woken by the commits that write them.

One thread speaks with the database; each request has a thread of its own that does not. Where a
message may go stands in `posting`, what is taken and written in `claiming`.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import selectors
import socket
import threading
import time
from collections.abc import Callable
from uuid import UUID

from django.conf import settings
from django.db import close_old_connections, connection

from governance.core.clock import database_now
from governance.outbox.webhooks.claiming import Outcome, note_outcome, take_due
from governance.outbox.webhooks.models import Signing, WebhookMessage
from governance.outbox.webhooks.posting import WHOLE_SECONDS, Undeliverable, post
from governance.outbox.webhooks.queueing import CHANNEL, end_what_cannot_leave
from governance.outbox.webhooks.secrets import unseal
from governance.outbox.webhooks.signing import signed_headers

logger = logging.getLogger(__name__)

#: Requests under way at once; those to endpoints that failed last time take half of them at most.
AT_ONCE = 32
#: How long a sender sleeps that no commit wakes: ladders come due without one.
POLL_SECONDS = 0.5


def _headers(message: WebhookMessage) -> dict[str, str]:
    endpoint = message.endpoint
    secrets = []
    if endpoint.signing == Signing.HMAC:
        secrets.append(unseal(endpoint.secret))
        until = endpoint.previous_until
        if endpoint.previous_secret is not None and until and until > database_now():
            secrets.append(unseal(endpoint.previous_secret))
    signed = signed_headers(
        message_id=str(message.pk),
        timestamp=int(time.time()),
        body=message.body.encode(),
        secrets=secrets,
        keys=settings.KEYS.webhook_keys if endpoint.signing == Signing.ED25519 else (),
    )
    return {
        **signed,
        "Content-Type": "application/cloudevents+json; charset=utf-8",
        "User-Agent": "Tactful",
    }


def _post(url: str, body: bytes, headers: dict[str, str], allow_private: bool) -> Outcome:
    """One request and what came of it; whatever goes wrong is an outcome."""
    begun = time.monotonic()
    status, problem = None, ""
    try:
        status = post(url, body, headers, allow_private=allow_private)
    except Undeliverable as failure:
        status, problem = failure.status, str(failure)
    except Exception as failure:
        logger.exception("A webhook could not be sent.")
        problem = f"The message could not be sent: {type(failure).__name__}."
    return Outcome(status, problem, int((time.monotonic() - begun) * 1000))


class Dispatcher:
    """Requests under way: begins what is due, notes what ended. Used by one thread alone."""

    def __init__(self, at_once: int = AT_ONCE, ended: Callable[[], None] = lambda: None) -> None:
        self._at_once, self._told = at_once, ended
        self._under_way: dict[UUID, WebhookMessage] = {}
        self._ended: queue.SimpleQueue[tuple[UUID, Outcome]] = queue.SimpleQueue()
        self.not_to: set[UUID] = set()  # endpoints that are left out

    @property
    def busy(self) -> bool:
        return bool(self._under_way)

    def begin(self, most: int) -> int:
        """Begin at most so many due messages as there is room for; returns how many."""
        begun = 0
        for also_failing in (False, True):
            room = min(most - begun, self._at_once - len(self._under_way))
            if also_failing:
                failing = sum(1 for each in self._under_way.values() if each.endpoint.failures)
                room = min(room, self._at_once // 2 - failing)
            if room <= 0:
                continue
            for message in take_due(room, not_to=self.not_to, also_failing=also_failing):
                self._begin(message)
                begun += 1
        return begun

    def _begin(self, message: WebhookMessage) -> None:
        url, body, headers = message.endpoint.url, message.body.encode(), _headers(message)
        allow_private = settings.WEBHOOK_PRIVATE
        self._under_way[message.pk] = message

        def run() -> None:
            self._ended.put((message.pk, _post(url, body, headers, allow_private)))
            self._told()

        threading.Thread(target=run, name=f"webhook {message.pk}", daemon=True).start()

    def note(self, *, patience: float | None) -> int:
        """Write what has ended, waiting that long for the first; None: until one ends."""
        noted = 0
        try:
            pk, outcome = self._ended.get(block=patience != 0, timeout=patience)
            while True:
                message = self._under_way.pop(pk)
                if not outcome.delivered:
                    self.not_to.add(message.endpoint_id)
                note_outcome(message, outcome)
                noted += 1
                pk, outcome = self._ended.get_nowait()
        except queue.Empty:
            return noted


def deliver_due(at_once: int = AT_ONCE, most: int = 200) -> int:
    """Send what is due until nothing is; an endpoint that failed is left out of the rest."""
    dispatcher, sent = Dispatcher(at_once), 0
    while True:
        end_what_cannot_leave()
        begun = dispatcher.begin(most - sent)
        sent += begun
        if dispatcher.busy:
            dispatcher.note(patience=None)
        elif not begun:
            return sent


class Sender:
    """A thread of the relay that sends, so that a slow server delays no event and no ledger."""

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._at_once = at_once
        self._stop = threading.Event()
        self._hear, self._tell = socket.socketpair()
        self._hear.setblocking(False)
        self._tell.setblocking(False)
        self._listening: object = None
        self._thread = threading.Thread(target=self._run, name="webhooks", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Begin nothing more, note what ends within its time, and end."""
        self._stop.set()
        self._wake()
        self._thread.join(timeout=WHOLE_SECONDS + 2)

    def _wake(self) -> None:
        with contextlib.suppress(BlockingIOError):  # full: it is told often enough
            self._tell.send(b"1")

    def _run(self) -> None:
        dispatcher = Dispatcher(self._at_once, ended=self._wake)
        while not self._stop.is_set():
            try:
                self._listen()
                end_what_cannot_leave()
                dispatcher.note(patience=0)
                dispatcher.not_to.clear()
                if not dispatcher.begin(self._at_once):
                    self._sleep()
            except Exception:
                logger.exception("Sending webhooks failed; it goes on in a moment.")
                connection.close()
                self._stop.wait(POLL_SECONDS)
        self._finish(dispatcher)
        connection.close()

    def _finish(self, dispatcher: Dispatcher) -> None:
        deadline = time.monotonic() + WHOLE_SECONDS
        try:
            while dispatcher.busy and (left := deadline - time.monotonic()) > 0:
                dispatcher.note(patience=left)
        except Exception:
            logger.exception("The outcome of a webhook was not written; it is sent again.")

    def _listen(self) -> None:
        """Listen on a fresh connection; one that is too old or broken is replaced first."""
        close_old_connections()
        if connection.connection is None or connection.connection is not self._listening:
            with connection.cursor() as cursor:
                cursor.execute(f"LISTEN {CHANNEL}")
            self._listening = connection.connection

    def _sleep(self) -> None:
        """Until a commit writes a message, a request ends, or a ladder may be due."""
        database = connection.connection
        if database is None:
            return
        # What came along with an answer counts as well as what comes now.
        if list(database.notifies(timeout=0)):
            return
        with selectors.DefaultSelector() as either:
            either.register(database.fileno(), selectors.EVENT_READ)
            either.register(self._hear, selectors.EVENT_READ)
            either.select(POLL_SECONDS)
        with contextlib.suppress(BlockingIOError):
            while self._hear.recv(4096):
                pass
