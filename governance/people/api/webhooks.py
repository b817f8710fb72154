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
    MessageState,
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
    waiting = serializers.IntegerField(read_only=True, default=0)
    given_up = serializers.IntegerField(read_only=True, default=0)
    last_arrived = serializers.DateTimeField(read_only=True, default=None, allow_null=True)
    failures = serializers.IntegerField(
        read_only=True, help_text="How often in a row the server did not answer."
    )
    previous_until = serializers.DateTimeField(
        read_only=True, help_text="Until when the secret before the last rotation signs too."
    )

    class Meta:
        model = WebhookEndpoint
        fields: ClassVar[list[str]] = [
            "id",
            "name",
            "url",
            "event_types",
            "signing",
            "state",
            "waiting",
            "given_up",
            "last_arrived",
            "failures",
            "retry_at",
            "previous_until",
        ]
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
    subject = serializers.CharField(source="about")

    class Meta:
        model = WebhookMessage
        fields: ClassVar[list[str]] = [
            "id",
            "endpoint",
            "event_type",
            "subject",
            "urgent",
            "idempotency_key",
            "state",
            "attempts",
            "last_attempt_at",
            "last_took_ms",
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


class WebhookEndpointDetail(IdempotentRequests):
    """One endpoint: what waits for it, what was given up, whether its server answers."""

    required_actions: ClassVar[dict[str, str]] = {"get": "webhooks.view"}

    @extend_schema(responses=EndpointOut)
    def get(self, request: Request, pk: UUID) -> Response:
        return Response(EndpointOut(_endpoint(request, pk)).data)


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


class RetriedOut(serializers.Serializer[Any]):
    messages = serializers.IntegerField(help_text="How many messages are tried now.")


class WebhookRetryAll(IdempotentRequests):
    """Try everything that waits for an endpoint now, in its order."""

    required_actions: ClassVar[dict[str, str]] = {"post": "webhooks.edit"}

    @extend_schema(request=None, responses={202: RetriedOut})
    def post(self, request: Request, pk: UUID) -> Response:
        count = services.retry_endpoint(
            endpoint=_endpoint(request, pk), actor=request_actor(request)
        )
        return Response({"messages": count}, status=202)


class MessagesAsked(serializers.Serializer[Any]):
    endpoint = serializers.UUIDField(required=False, help_text="Only those to this endpoint.")
    state = serializers.ChoiceField(MessageState.choices, required=False)


class WebhookMessages(generics.ListAPIView[WebhookMessage]):
    """What was sent, newest first; `endpoint` and `state` narrow it."""

    required_actions: ClassVar[dict[str, str]] = {"get": "webhooks.view"}
    serializer_class = MessageOut
    queryset = WebhookMessage._default_manager.none()

    @extend_schema(parameters=[MessagesAsked])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[WebhookMessage]:
        asked = MessagesAsked(data=self.request.query_params)
        asked.is_valid(raise_exception=True)
        found = selectors.messages_for(request_actor(self.request)).order_by("-id")
        return found.filter(**asked.validated_data)


def _message(request: Request, pk: UUID) -> WebhookMessage:
    found = selectors.messages_for(request_actor(request)).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


class WebhookReplay(IdempotentRequests):
    """Send a message again under its own id."""

    required_actions: ClassVar[dict[str, str]] = {"post": "webhooks.edit"}

    @extend_schema(request=None, responses={202: MessageOut})
    def post(self, request: Request, pk: UUID) -> Response:
        message = services.replay_message(
            message=_message(request, pk), actor=request_actor(request)
        )
        return Response(MessageOut(message).data, status=202)


class WebhookRetry(IdempotentRequests):
    """Try a waiting message now instead of at its time."""

    required_actions: ClassVar[dict[str, str]] = {"post": "webhooks.edit"}

    @extend_schema(request=None, responses={202: MessageOut})
    def post(self, request: Request, pk: UUID) -> Response:
        message = services.retry_message(
            message=_message(request, pk), actor=request_actor(request)
        )
        return Response(MessageOut(message).data, status=202)


class WebhookGiveUp(IdempotentRequests):
    """Stop trying a waiting message; later ones about its subject may pass."""

    required_actions: ClassVar[dict[str, str]] = {"post": "webhooks.edit"}

    @extend_schema(request=None, responses=MessageOut)
    def post(self, request: Request, pk: UUID) -> Response:
        message = services.give_up_message(
            message=_message(request, pk), actor=request_actor(request)
        )
        return Response(MessageOut(message).data)
