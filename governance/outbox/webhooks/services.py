"""Registering endpoints, changing their secrets, and queueing messages for them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import IntegrityError, connection, transaction

from governance.core.actors import Actor
from governance.core.clock import database_now
from governance.core.errors import Conflict, Invalid, NotPermitted
from governance.core.ids import uuid7
from governance.ledger.services import record_entry
from governance.outbox.webhooks.models import (
    EndpointState,
    MessageState,
    Signing,
    WebhookEndpoint,
    WebhookMessage,
)
from governance.outbox.webhooks.posting import Undeliverable, check_url
from governance.outbox.webhooks.secrets import new_secret, seal
from governance.outbox.webhooks.signing import spoken_public_key, spoken_secret
from governance.outbox.webhooks.types import EVENT_TYPES, TEST

#: How long the secret before a rotation still signs beside the new one.
OVERLAP = timedelta(hours=24)


def _require(actor: Actor) -> None:
    if not actor.may("webhooks.edit"):
        raise NotPermitted(f"{actor.display} may not change webhooks.")


def _checked(name: str, url: str, event_types: Sequence[str]) -> list[str]:
    if not name.strip():
        raise Invalid("An endpoint needs a name.")
    try:
        check_url(url, allow_private=settings.WEBHOOK_PRIVATE)
    except Undeliverable as problem:
        raise Invalid(str(problem)) from problem
    if unknown := set(event_types) - set(EVENT_TYPES):
        raise Invalid(f"There is no event type {min(unknown)}.")
    return sorted(set(event_types))


def _record(verb: str, endpoint: WebhookEndpoint, actor: Actor, **facts: Any) -> None:
    record_entry(
        verb=f"webhook.{verb}",
        object_type="webhook_endpoint",
        object_id=str(endpoint.pk),
        actor=actor,
        facts={"name": endpoint.name, **facts},
    )


@transaction.atomic
def register_endpoint(
    *,
    name: str,
    url: str,
    event_types: Sequence[str] = (),
    signing: str = Signing.HMAC,
    actor: Actor,
) -> tuple[WebhookEndpoint, str]:
    """Register a server; returns what its owner needs to verify, shown this once."""
    _require(actor)
    wanted = _checked(name, url, event_types)
    secret = new_secret()
    try:
        with transaction.atomic():
            endpoint = WebhookEndpoint.objects.create(
                name=name.strip()[:100],
                url=url,
                event_types=wanted,
                signing=Signing(signing),
                secret=seal(secret),
            )
    except ValueError as problem:
        raise Invalid("signing is v1 or v1a.") from problem
    except IntegrityError as problem:
        raise Conflict(f"There is an endpoint named {name!r} already.") from problem
    _record("registered", endpoint, actor, url=url, signing=str(endpoint.signing))
    return endpoint, verifying_text(endpoint, secret)


def verifying_text(endpoint: WebhookEndpoint, secret: bytes) -> str:
    """The shared secret, or this installation's public key."""
    if endpoint.signing == Signing.ED25519:
        return spoken_public_key(settings.KEYS.webhook_key)
    return spoken_secret(secret)


@transaction.atomic
def rotate_secret(*, endpoint: WebhookEndpoint, actor: Actor) -> str:
    """Sign with a new secret from now on, and with the old one beside it for a day."""
    _require(actor)
    locked = WebhookEndpoint.objects.select_for_update().get(pk=endpoint.pk)
    if locked.signing == Signing.ED25519:
        raise Invalid("This endpoint verifies by the public key; it has no secret of its own.")
    secret = new_secret()
    locked.previous_secret, locked.previous_until = locked.secret, database_now() + OVERLAP
    locked.secret = seal(secret)
    locked.save()
    _record("secret_rotated", locked, actor)
    return spoken_secret(secret)


@transaction.atomic
def set_endpoint_state(*, endpoint: WebhookEndpoint, state: str, actor: Actor) -> WebhookEndpoint:
    """Pause or take up again; messages of a paused endpoint wait."""
    _require(actor)
    if state not in (EndpointState.ACTIVE, EndpointState.PAUSED):
        raise Invalid("state is active or paused.")
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(state=state)
    endpoint.refresh_from_db()
    _record("state_changed", endpoint, actor, state=state)
    return endpoint


def _cloud_event(message_id: UUID, event_type: str, data: Mapping[str, Any]) -> str:
    """The body as a CloudEvents 1.0 structured JSON event."""
    event = {
        "specversion": "1.0",
        "id": str(message_id),
        "source": settings.PUBLIC_URL,
        "type": event_type,
        "time": database_now().isoformat(),
        "datacontenttype": "application/json",
        "data": dict(data),
    }
    return json.dumps(event, cls=DjangoJSONEncoder, allow_nan=False, separators=(",", ":"))


def queue_message(
    *, endpoint: WebhookEndpoint, event_type: str, data: Mapping[str, Any]
) -> WebhookMessage:
    """Write one message in the transaction of the fact it tells; it leaves after the commit."""
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError(
            "queue_message belongs inside the transaction of the fact it follows."
        )
    message_id = uuid7()
    return WebhookMessage.objects.create(
        id=message_id,
        endpoint=endpoint,
        event_type=event_type,
        body=_cloud_event(message_id, event_type, data),
    )


def queue_for_all(*, event_type: str, data: Mapping[str, Any]) -> int:
    """Queue a message for every endpoint that wants this type."""
    wanting = [
        endpoint
        for endpoint in WebhookEndpoint.objects.exclude(state=EndpointState.GONE)
        if endpoint.wants(event_type)
    ]
    for endpoint in wanting:
        queue_message(endpoint=endpoint, event_type=event_type, data=data)
    return len(wanting)


@transaction.atomic
def send_test(*, endpoint: WebhookEndpoint, actor: Actor) -> WebhookMessage:
    """Queue a test message, wanted or not."""
    _require(actor)
    data = {"sentence": "If you can verify this signature, the endpoint works."}
    return queue_message(endpoint=endpoint, event_type=TEST, data=data)


@transaction.atomic
def replay_message(*, message: WebhookMessage, actor: Actor) -> WebhookMessage:
    """Send a message again under its own id, so that a receiver may tell it is the same."""
    _require(actor)
    locked = WebhookMessage.objects.select_for_update().get(pk=message.pk)
    if locked.state == MessageState.PENDING:
        raise Conflict("This message is still on its way.")
    if not locked.body:
        raise Conflict("This message named a person who was erased; it is kept no longer.")
    locked.state, locked.done_at = MessageState.PENDING, None
    locked.attempts, locked.next_attempt_at = 0, database_now()
    locked.save()
    _record("replayed", locked.endpoint, actor, message=str(locked.pk))
    return locked
