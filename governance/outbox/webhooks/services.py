"""Registering endpoints, changing their secrets, pausing them and sending again.

Messages are written in `queueing`; they leave by `sending`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction

from governance.core.actors import Actor
from governance.core.clock import database_now
from governance.core.errors import Conflict, Invalid, NotPermitted
from governance.ledger.services import record_entry
from governance.outbox.webhooks.models import (
    EndpointState,
    MessageState,
    Signing,
    WebhookEndpoint,
    WebhookMessage,
)
from governance.outbox.webhooks.posting import Undeliverable, check_url
from governance.outbox.webhooks.queueing import (
    give_up,
    queue_for_all,
    queue_message,
    send_to,
    wake_senders,
)
from governance.outbox.webhooks.secrets import new_secret, seal
from governance.outbox.webhooks.signing import spoken_public_key, spoken_secret
from governance.outbox.webhooks.types import EVENT_TYPES, TEST

__all__ = [
    "give_up_message",
    "queue_for_all",
    "queue_message",
    "register_endpoint",
    "replay_message",
    "retry_endpoint",
    "retry_message",
    "rotate_secret",
    "send_test",
    "send_to",
    "set_endpoint_state",
]

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
    """Pause or take up again; messages of a paused endpoint wait, except those awaited."""
    _require(actor)
    if state not in (EndpointState.ACTIVE, EndpointState.PAUSED):
        raise Invalid("state is active or paused.")
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(state=state, failures=0, retry_at=None)
    endpoint.refresh_from_db()
    _record("state_changed", endpoint, actor, state=state)
    wake_senders()
    return endpoint


@transaction.atomic
def send_test(*, endpoint: WebhookEndpoint, actor: Actor) -> WebhookMessage:
    """Queue a test message, wanted or not."""
    _require(actor)
    data = {"sentence": "If you can verify this signature, the endpoint works."}
    return queue_message(endpoint=endpoint, event_type=TEST, data=data)


def _locked(message: WebhookMessage) -> WebhookMessage:
    # The lock order of senders: the endpoint first.
    WebhookEndpoint.objects.select_for_update(no_key=True).get(pk=message.endpoint_id)
    found = WebhookMessage.objects.select_related("endpoint").select_for_update(of=("self",))
    return found.get(pk=message.pk)


def _pending(message: WebhookMessage) -> WebhookMessage:
    locked = _locked(message)
    if locked.state != MessageState.PENDING:
        raise Conflict("This message waits no longer.")
    return locked


@transaction.atomic
def replay_message(*, message: WebhookMessage, actor: Actor) -> WebhookMessage:
    """Send a message again under its own id, so that a receiver may tell it is the same."""
    _require(actor)
    locked = _locked(message)
    if locked.state == MessageState.PENDING:
        raise Conflict("This message is still on its way.")
    if not locked.body:
        raise Conflict("This message named a person who was erased; it is kept no longer.")
    locked.state, locked.done_at = MessageState.PENDING, None
    locked.rung, locked.next_attempt_at = 0, database_now()
    locked.save(update_fields=["state", "done_at", "rung", "next_attempt_at", "updated_at"])
    _record("replayed", locked.endpoint, actor, message=str(locked.pk))
    wake_senders()
    return locked


@transaction.atomic
def retry_message(*, message: WebhookMessage, actor: Actor) -> WebhookMessage:
    """Try a waiting message now instead of at its time."""
    _require(actor)
    locked = _pending(message)
    locked.next_attempt_at = database_now()
    locked.save(update_fields=["next_attempt_at", "updated_at"])
    WebhookEndpoint.objects.filter(pk=locked.endpoint_id).update(retry_at=None)
    _record("retried", locked.endpoint, actor, message=str(locked.pk))
    wake_senders()
    return locked


@transaction.atomic
def retry_endpoint(*, endpoint: WebhookEndpoint, actor: Actor) -> int:
    """Try everything that waits for this endpoint now, in its order; returns how much that is."""
    _require(actor)
    locked = WebhookEndpoint.objects.select_for_update(no_key=True).get(pk=endpoint.pk)
    if locked.state != EndpointState.ACTIVE:
        raise Conflict(f"{locked.name} is {locked.get_state_display()}; take it up again first.")
    waiting = WebhookMessage.objects.filter(endpoint=locked, state=MessageState.PENDING)
    count = waiting.update(next_attempt_at=database_now())
    WebhookEndpoint.objects.filter(pk=locked.pk).update(retry_at=None)
    _record("retried", locked, actor, messages=count)
    wake_senders()
    return count


@transaction.atomic
def give_up_message(*, message: WebhookMessage, actor: Actor) -> WebhookMessage:
    """Stop trying a waiting message, so that later ones about its subject may pass."""
    _require(actor)
    locked = _pending(message)
    give_up(locked, f"Given up by {actor.display}.")
    _record("given_up", locked.endpoint, actor, message=str(locked.pk))
    wake_senders()
    locked.refresh_from_db()
    return locked
