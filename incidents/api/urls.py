"""REST routes of the incident room."""

from django.urls import include, path
from rest_framework.routers import SimpleRouter

from incidents.api.clocks import IncidentClocksViewSet
from incidents.api.communications import CommunicationViewSet
from incidents.api.drills import DrillViewSet
from incidents.api.post_mortems import PostMortemViewSet
from incidents.api.previews import HoldPreviewViewSet
from incidents.api.targets import TargetViewSet
from incidents.api.views import IncidentViewSet, PlaybookViewSet

router = SimpleRouter(trailing_slash=False)
router.register("incidents", IncidentViewSet, basename="api-incident")
router.register("communications", CommunicationViewSet, basename="api-communication")
router.register("drills", DrillViewSet, basename="api-drill")
router.register("playbooks", PlaybookViewSet, basename="api-playbook")
router.register("post-mortems", PostMortemViewSet, basename="api-post-mortem")
router.register("targets", TargetViewSet, basename="api-target")

urlpatterns = [
    path(
        "incidents/<str:reference>/clocks",
        IncidentClocksViewSet.as_view({"get": "clocks"}),
        name="api-incident-clocks",
    ),
    path(
        "holds/preview",
        HoldPreviewViewSet.as_view({"get": "preview"}),
        name="api-hold-preview",
    ),
    path("", include(router.urls)),
]
