"""The REST doors of recipients: register, list, name people, and confirm what they were told."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from consent.models.recipients import Recipient
from consent.recipients import selectors, services
from governance.core.api.idempotency import IdempotentRequests
from governance.people.actors import request_actor


class RecipientIn(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=100)
    purposes = serializers.ListField(child=serializers.CharField(max_length=63), max_length=100)
    endpoint = serializers.UUIDField(help_text="The webhook endpoint it is told by.")
    confirm_hours = serializers.IntegerField(min_value=1, max_value=720, required=False, default=72)


class RecipientOut(serializers.ModelSerializer[Recipient]):
    purposes: serializers.SlugRelatedField[Any] = serializers.SlugRelatedField(
        slug_field="key", many=True, read_only=True
    )
    endpoint = serializers.CharField(source="endpoint.name")
    open = serializers.IntegerField(help_text="Notices not confirmed yet.")
    overdue = serializers.IntegerField(help_text="Of them, those beyond their time.")

    class Meta:
        model = Recipient
        fields: ClassVar[list[str]] = [
            "id",
            "name",
            "purposes",
            "endpoint",
            "confirm_hours",
            "open",
            "overdue",
        ]
        read_only_fields = fields


class NamesIn(serializers.Serializer[Any]):
    names = serializers.DictField(
        child=serializers.CharField(max_length=200), help_text="External id: the recipient's id."
    )


class NamedOut(serializers.Serializer[Any]):
    named = serializers.IntegerField()


class ConfirmIn(serializers.Serializer[Any]):
    notice = serializers.UUIDField()
    code = serializers.CharField(max_length=100, help_text="From the webhook's `confirm.code`.")


class ConfirmOut(serializers.Serializer[Any]):
    notice = serializers.UUIDField(source="id")
    confirmed_at = serializers.DateTimeField()


class Recipients(generics.ListAPIView[Recipient], IdempotentRequests):
    """Companies that received people's data, and what waits for their confirmation."""

    required_actions: ClassVar[dict[str, str]] = {
        "get": "consent.view",
        "post": "consent.edit_recipients",
    }
    serializer_class = RecipientOut
    queryset = Recipient._default_manager.none()

    def get_queryset(self) -> QuerySet[Recipient]:
        return selectors.recipients_for(request_actor(self.request)).order_by("-id")

    @extend_schema(request=RecipientIn, responses={201: RecipientOut})
    def post(self, request: Request) -> Response:
        given = RecipientIn(data=request.data)
        given.is_valid(raise_exception=True)
        actor = request_actor(request)
        made = services.register_recipient(**given.validated_data, actor=actor)
        told = selectors.recipients_for(actor).get(pk=made.pk)
        return Response(RecipientOut(told).data, status=201)


class RecipientPeople(IdempotentRequests):
    """Note how a recipient names people, so that it is told by its own ids."""

    required_actions: ClassVar[dict[str, str]] = {"post": "consent.write"}

    @extend_schema(request=NamesIn, responses=NamedOut)
    def post(self, request: Request, pk: UUID) -> Response:
        given = NamesIn(data=request.data)
        given.is_valid(raise_exception=True)
        recipient = Recipient.objects.filter(pk=pk).first()
        if recipient is None:
            raise Http404
        named = services.name_people(
            recipient=recipient, actor=request_actor(request), **given.validated_data
        )
        return Response({"named": named})


class ConfirmRecipient(APIView):
    """A recipient says that it acted; the code of its message is what it proves itself by."""

    authentication_classes = []
    permission_classes = []

    @extend_schema(request=ConfirmIn, responses=ConfirmOut, auth=[])
    def post(self, request: Request, pk: UUID) -> Response:
        given = ConfirmIn(data=request.data)
        given.is_valid(raise_exception=True)
        return Response(
            ConfirmOut(services.confirm_notice(recipient=pk, **given.validated_data)).data
        )
