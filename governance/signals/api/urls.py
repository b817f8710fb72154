"""REST routes of signals."""

from django.urls import include, path
from rest_framework.routers import SimpleRouter

from governance.signals.api.views import SignalViewSet

router = SimpleRouter(trailing_slash=False)
router.register("signals", SignalViewSet, basename="api-signal")

urlpatterns = [path("", include(router.urls))]
