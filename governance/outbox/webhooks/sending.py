"""Carrying messages out: taken under a lease, posted outside any transaction, noted fenced."""

from __future__ import annotations

import logging
import threading
import time
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import close_old_connections, connection, transaction
from django.db.models import F
from django.db.models.functions import Now

from governance.core.clock import database_now
from governance.outbox.webhooks.models import (
    EndpointState,
    MessageState,
    Signing,
    WebhookEndpoint,
    WebhookMessage,
)
from governance.outbox.webhooks.posting import WHOLE_SECONDS, Undeliverable, post
from governance.outbox.webhooks.secrets import unseal
from governance.outbox.webhooks.signing import signed_headers

logger = logging.getLogger(__name__)

#: A sender that died gives its message back after this long.
LEASE = timedelta(seconds=WHOLE_SECONDS * 3)
#: How long to wait after each failure; after the last one the message is given up.
WAITS = tuple(
    timedelta(seconds=seconds) for seconds in (5, 30, 120, 600, 3600, 10800, 21600, 43200)
)
BATCH = 50
POLL_SECONDS = 0.5
GONE = 410


def _take(not_to: set[UUID]) -> WebhookMessage | None:
    """Take the first due message under a lease; its number of attempts is the fence."""
    with transaction.atomic():
        message = (
            WebhookMessage.objects.select_related("endpoint")
            .filter(
                state=MessageState.PENDING,
                next_attempt_at__lte=Now(),
                endpoint__state=EndpointState.ACTIVE,
            )
            .exclude(endpoint__in=not_to)
            .order_by("next_attempt_at")
            .select_for_update(skip_locked=True, of=("self",))
            .first()
        )
        if message is not None:
            WebhookMessage.objects.filter(pk=message.pk).update(
                attempts=F("attempts") + 1, next_attempt_at=Now() + LEASE
            )
            message.attempts += 1
    return message


def _headers(message: WebhookMessage, now: float) -> dict[str, str]:
    endpoint = message.endpoint
    secrets = []
    if endpoint.signing == Signing.HMAC:
        secrets.append(unseal(endpoint.secret))
        until = endpoint.previous_until
        if endpoint.previous_secret is not None and until and until > database_now():
            secrets.append(unseal(endpoint.previous_secret))
    signed = signed_headers(
        message_id=str(message.pk),
        timestamp=int(now),
        body=message.body.encode(),
        secrets=secrets,
        key=settings.KEYS.webhook_key if endpoint.signing == Signing.ED25519 else None,
    )
    return {
        **signed,
        "Content-Type": "application/cloudevents+json; charset=utf-8",
        "User-Agent": "Tactful",
    }


def _note(message: WebhookMessage, problem: Undeliverable | None, status: int | None) -> None:
    """Write the outcome, unless another sender took the message meanwhile."""
    mine = WebhookMessage.objects.filter(
        pk=message.pk, attempts=message.attempts, state=MessageState.PENDING
    )
    if problem is None:
        mine.update(state=MessageState.DELIVERED, done_at=Now(), last_status=status, last_error="")
        return
    told = {"last_status": status, "last_error": str(problem)[:300]}
    if status == GONE:
        WebhookEndpoint.objects.filter(pk=message.endpoint_id).update(state=EndpointState.GONE)
    if status == GONE or message.attempts > len(WAITS):
        mine.update(state=MessageState.FAILED, done_at=Now(), **told)
    else:
        mine.update(next_attempt_at=Now() + WAITS[message.attempts - 1], **told)


def deliver_next(not_to: set[UUID]) -> bool:
    """Send the first due message; True when there was one. An endpoint that failed is left out."""
    message = _take(not_to)
    if message is None:
        return False
    problem, status = None, None
    try:
        status = post(
            message.endpoint.url,
            message.body.encode(),
            _headers(message, time.time()),
            allow_private=settings.WEBHOOK_PRIVATE,
        )
    except Undeliverable as failure:
        problem, status = failure, failure.status
        not_to.add(message.endpoint_id)
    _note(message, problem, status)
    return True


def deliver_due() -> int:
    """Send what is due; a server that does not answer holds up nobody else's message twice."""
    sent, failing = 0, set[UUID]()
    while sent < BATCH and deliver_next(failing):
        sent += 1
    return sent


class Sender:
    """A thread of the relay that sends, so that a slow server delays no event and no ledger."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="webhooks", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(timeout=WHOLE_SECONDS)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                busy = deliver_due()
            except Exception:
                logger.exception("Sending webhooks failed; it goes on in a moment.")
                connection.close()
                busy = 0
            close_old_connections()
            if not busy:
                self._stop.wait(POLL_SECONDS)
        connection.close()
