"""Reading endpoints and messages, for those who may see them."""

from __future__ import annotations

from django.conf import settings
from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet

from governance.core.actors import Actor
from governance.outbox.webhooks.models import MessageState, WebhookEndpoint, WebhookMessage
from governance.outbox.webhooks.signing import public_jwk


def published_keys() -> dict[str, list[dict[str, str]]]:
    """The key set (RFC 7517) that `v1a` signatures are checked with."""
    return {"keys": [public_jwk(key) for key in settings.KEYS.webhook_keys]}


def endpoints_for(actor: Actor) -> QuerySet[WebhookEndpoint]:
    """Every endpoint with how many messages wait, were given up, and when one last arrived."""
    found = WebhookEndpoint.objects.annotate(
        waiting=Count("messages", filter=Q(messages__state=MessageState.PENDING)),
        given_up=Count("messages", filter=Q(messages__state=MessageState.FAILED)),
        last_arrived=Max("messages__done_at", filter=Q(messages__state=MessageState.DELIVERED)),
    ).order_by("name")
    return found if actor.may("webhooks.view") else found.none()


def messages_for(actor: Actor) -> QuerySet[WebhookMessage]:
    """Every message, newest first; `behind` is true where an earlier one must leave before it."""
    earlier = WebhookMessage.objects.filter(
        endpoint=OuterRef("endpoint"),
        state=MessageState.PENDING,
        about=OuterRef("about"),
        urgent__gte=OuterRef("urgent"),
        created_at__lt=OuterRef("created_at"),
    ).exclude(about="")
    found = (
        WebhookMessage.objects.select_related("endpoint")
        .annotate(behind=Q(state=MessageState.PENDING) & Exists(earlier))
        .order_by("-created_at", "-id")
    )
    return found if actor.may("webhooks.view") else found.none()
