"""Reading endpoints and messages, for those who may see them."""

from __future__ import annotations

from django.db.models import Count, Max, Q, QuerySet

from governance.core.actors import Actor
from governance.outbox.webhooks.models import MessageState, WebhookEndpoint, WebhookMessage


def endpoints_for(actor: Actor) -> QuerySet[WebhookEndpoint]:
    """Every endpoint with how many messages wait, were given up, and when one last arrived."""
    found = WebhookEndpoint.objects.annotate(
        waiting=Count("messages", filter=Q(messages__state=MessageState.PENDING)),
        given_up=Count("messages", filter=Q(messages__state=MessageState.FAILED)),
        last_arrived=Max("messages__done_at", filter=Q(messages__state=MessageState.DELIVERED)),
    ).order_by("name")
    return found if actor.may("webhooks.view") else found.none()


def messages_for(actor: Actor) -> QuerySet[WebhookMessage]:
    """Every message, newest first."""
    found = WebhookMessage.objects.select_related("endpoint").order_by("-id")
    return found if actor.may("webhooks.view") else found.none()
