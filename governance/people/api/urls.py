"""API routes of people, below /api/v1/."""

from __future__ import annotations

from django.urls import path

from governance.people.api import views, webhooks

urlpatterns = [
    path("whoami", views.WhoAmI.as_view(), name="whoami"),
    path("api-keys", views.ApiKeyList.as_view(), name="api-keys"),
    path("webhooks", webhooks.WebhookEndpoints.as_view(), name="webhooks"),
    path("webhooks/messages", webhooks.WebhookMessages.as_view(), name="webhook-messages"),
    path(
        "webhooks/messages/<uuid:pk>/replay",
        webhooks.WebhookReplay.as_view(),
        name="webhook-replay",
    ),
    path(
        "webhooks/messages/<uuid:pk>/retry", webhooks.WebhookRetry.as_view(), name="webhook-retry"
    ),
    path(
        "webhooks/messages/<uuid:pk>/give-up",
        webhooks.WebhookGiveUp.as_view(),
        name="webhook-give-up",
    ),
    path("webhooks/<uuid:pk>", webhooks.WebhookEndpointDetail.as_view(), name="webhook"),
    path("webhooks/<uuid:pk>/retry", webhooks.WebhookRetryAll.as_view(), name="webhook-retry-all"),
    path("webhooks/<uuid:pk>/state", webhooks.WebhookEndpointState.as_view(), name="webhook-state"),
    path(
        "webhooks/<uuid:pk>/secret", webhooks.WebhookEndpointSecret.as_view(), name="webhook-secret"
    ),
    path("webhooks/<uuid:pk>/test", webhooks.WebhookTest.as_view(), name="webhook-test"),
    # The former spellings still answer; the schema names the ones above alone.
    path("whoami/", views.WhoAmI.as_view(schema=None)),
    path("api-keys/", views.ApiKeyList.as_view(schema=None)),
]
