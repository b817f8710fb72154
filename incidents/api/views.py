"""Incidents and playbooks over REST: parse, call, render."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from governance.core.api.viewsets import BaseViewSet
from governance.core.errors import NotFound
from governance.core.ids import uuid7
from governance.registry.selectors import find_system
from incidents.choices import Kind, Severity, State
from incidents.models import (
    AffectedPart,
    Impact,
    ImpactFigure,
    Incident,
    IncidentStep,
    Playbook,
    TimelineEntry,
)
from incidents.selectors import impact_of, incident_by_reference, incidents_for
from incidents.services.copying import current_playbook
from incidents.services.moving import move_incident
from incidents.services.opening import open_incident


class IncidentStepSerializer(serializers.ModelSerializer[IncidentStep]):
    class Meta:
        model = IncidentStep
        fields = ("position", "type", "title", "state", "automatic", "outcome", "finished_at")


class TimelineSerializer(serializers.ModelSerializer[TimelineEntry]):
    class Meta:
        model = TimelineEntry
        fields = ("at", "kind", "sentence", "actor_display")


class IncidentSerializer(serializers.ModelSerializer[Incident]):
    system = serializers.SlugRelatedField(slug_field="key", read_only=True)  # type: ignore[var-annotated]
    version = serializers.SlugRelatedField(slug_field="key", read_only=True)  # type: ignore[var-annotated]
    steps = IncidentStepSerializer(many=True, read_only=True)
    timeline = TimelineSerializer(many=True, read_only=True)

    class Meta:
        model = Incident
        fields = (
            "id",
            "reference",
            "title",
            "summary",
            "kind",
            "severity",
            "state",
            "system",
            "version",
            "cause",
            "started_at",
            "detected_at",
            "reported_at",
            "acknowledged_at",
            "contained_at",
            "mitigated_at",
            "verified_at",
            "resolved_at",
            "closed_at",
            "steps",
            "timeline",
        )


class FigureSerializer(serializers.ModelSerializer[ImpactFigure]):
    class Meta:
        model = ImpactFigure
        fields = ("measure", "basis", "value", "low", "high", "n", "note")


class AffectedPartSerializer(serializers.ModelSerializer[AffectedPart]):
    class Meta:
        model = AffectedPart
        fields = ("part", "key", "title", "detail", "sensitive")


class ImpactSerializer(serializers.ModelSerializer[Impact]):
    figures = FigureSerializer(many=True, read_only=True)
    parts = AffectedPartSerializer(many=True, read_only=True)

    class Meta:
        model = Impact
        fields = (
            "episode",
            "since",
            "until",
            "counted_at",
            "counted_until",
            "figures",
            "parts",
            "notes",
        )


class ReportSerializer(serializers.Serializer[Incident]):
    title = serializers.CharField(max_length=200)
    summary = serializers.CharField(required=False, default="")
    kind = serializers.ChoiceField(choices=Kind.choices)
    severity = serializers.ChoiceField(choices=Severity.choices, default=Severity.S3)
    system = serializers.SlugField(required=False, allow_null=True, default=None)


class MoveSerializer(serializers.Serializer[Incident]):
    state = serializers.ChoiceField(choices=State.choices)
    note = serializers.CharField(required=False, default="")


REFERENCE = OpenApiParameter(
    "reference", str, OpenApiParameter.PATH, description="such as INC-0001", pattern="^INC-[0-9]+$"
)


@extend_schema_view(
    retrieve=extend_schema(parameters=[REFERENCE]), move=extend_schema(parameters=[REFERENCE])
)
class IncidentViewSet(mixins.ListModelMixin, BaseViewSet):
    """Incidents by reference (`INC-0001`)."""

    serializer_class = IncidentSerializer
    lookup_field = "reference"
    queryset = Incident.objects.none()
    required_actions = {
        "list": "incidents.view",
        "retrieve": "incidents.view",
        "create": "incidents.report",
        "move": "incidents.command",
        "impact": "incidents.view",
    }

    def get_queryset(self) -> QuerySet[Incident]:
        return incidents_for(self.actor).prefetch_related("steps", "timeline")

    def retrieve(self, request: Request, reference: str) -> Response:
        return Response(self.get_serializer(incident_by_reference(reference, self.actor)).data)

    @extend_schema(request=ReportSerializer, responses={201: IncidentSerializer})
    def create(self, request: Request) -> Response:
        form = ReportSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        values: dict[str, Any] = dict(form.validated_data)
        key = values.pop("system")
        system = find_system(key, self.actor) if key else None
        incident, _created = open_incident(
            cause_key=f"report:{uuid7()}", system=system, actor=self.actor, **values
        )
        return Response(self.get_serializer(incident).data, status=status.HTTP_201_CREATED)

    @extend_schema(parameters=[REFERENCE], responses=ImpactSerializer)
    @action(detail=True, methods=["get"])
    def impact(self, request: Request, reference: str) -> Response:
        """Whom and what the incident touched, with how each number was known."""
        incident = incident_by_reference(reference, self.actor)
        read = impact_of(incident)
        if read is None:
            raise NotFound(f"The impact of {incident.reference} is not counted yet.")
        return Response(ImpactSerializer(read.impact).data)

    @extend_schema(request=MoveSerializer, responses=IncidentSerializer)
    @action(detail=True, methods=["post"])
    def move(self, request: Request, reference: str) -> Response:
        form = MoveSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        moved = move_incident(
            incident=incident_by_reference(reference, self.actor),
            to=form.validated_data["state"],
            note=form.validated_data["note"],
            actor=self.actor,
        )
        return Response(self.get_serializer(moved).data)


class PlaybookSerializer(serializers.ModelSerializer[Playbook]):
    class Meta:
        model = Playbook
        fields = ("key", "version", "title", "summary", "kinds", "steps")


class PlaybookViewSet(BaseViewSet):
    """The playbooks that the next incidents copy, one for each kind of harm."""

    serializer_class = PlaybookSerializer
    queryset = Playbook.objects.none()
    required_actions = {"list": "incidents.view"}

    def list(self, request: Request) -> Response:
        books = {book.pk: book for book in map(current_playbook, Kind.values)}
        return Response(self.get_serializer(list(books.values()), many=True).data)
