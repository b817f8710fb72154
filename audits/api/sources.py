"""Sources over REST: connect one, say what its columns mean, look at it, send rows to it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils.dateparse import parse_datetime
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from audits import selectors, services
from audits.api.batches import (
    OF_A_VERSION,
    OutputBatchSerializer,
    RawBody,
    body_file,
    sent_media_type,
)
from audits.choices import SourceKind, SourceOrigin
from audits.models import Source
from audits.sources.ingest import MEDIA_TYPES
from governance.core.api.viewsets import BaseViewSet
from governance.core.errors import Invalid
from governance.registry.selectors import find_system


class SourceSerializer(serializers.ModelSerializer[Source]):
    """A source as it stands; its credential is never told."""

    system = serializers.SlugRelatedField(slug_field="key", read_only=True)  # type: ignore[var-annotated]
    paused = serializers.SerializerMethodField()

    class Meta:
        model = Source
        fields = (
            "id",
            "key",
            "system",
            "title",
            "kind",
            "origin",
            "location",
            "columns",
            "incoming",
            "paused",
            "checked_at",
            "problem",
            "created_at",
        )

    def get_paused(self, source: Source) -> bool:
        return source.paused_at is not None


def _columns() -> serializers.DictField:
    names = serializers.ListField(child=serializers.CharField())
    return serializers.DictField(child=names, required=False)


class NewSource(serializers.Serializer[Source]):
    system = serializers.SlugField()
    key = serializers.SlugField(max_length=63)
    title = serializers.CharField(max_length=200)
    kind = serializers.ChoiceField(choices=SourceKind.choices)
    columns = _columns()
    origin = serializers.ChoiceField(choices=SourceOrigin.choices, required=False)
    location = serializers.DictField(required=False)
    secret = serializers.CharField(required=False, allow_blank=True, write_only=True)


class Mapping(serializers.Serializer[Source]):
    """`roles` for what is sent here (name in the file to role), `columns` for other origins."""

    roles = serializers.DictField(child=serializers.CharField(), required=False)
    columns = _columns()


class PauseReason(serializers.Serializer[Any]):
    reason = serializers.CharField()


class FoundColumn(serializers.Serializer[Any]):
    name = serializers.CharField()
    type = serializers.CharField(allow_blank=True)


class CheckSerializer(serializers.Serializer[Any]):
    """What a look at a source found; a problem is one sentence, empty when all is well."""

    problem = serializers.CharField(allow_blank=True)
    tables = serializers.ListField(child=serializers.CharField())
    columns = FoundColumn(many=True)
    rows = serializers.IntegerField(allow_null=True)
    earliest = serializers.DateTimeField(allow_null=True)
    latest = serializers.DateTimeField(allow_null=True)
    notes = serializers.ListField(child=serializers.CharField())


@extend_schema_view(
    list=extend_schema(parameters=[OpenApiParameter("system", str, description="key")])
)
class Sources(mixins.ListModelMixin, mixins.RetrieveModelMixin, BaseViewSet):
    """Streams of outputs: where they are and what their columns mean."""

    serializer_class = SourceSerializer
    queryset = Source.objects.none()
    required_actions: ClassVar[dict[str, str]] = {
        "list": "audits.view",
        "retrieve": "audits.view",
        "create": "audits.plan",
        "destroy": "audits.plan",
        "mapping": "audits.plan",
        "check": "audits.plan",
        "pause": "audits.plan",
        "resume": "audits.plan",
        "rows": "audits.push",
    }

    def get_queryset(self) -> QuerySet[Source]:
        found = selectors.sources_for(self.actor)
        key = self.request.query_params.get("system")
        return found.filter(system__key=key) if key else found

    @extend_schema(request=NewSource, responses={201: SourceSerializer})
    def create(self, request: Request) -> Response:
        form = NewSource(data=request.data)
        form.is_valid(raise_exception=True)
        given: dict[str, Any] = dict(form.validated_data)
        system = find_system(given.pop("system"), self.actor)
        made = services.create_source(system=system, actor=self.actor, **given)
        return Response(self.get_serializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        services.delete_source(source=self._source(pk), actor=self.actor)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=Mapping, responses=SourceSerializer)
    @action(detail=True, methods=["post"])
    def mapping(self, request: Request, pk: str) -> Response:
        """Say what the columns mean; columns of sent files without a role are left out."""
        form = Mapping(data=request.data)
        form.is_valid(raise_exception=True)
        source, given = self._source(pk), form.validated_data
        if ("roles" in given) == ("columns" in given):
            raise Invalid("Give `roles` for what is sent here, or `columns` for another origin.")
        if "roles" in given:
            mapped = services.map_columns(source=source, roles=given["roles"], actor=self.actor)
        else:
            mapped = services.change_source(
                source=source, columns=given["columns"], actor=self.actor
            )
        return Response(self.get_serializer(mapped).data)

    @extend_schema(request=None, responses=CheckSerializer)
    @action(detail=True, methods=["post"])
    def check(self, request: Request, pk: str) -> Response:
        """Look at the source: its columns, rows and times."""
        found = services.check_source(source=self._source(pk), actor=self.actor)
        return Response(
            {
                "problem": found.problem,
                "tables": found.tables,
                "columns": [{"name": name, "type": kind} for name, kind in found.columns],
                "rows": found.rows,
                "earliest": found.earliest,
                "latest": found.latest,
                "notes": list(found.notes),
            }
        )

    @extend_schema(request=PauseReason, responses=SourceSerializer)
    @action(detail=True, methods=["post"])
    def pause(self, request: Request, pk: str) -> Response:
        form = PauseReason(data=request.data)
        form.is_valid(raise_exception=True)
        paused = services.pause_source(
            source=self._source(pk), reason=form.validated_data["reason"], actor=self.actor
        )
        return Response(self.get_serializer(paused).data)

    @extend_schema(request=None, responses=SourceSerializer)
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, pk: str) -> Response:
        resumed = services.resume_source(source=self._source(pk), actor=self.actor)
        return Response(self.get_serializer(resumed).data)

    @extend_schema(
        parameters=[
            OF_A_VERSION,
            OpenApiParameter(
                "occurred_at",
                OpenApiTypes.DATETIME,
                description="one time, with a zone, for rows that have none of their own",
            ),
        ],
        request=dict.fromkeys(MEDIA_TYPES, OpenApiTypes.BINARY),
        responses={201: OutputBatchSerializer, 200: OutputBatchSerializer},
    )
    @action(detail=True, methods=["post"], parser_classes=(RawBody,))
    def rows(self, request: Request, pk: str) -> Response:
        """Send a file of the source under the names its columns have there."""
        media_type = sent_media_type(request)
        source = selectors.find_source_to_send(pk, self.actor)
        key = request.query_params.get("version", "")
        version = source.system.versions.filter(key=key).first() if key else None
        if key and version is None:
            raise Invalid(f"The system {source.system.key} has no version {key!r}.")
        moment = _moment(request.query_params.get("occurred_at", ""))
        with body_file(request) as body:
            batch, created = services.take_in(
                source=source,
                data=Path(body.name),
                media_type=media_type,
                version=version,
                moment=moment,
                actor=self.actor,
            )
        code = status.HTTP_201_CREATED if created else status.HTTP_200_OK
        context = self.get_serializer_context()
        return Response(OutputBatchSerializer(batch, context=context).data, status=code)

    def _source(self, pk: str) -> Source:
        return selectors.find_source_by_id(pk, self.actor)


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    try:
        moment = parse_datetime(text)
    except ValueError:
        moment = None
    if moment is None:
        raise Invalid("occurred_at is a time with a zone, such as 2026-01-31T09:00:00Z.")
    return moment
