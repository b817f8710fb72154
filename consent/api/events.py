"""The REST door of consent events: record what a person chose, follow what was recorded."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from consent import services
from consent.api.serializers import EventIn, EventOut
from consent.selectors import events
from governance.core.api.idempotency import IdempotentRequests
from governance.core.errors import Invalid
from governance.people.actors import request_actor


class HowIn(EventIn):
    """What may be said besides: steps, surface, language, and whether a guardian chose."""

    clicks = serializers.IntegerField(
        required=False, allow_null=True, min_value=0, max_value=1000, help_text="Steps it took."
    )
    surface = serializers.CharField(max_length=63, required=False, allow_blank=True)
    language = serializers.CharField(max_length=8, required=False, allow_blank=True)
    guardian = serializers.BooleanField(required=False, default=False)


class FeedEventOut(serializers.Serializer[Any]):
    position = serializers.IntegerField()
    id = serializers.UUIDField()
    at = serializers.DateTimeField()
    occurred_at = serializers.DateTimeField()
    subject = serializers.UUIDField(help_text="Our id of the person; see consent/subjects.")
    purpose = serializers.CharField()
    status = serializers.CharField()
    previous_status = serializers.CharField()
    revision = serializers.IntegerField()
    method = serializers.CharField()
    region = serializers.CharField()
    notice_version = serializers.CharField()


class FeedOut(serializers.Serializer[Any]):
    events = FeedEventOut(many=True)
    next = serializers.CharField(help_text="Ask with it as `after`; it stays while nothing comes.")


class ConsentEvents(IdempotentRequests):
    """Record what a person chose; follow the events of all."""

    required_actions: ClassVar[dict[str, str]] = {
        "post": "consent.write",
        "get": "consent.read_events",
    }

    @extend_schema(request=HowIn, responses={201: EventOut})
    def post(self, request: Request) -> Response:
        given = HowIn(data=request.data)
        given.is_valid(raise_exception=True)
        recorded = services.record_choice(
            actor=request_actor(request._request), **given.validated_data
        )
        return Response(EventOut(recorded).data, status=201)

    @extend_schema(
        parameters=[OpenApiParameter("after", str), OpenApiParameter("limit", int)],
        responses=FeedOut,
    )
    def get(self, request: Request) -> Response:
        limit = request.query_params.get("limit", "200")
        if not limit.isdecimal() or len(limit) > 6:
            raise Invalid("limit is a number, 1 to 1000.")
        page = events.events_after(
            request.query_params.get("after", ""),
            int(limit),
            actor=request_actor(request._request),
        )
        return Response(FeedOut(page).data)
