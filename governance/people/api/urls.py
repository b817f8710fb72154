"""API routes of people, below /api/v1/."""

from __future__ import annotations

from django.urls import path

from governance.people.api import views

urlpatterns = [
    path("whoami", views.WhoAmI.as_view(), name="whoami"),
    path("api-keys", views.ApiKeyList.as_view(), name="api-keys"),
    # The former spellings still answer; the schema names the ones above alone.
    path("whoami/", views.WhoAmI.as_view(schema=None)),
    path("api-keys/", views.ApiKeyList.as_view(schema=None)),
]
