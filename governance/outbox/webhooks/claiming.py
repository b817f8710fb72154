"""Taking messages to send and writing what came of it; the database's half of sending.

One message of an endpoint is under way at a time, whichever process sends it: who takes it leases
the endpoint. A sender that died loses its lease, and its message is sent again under the same id.
"""

from __future__ import annotations

import random
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now

from governance.core.events import WebhookDelivered
from governance.outbox.services import emit
from governance.outbox.webhooks.ladders import pause_after, wait_after
from governance.outbox.webhooks.models import (
    EndpointState,
    MessageState,
    WebhookEndpoint,
    WebhookMessage,
)
from governance.outbox.webhooks.posting import WHOLE_SECONDS
from governance.outbox.webhooks.queueing import give_up

#: A sender that died gives its endpoint back after this long; a living one is done well before.
LEASE = timedelta(seconds=WHOLE_SECONDS * 3)
GONE = 410

# Per endpoint the first message that is due: urgent before ordinary, then oldest first, and none
# before an earlier one about the same subject that is as urgent. An endpoint row that another
# sender holds is passed over, and looked at again as it is now before it is locked.
_TAKE = """
WITH chosen AS (
    SELECT endpoint.id AS endpoint_id, first.id AS message_id
    FROM outbox_webhookendpoint AS endpoint
    CROSS JOIN LATERAL (
        SELECT message.id, message.urgent, message.created_at
        FROM outbox_webhookmessage AS message
        WHERE message.endpoint_id = endpoint.id AND message.state = 'pending'
          AND message.next_attempt_at <= statement_timestamp()
          AND (message.urgent OR coalesce(endpoint.retry_at <= statement_timestamp(), true))
          AND NOT EXISTS (
              SELECT FROM outbox_webhookmessage AS earlier
              WHERE earlier.endpoint_id = endpoint.id AND earlier.state = 'pending'
                AND earlier.about <> '' AND earlier.about = message.about
                AND earlier.urgent >= message.urgent
                AND (earlier.created_at, earlier.id) < (message.created_at, message.id))
        ORDER BY message.urgent DESC, message.created_at, message.id LIMIT 1
    ) AS first
    WHERE endpoint.state = 'active' AND endpoint.id <> ALL(%(not_to)s::uuid[])
      AND coalesce(endpoint.busy_until <= statement_timestamp(), true)
      AND (endpoint.failures = 0 OR %(also_failing)s)
    ORDER BY first.urgent DESC, first.created_at
    LIMIT %(most)s FOR NO KEY UPDATE OF endpoint SKIP LOCKED
), taken AS (
    UPDATE outbox_webhookmessage AS message
    SET attempts = attempts + 1, last_attempt_at = statement_timestamp()
    FROM chosen
    WHERE message.id = chosen.message_id AND message.state = 'pending'
      AND message.next_attempt_at <= statement_timestamp()
    RETURNING message.id, message.endpoint_id
)
UPDATE outbox_webhookendpoint AS endpoint
SET busy_until = statement_timestamp() + %(lease)s FROM taken WHERE endpoint.id = taken.endpoint_id
RETURNING taken.id
"""


@dataclass(frozen=True)
class Outcome:
    """What a server answered: a status if any, and a sentence where it did not take the message."""

    status: int | None
    problem: str = ""
    took_ms: int = 0

    @property
    def delivered(self) -> bool:
        return not self.problem

    @property
    def server_is_well(self) -> bool:
        """It answered, and refused at most this one message."""
        refused_this = self.status is not None and 400 <= self.status < 500 and self.status != 429
        return self.delivered or refused_this


def take_due(
    most: int, *, not_to: Collection[UUID] = (), also_failing: bool = True
) -> list[WebhookMessage]:
    """Take at most so many due messages, each of another endpoint; attempts is their fence."""
    asked: dict[str, Any] = {
        "most": most,
        "not_to": list(not_to),
        "also_failing": also_failing,
        "lease": LEASE,
    }
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, asked)
        taken = [row[0] for row in cursor.fetchall()]
    if not taken:
        return []
    found = WebhookMessage.objects.select_related("endpoint").filter(pk__in=taken)
    return list(found.order_by("-urgent", "created_at"))


def _delivered(message: WebhookMessage, outcome: Outcome) -> None:
    mine = WebhookMessage.objects.filter(
        pk=message.pk, attempts=message.attempts, state=MessageState.PENDING
    )
    noted = mine.update(
        state=MessageState.DELIVERED,
        done_at=Now(),
        last_status=outcome.status,
        last_error="",
        last_took_ms=outcome.took_ms,
    )
    if noted and message.idempotency_key:
        emit(
            WebhookDelivered(
                message_id=str(message.pk),
                endpoint_id=str(message.endpoint_id),
                idempotency_key=message.idempotency_key,
                event_type=message.event_type,
                subject=message.about,
                attempts=message.attempts,
                status=outcome.status or 0,
            )
        )


def _failed(message: WebhookMessage, outcome: Outcome) -> None:
    """Wait for the next rung; beyond the last one give up.

    An urgent message that nobody waits for goes on at the ordinary pace, as news still worth
    hearing, and holds up no urgent one any longer.
    """
    mine = WebhookMessage.objects.filter(
        pk=message.pk, attempts=message.attempts, state=MessageState.PENDING
    )
    mine.update(
        last_status=outcome.status,
        last_error=outcome.problem[:300],
        last_took_ms=outcome.took_ms,
    )
    draw = random.random()  # noqa: S311  (it spreads waits and keeps no secret)
    rung, urgent = message.rung, message.urgent
    wait = wait_after(rung, urgent=urgent, draw=draw)
    if wait is None and urgent and not message.idempotency_key:
        rung, urgent = 0, False
        wait = wait_after(rung, urgent=urgent, draw=draw)
    if wait is None or outcome.status == GONE:
        give_up(message, outcome.problem, outcome.status)
        return
    # Counted from the beginning of the attempt: a server that hangs does not stretch the ladder.
    mine.update(rung=rung + 1, urgent=urgent, next_attempt_at=F("last_attempt_at") + wait)


@transaction.atomic
def note_outcome(message: WebhookMessage, outcome: Outcome) -> None:
    """Write what came of an attempt and free the endpoint; who lost the lease comes too late.

    `message` is as it was taken, its endpoint too.
    """
    # The endpoint first: senders take both in this order.
    mine = WebhookEndpoint.objects.filter(
        pk=message.endpoint_id, busy_until=message.endpoint.busy_until
    )
    if outcome.server_is_well:
        mine.update(busy_until=None, failures=0, retry_at=None)
    else:
        failures = message.endpoint.failures + 1
        mine.update(busy_until=None, failures=failures, retry_at=Now() + pause_after(failures))
    if outcome.status == GONE:
        WebhookEndpoint.objects.filter(pk=message.endpoint_id).update(state=EndpointState.GONE)
    if outcome.delivered:
        _delivered(message, outcome)
    else:
        _failed(message, outcome)
