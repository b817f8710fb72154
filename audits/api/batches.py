"""Outputs and outcomes over REST: the body is the data, the query says whose it is."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import mixins, serializers, status
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response

from audits import selectors, services
from audits.models import OutcomeBatch, OutputBatch, Source
from audits.services.pushing import LARGEST_BODY, TooLarge
from audits.sources.ingest import MEDIA_TYPES
from governance.core.api.viewsets import BaseViewSet
from governance.core.errors import Invalid
from governance.registry.models import System
from governance.registry.selectors import find_system

CHUNK = 1024 * 1024
OF_A_SYSTEM = OpenApiParameter("system", str, required=True, description="key of the system")
OF_A_VERSION = OpenApiParameter("version", str, description="key of the version")
OF_A_SOURCE = OpenApiParameter("source", str, description="key of the source they belong to")


class RawBody(BaseParser):
    """Hands the body over as a file on disk, so that large logs do not fill the memory."""

    media_type = "*/*"

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        request = (parser_context or {}).get("request")
        if request is not None and _said_length(request) > LARGEST_BODY:
            raise TooLarge  # before a byte of it is read
        file = tempfile.NamedTemporaryFile(prefix="tactful-body-")  # noqa: SIM115  (closed by view)
        size = 0
        try:
            while chunk := stream.read(CHUNK):
                size += len(chunk)
                if size > LARGEST_BODY:
                    raise TooLarge
                file.write(chunk)
            file.flush()
        except BaseException:
            file.close()
            raise
        return file


def _said_length(request: Request) -> int:
    said = request.META.get("CONTENT_LENGTH") or "0"
    return int(said) if said.isdigit() else 0


class OutputBatchSerializer(serializers.ModelSerializer[OutputBatch]):
    system = serializers.SlugRelatedField(slug_field="key", read_only=True)  # type: ignore[var-annotated]
    version = serializers.SlugRelatedField(slug_field="key", read_only=True)  # type: ignore[var-annotated]

    class Meta:
        model = OutputBatch
        fields = (
            "id",
            "system",
            "version",
            "digest",
            "rows",
            "columns",
            "occurred_from",
            "occurred_to",
            "retention_until",
            "created_at",
        )


class OutcomeBatchSerializer(serializers.ModelSerializer[OutcomeBatch]):
    system = serializers.SlugRelatedField(slug_field="key", read_only=True)  # type: ignore[var-annotated]

    class Meta:
        model = OutcomeBatch
        fields = (
            "id",
            "system",
            "digest",
            "rows",
            "columns",
            "observed_from",
            "observed_to",
            "retention_until",
            "created_at",
        )


def body_file(request: Request) -> Any:
    """The body as a file; anything that parsers turned into something else was no data."""
    body = request.data
    if not hasattr(body, "name"):
        raise Invalid("The request has no body: send the rows as the body.")
    return body


def sent_media_type(request: Request) -> str:
    sent = request.content_type or ""
    if sent.split(";", 1)[0].strip().lower() not in MEDIA_TYPES:
        raise Invalid(
            f"The Content-Type {sent!r} is not read here: use {', '.join(sorted(MEDIA_TYPES))}."
        )
    return sent


def _system(request: Request, view: BaseViewSet) -> System:
    key = request.query_params.get("system", "")
    if not key:
        raise Invalid("Say whose data it is: ?system=KEY.")
    keys = view.actor.system_keys
    if view.actor.may("registry.view"):
        return find_system(key, view.actor)
    found = System.objects.filter(key=key).first()
    if found is None or (keys is not None and key not in keys):
        raise Invalid(f"There is no system {key!r} that this key may write to.")
    return found


def _source(request: Request, system: System) -> Source | None:
    key = request.query_params.get("source", "")
    if not key:
        return None
    source = Source.objects.filter(system=system, key=key).first()
    if source is None:
        raise Invalid(f"The system {system.key} has no source {key!r}.")
    return source


@extend_schema_view(
    list=extend_schema(parameters=[OpenApiParameter("system", str, description="key")])
)
class OutputBatches(mixins.ListModelMixin, mixins.RetrieveModelMixin, BaseViewSet):
    """What a system served: Arrow stream, Parquet, JSON lines or CSV."""

    serializer_class = OutputBatchSerializer
    queryset = OutputBatch.objects.none()
    parser_classes = (RawBody,)
    required_actions: ClassVar[dict[str, str]] = {
        "list": "audits.view",
        "retrieve": "audits.view",
        "create": "audits.push",
    }

    def get_queryset(self) -> QuerySet[OutputBatch]:
        found = selectors.output_batches_for(self.actor)
        key = self.request.query_params.get("system")
        return found.filter(system__key=key) if key else found

    @extend_schema(
        parameters=[OF_A_SYSTEM, OF_A_VERSION, OF_A_SOURCE],
        request=dict.fromkeys(MEDIA_TYPES, OpenApiTypes.BINARY),
        responses={201: OutputBatchSerializer, 200: OutputBatchSerializer},
    )
    def create(self, request: Request) -> Response:
        media_type, system = sent_media_type(request), _system(request, self)
        key = request.query_params.get("version", "")
        version = system.versions.filter(key=key).first() if key else None
        if key and version is None:
            raise Invalid(f"The system {system.key} has no version {key!r}.")
        source = _source(request, system)
        with body_file(request) as body:
            given: dict[str, Any] = {
                "version": version,
                "data": Path(body.name),
                "media_type": media_type,
                "actor": self.actor,
            }
            if source is None:
                batch, created = services.push_outputs(system=system, **given)
            else:  # under the names its columns have there
                batch, created = services.take_in(source=source, **given)
        code = status.HTTP_201_CREATED if created else status.HTTP_200_OK
        return Response(self.get_serializer(batch).data, status=code)


class OutcomeBatches(mixins.ListModelMixin, mixins.RetrieveModelMixin, BaseViewSet):
    """What became of outputs: `output_id`, `y_true`, `observed_at`."""

    serializer_class = OutcomeBatchSerializer
    queryset = OutcomeBatch.objects.none()
    parser_classes = (RawBody,)
    required_actions: ClassVar[dict[str, str]] = {
        "list": "audits.view",
        "retrieve": "audits.view",
        "create": "audits.push",
    }

    def get_queryset(self) -> QuerySet[OutcomeBatch]:
        return selectors.outcome_batches_for(self.actor)

    @extend_schema(
        parameters=[OF_A_SYSTEM],
        request=dict.fromkeys(MEDIA_TYPES, OpenApiTypes.BINARY),
        responses={201: OutcomeBatchSerializer, 200: OutcomeBatchSerializer},
    )
    def create(self, request: Request) -> Response:
        media_type, system = sent_media_type(request), _system(request, self)
        with body_file(request) as body:
            batch, created = services.push_outcomes(
                system=system, data=Path(body.name), media_type=media_type, actor=self.actor
            )
        code = status.HTTP_201_CREATED if created else status.HTTP_200_OK
        return Response(self.get_serializer(batch).data, status=code)
