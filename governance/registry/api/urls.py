"""REST routes of the registry."""

from django.urls import include, path
from rest_framework.routers import SimpleRouter

from governance.registry.api import register, vocabulary
from governance.registry.api.holds import HoldViewSet

router = SimpleRouter(trailing_slash=False)
router.register("systems", register.SystemViewSet, basename="api-system")
router.register("versions", register.VersionViewSet, basename="api-version")
router.register("surfaces", register.SurfaceViewSet, basename="api-surface")
router.register("purposes", vocabulary.PurposeViewSet, basename="api-purpose")
router.register("types", vocabulary.TypeViewSet, basename="api-type")
router.register("features", register.FeatureViewSet, basename="api-feature")
router.register("data-flows", register.FlowViewSet, basename="api-flow")
router.register("holds", HoldViewSet, basename="api-hold")

urlpatterns = [path("", include(router.urls))]
