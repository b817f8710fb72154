"""Writing messages: in the transaction of the fact they tell, for one endpoint or for all.

Only rows stand here; `sending` carries them out after the commit and is woken by it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import IntegrityError, connection, transaction
from django.db.models import Q
from django.db.models.functions import Now

from governance.core.clock import database_now
from governance.core.events import WebhookGivenUp
from governance.core.ids import uuid7
from governance.outbox.services import emit
from governance.outbox.webhooks.models import (
    EndpointState,
    MessageState,
    WebhookEndpoint,
    WebhookMessage,
)

#: PostgreSQL's channel on which a commit wakes the senders; the news itself is in the rows.
CHANNEL = "tactful_webhooks"
BATCH = 200


def wake_senders() -> None:
    """Wake the senders with the commit of this transaction.

    A transaction that notifies waits its turn to commit, so only those that write messages do.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, '')", [CHANNEL])


def _cloud_event(message_id: UUID, event_type: str, subject: str, data: Mapping[str, Any]) -> str:
    """The body as a CloudEvents 1.0 structured JSON event."""
    event = {
        "specversion": "1.0",
        "id": str(message_id),
        "source": settings.PUBLIC_URL,
        "type": event_type,
        **({"subject": subject} if subject else {}),
        "time": database_now().isoformat(),
        "datacontenttype": "application/json",
        "data": dict(data),
    }
    return json.dumps(event, cls=DjangoJSONEncoder, allow_nan=False, separators=(",", ":"))


def queue_message(
    *,
    endpoint: WebhookEndpoint,
    event_type: str,
    data: Mapping[str, Any],
    subject: str = "",
    urgent: bool = False,
    idempotency_key: str = "",
) -> WebhookMessage:
    """Write one message in the transaction of the fact it tells; it leaves after the commit."""
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError(
            "queue_message belongs inside the transaction of the fact it follows."
        )
    message_id = uuid7()
    message = WebhookMessage.objects.create(
        id=message_id,
        endpoint=endpoint,
        event_type=event_type,
        about=subject[:200],
        body=_cloud_event(message_id, event_type, subject[:200], data),
        urgent=urgent,
        idempotency_key=idempotency_key,
    )
    wake_senders()
    return message


def queue_for_all(
    *, event_type: str, data: Mapping[str, Any], subject: str = "", urgent: bool = False
) -> int:
    """Queue a message for every endpoint that wants this type."""
    wanting = [
        endpoint
        for endpoint in WebhookEndpoint.objects.exclude(state=EndpointState.GONE)
        if endpoint.wants(event_type)
    ]
    for endpoint in wanting:
        queue_message(
            endpoint=endpoint, event_type=event_type, data=data, subject=subject, urgent=urgent
        )
    return len(wanting)


@transaction.atomic
def send_to(
    *,
    endpoint: WebhookEndpoint,
    event_type: str,
    subject: str,
    data: Mapping[str, Any],
    urgent: bool = False,
    idempotency_key: str = "",
) -> WebhookMessage:
    """Tell one endpoint, whatever it wants to hear; a row only, which leaves after the commit.

    With an idempotency key a second call is the same message, and its outcome is announced once
    as WebhookDelivered or WebhookGivenUp: given up at once where the endpoint is not told now.
    """
    known = WebhookMessage.objects.filter(endpoint=endpoint, idempotency_key=idempotency_key)
    if idempotency_key and (message := known.first()) is not None:
        return message
    try:
        with transaction.atomic():
            return queue_message(
                endpoint=endpoint,
                event_type=event_type,
                data=data,
                subject=subject,
                urgent=urgent,
                idempotency_key=idempotency_key,
            )
    except IntegrityError:  # somebody else was first
        return known.get()


def give_up(message: WebhookMessage, sentence: str, status: int | None = None) -> bool:
    """End a waiting message without success, and say so to whoever waits for its outcome.

    False when it was no longer this attempt's to end.
    """
    ended = WebhookMessage.objects.filter(
        pk=message.pk, attempts=message.attempts, state=MessageState.PENDING
    ).update(
        state=MessageState.FAILED, done_at=Now(), last_status=status, last_error=sentence[:300]
    )
    if ended and message.idempotency_key:
        emit(
            WebhookGivenUp(
                message_id=str(message.pk),
                endpoint_id=str(message.endpoint_id),
                idempotency_key=message.idempotency_key,
                event_type=message.event_type,
                subject=message.about,
                attempts=message.attempts,
                status=status,
                sentence=sentence,
            )
        )
    return bool(ended)


@transaction.atomic
def end_what_cannot_leave() -> int:
    """Give up what waits for an endpoint that is gone, and what is awaited of a paused one."""
    gone = Q(endpoint__state=EndpointState.GONE)
    paused = Q(endpoint__state=EndpointState.PAUSED) & ~Q(idempotency_key="")
    waiting = WebhookMessage.objects.filter(gone | paused, state=MessageState.PENDING)
    ended = 0
    for message in waiting.select_related("endpoint").order_by("created_at")[:BATCH]:
        state = message.endpoint.get_state_display()
        ended += give_up(message, f"{message.endpoint.name} is {state}; nothing is sent to it.")
    return ended
