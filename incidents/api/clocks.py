"""The duties to report of an incident over REST, to read: what runs, and what does not and why."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from governance.core.api.viewsets import BaseViewSet
from incidents.models import Awareness, Filing, Incident, RegulatorClock
from incidents.selectors import (
    barred_duties,
    incident_by_reference,
    standing_clocks,
    undecided_duties,
)


class FilingSerializer(serializers.ModelSerializer[Filing]):
    class Meta:
        model = Filing
        fields = ("phase", "sent_at", "reference", "sha256")


class AwarenessSerializer(serializers.ModelSerializer[Awareness]):
    class Meta:
        model = Awareness
        fields = ("fact", "so", "who", "aware_at", "zone", "statement", "at")


class ClockSerializer(serializers.ModelSerializer[RegulatorClock]):
    duty = serializers.CharField(source="regime_key", read_only=True)
    article = serializers.CharField(source="regime.article", read_only=True)
    law = serializers.URLField(source="regime.source", read_only=True)
    awareness = AwarenessSerializer(read_only=True, allow_null=True)
    filings = FilingSerializer(many=True, read_only=True)

    class Meta:
        model = RegulatorClock
        fields = (
            "id",
            "duty",
            "article",
            "law",
            "state",
            "statement",
            "awareness",
            "aware_at",
            "due_at",
            "latest_at",
            "filed_at",
            "filings",
        )


class DutySerializer(serializers.Serializer[Any]):
    duty = serializers.CharField()
    article = serializers.CharField()
    why = serializers.CharField(help_text="Why it does not start, or what would start it.")


class ClocksSerializer(serializers.Serializer[Any]):
    clocks = ClockSerializer(many=True)
    undecided = DutySerializer(many=True)
    barred = DutySerializer(many=True)


OF_INCIDENT = OpenApiParameter(
    "reference", str, OpenApiParameter.PATH, description="such as INC-0001", pattern="^INC-[0-9]+$"
)


class IncidentClocksViewSet(BaseViewSet):
    """The duties to report of one incident."""

    serializer_class = ClocksSerializer
    queryset = Incident._default_manager.none()
    lookup_field = "reference"
    required_actions = {"clocks": "incidents.view"}

    @extend_schema(parameters=[OF_INCIDENT], responses=ClocksSerializer)
    def clocks(self, request: Request, reference: str) -> Response:
        """Return the decisions in force, what nobody has decided, and what cannot start."""
        incident = incident_by_reference(reference, self.actor)
        running = standing_clocks(incident).select_related("awareness")
        found = {
            "clocks": running.prefetch_related("filings"),
            "undecided": [
                {"duty": one.key, "article": one.article, "why": f"Starts with {one.starts}."}
                for one in undecided_duties(incident)
            ],
            "barred": [
                {"duty": one.key, "article": one.article, "why": why}
                for one, why in barred_duties(incident)
            ],
        }
        return Response(ClocksSerializer(found, context=self.get_serializer_context()).data)
