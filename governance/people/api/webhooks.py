"""API of webhooks: register, list, pause, rotate, test; what was sent, and sending it again."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from governance.core.api.idempotency import IdempotentRequests
from governance.outbox.webhooks import selectors, services
from governance.outbox.webhooks.models import (
    EndpointState,
    Signing,
    WebhookEndpoint,
    WebhookMessage,
)
from governance.people.actors import request_actor


class EndpointIn(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=100)
    url = serializers.CharField(max_length=500)
    event_types = serializers.ListField(
        child=serializers.CharField(max_length=80), required=False, default=list, max_length=50
    )
    signing = serializers.ChoiceField(Signing.choices, required=False, default=Signing.HMAC)


class EndpointOut(serializers.ModelSerializer[WebhookEndpoint]):
    class Meta:
        model = WebhookEndpoint
        fields: ClassVar[list[str]] = ["id", "name", "url", "event_types", "signing", "state"]
        read_only_fields = fields


class RegisteredOut(serializers.Serializer[Any]):
    endpoint = EndpointOut()
    secret = serializers.CharField(help_text="The shared secret or the public key, shown once.")


class SecretOut(serializers.Serializer[Any]):
    secret = serializers.CharField()


class StateIn(serializers.Serializer[Any]):
    state = serializers.ChoiceField([EndpointState.ACTIVE.value, EndpointState.PAUSED.value])


class MessageOut(serializers.ModelSerializer[WebhookMessage]):
    endpoint = serializers.CharField(source="endpoint.name")

    class Meta:
        model = WebhookMessage
        fields: ClassVar[list[str]] = [
            "id",
            "endpoint",
            "event_type",
            "state",
            "attempts",
            "last_status",
            "last_error",
            "created_at",
            "next_attempt_at",
            "done_at",
        ]
        read_only_fields = fields


def _endpoint(request: Request, pk: UUID) -> WebhookEndpoint:
    found = selectors.endpoints_for(request_actor(request)).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


class WebhookEndpoints(generics.ListAPIView[WebhookEndpoint], IdempotentRequests):
    """Endpoints; registering one returns its secret once."""

    required_actions: ClassVar[dict[str, str]] = {"get": "webhooks.view", "post": "webhooks.edit"}
    serializer_class = EndpointOut
    queryset = WebhookEndpoint._default_manager.none()

    def get_queryset(self) -> QuerySet[WebhookEndpoint]:
        return selectors.endpoints_for(request_actor(self.request)).order_by("-id")

    @extend_schema(request=EndpointIn, responses={201: RegisteredOut})
    def post(self, request: Request) -> Response:
        given = EndpointIn(data=request.data)
        given.is_valid(raise_exception=True)
        endpoint, secret = services.register_endpoint(
            **given.validated_data, actor=request_actor(request)
        )
        told = RegisteredOut({"endpoint": endpoint, "secret": secret})
        return Response(told.data, status=201)


class WebhookEndpointState(IdempotentRequests):
    """Pause an endpoint or take it up again."""

    required_actions: ClassVar[dict[str, str]] = {"post": "webhooks.edit"}

    @extend_schema(request=StateIn, responses=EndpointOut)
    def post(self, request: Request, pk: UUID) -> Response:
        given = StateIn(data=request.data)
        given.is_valid(raise_exception=True)
        endpoint = services.set_endpoint_state(
            endpoint=_endpoint(request, pk), actor=request_actor(request), **given.validated_data
        )
        return Response(EndpointOut(endpoint).data)


class WebhookEndpointSecret(IdempotentRequests):
    """Make a new secret; the old one signs beside it for a day."""

    required_actions: ClassVar[dict[str, str]] = {"post": "webhooks.edit"}

    @extend_schema(request=None, responses=SecretOut)
    def post(self, request: Request, pk: UUID) -> Response:
        secret = services.rotate_secret(
            endpoint=_endpoint(request, pk), actor=request_actor(request)
        )
        return Response({"secret": secret})


class WebhookTest(IdempotentRequests):
    """Send a test message."""

    required_actions: ClassVar[dict[str, str]] = {"post": "webhooks.edit"}

    @extend_schema(request=None, responses={202: MessageOut})
    def post(self, request: Request, pk: UUID) -> Response:
        message = services.send_test(endpoint=_endpoint(request, pk), actor=request_actor(request))
        return Response(MessageOut(message).data, status=202)


class WebhookMessages(generics.ListAPIView[WebhookMessage]):
    """What was sent, newest first."""

    required_actions: ClassVar[dict[str, str]] = {"get": "webhooks.view"}
    serializer_class = MessageOut
    queryset = WebhookMessage._default_manager.none()

    def get_queryset(self) -> QuerySet[WebhookMessage]:
        return selectors.messages_for(request_actor(self.request))


class WebhookReplay(IdempotentRequests):
    """Send a message again under its own id."""

    required_actions: ClassVar[dict[str, str]] = {"post": "webhooks.edit"}

    @extend_schema(request=None, responses={202: MessageOut})
    def post(self, request: Request, pk: UUID) -> Response:
        actor = request_actor(request)
        message = selectors.messages_for(actor).filter(pk=pk).first()
        if message is None:
            raise Http404
        return Response(
            MessageOut(services.replay_message(message=message, actor=actor)).data, status=202
        )
