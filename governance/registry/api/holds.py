"""Holds over REST: place, approve, and lift by two people."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from governance.core.api.viewsets import BaseViewSet
from governance.core.errors import Invalid
from governance.registry import selectors, services
from governance.registry.api.serializers import (
    HoldReasonSerializer,
    HoldSerializer,
    LiftSerializer,
    PlaceHoldSerializer,
)
from governance.registry.models import Hold
from governance.registry.models.holds import TARGETS
from governance.registry.ports import release_guards


@extend_schema_view(
    list=extend_schema(
        parameters=[OpenApiParameter("active", bool, description="in force, or released")]
    )
)
class HoldViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, BaseViewSet):
    queryset = Hold._default_manager.none()  # its model, for the schema
    serializer_class = HoldSerializer
    required_actions = {
        "list": "registry.view",
        "retrieve": "registry.view",
        "create": "registry.hold",
        "approve": "registry.approve_hold",
        "lift": "registry.lift_hold",
    }
    lookup_value_regex = "[0-9a-f-]{36}"

    def get_queryset(self) -> QuerySet[Hold]:
        holds = Hold.objects.for_actor(self.actor).select_related(
            "system", "surface", "purpose", "version__system"
        )
        wanted = self.request.query_params.get("active")
        if wanted in ("true", "false"):
            holds = holds.filter(released_at__isnull=wanted == "true")
        return holds

    @extend_schema(
        request=PlaceHoldSerializer, responses={201: HoldSerializer, 200: HoldSerializer}
    )
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Hold one target at once; the effect is in force when this answers."""
        given = PlaceHoldSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        fields = dict(given.validated_data)
        named = {name: fields.pop(name) for name in TARGETS if name in fields}
        if len(named) != 1:
            raise Invalid("Name exactly one of system, surface, purpose or version.")
        ((kind, key),) = named.items()
        cause = fields.pop("cause", f"manual:{self.actor.reference}")
        target = {kind: selectors.find_target(kind, key, self.actor)}
        known = Hold.objects.active().filter(cause=cause, **target).exists()
        hold = services.place_hold(**target, cause=cause, actor=self.actor, **fields)
        answer = status.HTTP_200_OK if known else status.HTTP_201_CREATED
        return Response(HoldSerializer(hold).data, status=answer)

    @extend_schema(request=None, responses=HoldSerializer)
    @action(detail=True, methods=["post"])
    def approve(self, request: Request, pk: str) -> Response:
        """Stand behind a hold that another person placed."""
        hold = services.approve_hold(hold=self.get_object(), actor=self.actor)
        return Response(HoldSerializer(hold).data)

    @extend_schema(
        request=HoldReasonSerializer, responses={200: LiftSerializer, 202: LiftSerializer}
    )
    @action(detail=True, methods=["post"], serializer_class=HoldReasonSerializer)
    def lift(self, request: Request, pk: str) -> Response:
        """The first person's call answers 202 and proposes; a second person's call lifts."""
        given = HoldReasonSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        reason, hold = given.validated_data["reason"], self.get_object()
        if not hold.release_proposed_by:
            hold = services.propose_release(hold=hold, actor=self.actor, reason=reason)
            missing = [sentence for guard in release_guards() for sentence in guard(hold)]
            waiting = {
                "state": "awaiting_second_person",
                "missing": missing,
                "hold": HoldSerializer(hold).data,
            }
            return Response(waiting, status=status.HTTP_202_ACCEPTED)
        hold = services.release_hold(hold=hold, actor=self.actor, reason=reason)
        return Response({"state": "lifted", "hold": HoldSerializer(hold).data})
