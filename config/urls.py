"""Every route of Tactful; each room lists its own below its web and api folders."""

from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from governance.people.web.access import public_route
from governance.people.web.account import ask_an_administrator

API_ROOMS = [
    "governance.ledger",
    "governance.people",
    "governance.registry",
    "governance.signals",
    "governance.reviews",
    "consent",
    "audits",
    "incidents",
]
WEB_ROOMS = [
    "dashboard",
    "incidents",
    "audits",
    "consent",
    "governance.reviews",
    "governance.registry",
    "governance.ledger",
    "governance.people",
    "governance.core",
]

urlpatterns = [
    path("", include("config.health")),
    path("accounts/password/reset/", ask_an_administrator),
    path("accounts/email/", ask_an_administrator),
    path("accounts/", include("allauth.urls")),
    path(
        "api/v1/",
        include(
            [
                path("schema/", public_route(SpectacularAPIView.as_view()), name="schema"),
                path("docs/", public_route(SpectacularSwaggerSplitView.as_view()), name="docs"),
                *[path("", include(f"{room}.api.urls")) for room in API_ROOMS],
            ]
        ),
    ),
    *[path("", include(f"{room}.web.urls")) for room in WEB_ROOMS],
]
