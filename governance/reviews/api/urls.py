"""REST routes of reviews and gates."""

from django.urls import include, path
from rest_framework.routers import SimpleRouter

from governance.reviews.api.views import ChecklistViewSet, GateViewSet, ReviewViewSet

router = SimpleRouter(trailing_slash=False)
router.register("checklists", ChecklistViewSet, basename="api-checklist")
router.register("reviews", ReviewViewSet, basename="api-review")
router.register("gates", GateViewSet, basename="api-gate")

urlpatterns = [path("", include(router.urls))]
