"""Drills over REST, to read: what was rehearsed, and how it went."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import mixins, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from governance.core.api.viewsets import BaseViewSet
from incidents.models import Drill
from incidents.selectors import drill_by_reference, drills_for

REFERENCE = OpenApiParameter(
    "reference",
    str,
    OpenApiParameter.PATH,
    description="such as DRILL-0001",
    pattern="^DRILL-[0-9]+$",
)


class DrillSerializer(serializers.ModelSerializer[Drill]):
    system = serializers.SlugRelatedField(slug_field="key", read_only=True)  # type: ignore[var-annotated]
    incident = serializers.CharField(source="incident.reference", read_only=True)
    plan = serializers.CharField(source="plan.title", read_only=True)
    report = serializers.SerializerMethodField()

    class Meta:
        model = Drill
        fields = (
            "reference",
            "plan",
            "system",
            "incident",
            "started_at",
            "ended_at",
            "verdict",
            "report",
            "sha256",
        )

    def get_report(self, drill: Drill) -> dict[str, Any] | None:
        """The frozen report (`drill-report/1`); null while the drill runs."""
        report: dict[str, Any] | None = drill.report
        return report


@extend_schema_view(retrieve=extend_schema(parameters=[REFERENCE]))
class DrillViewSet(mixins.ListModelMixin, BaseViewSet):
    """Drills by reference (`DRILL-0001`), newest first."""

    serializer_class = DrillSerializer
    lookup_field = "reference"
    queryset = Drill.objects.none()
    required_actions = {"list": "incidents.view", "retrieve": "incidents.view"}

    def get_queryset(self) -> QuerySet[Drill]:
        return drills_for(self.actor)

    def retrieve(self, request: Request, reference: str) -> Response:
        return Response(self.get_serializer(drill_by_reference(reference, self.actor)).data)
