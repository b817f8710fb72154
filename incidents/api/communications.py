"""Messages about incidents over REST, to read: texts, and whom each has reached."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from governance.core.api.viewsets import BaseViewSet
from incidents.models import Communication, CommunicationDelivery
from incidents.selectors import communications_for
from incidents.services.affected import ASKS, MOST_ASKED, affected_among


class DeliverySerializer(serializers.ModelSerializer[CommunicationDelivery]):
    class Meta:
        model = CommunicationDelivery
        fields = (
            "id",
            "recipient",
            "channel",
            "language",
            "state",
            "attempts",
            "problem",
            "note",
            "delivered_at",
        )


class CommunicationSerializer(serializers.ModelSerializer[Communication]):
    incident = serializers.CharField(source="incident.reference", read_only=True)
    corrects = serializers.IntegerField(source="corrects.number", read_only=True, default=None)
    texts = serializers.SerializerMethodField()
    deliveries = DeliverySerializer(many=True, read_only=True)

    class Meta:
        model = Communication
        fields = (
            "id",
            "incident",
            "number",
            "audience",
            "stage",
            "state",
            "corrects",
            "version",
            "proposed_by",
            "approved_by",
            "sent_by",
            "sent_at",
            "sha256",
            "texts",
            "deliveries",
        )

    def get_texts(self, communication: Communication) -> dict[str, dict[str, Any]]:
        """Subject and body by language, as they were sent; empty before that."""
        texts: dict[str, dict[str, Any]] = communication.released
        return texts


class PeopleAskedSerializer(serializers.Serializer[Any]):
    subjects = serializers.ListField(
        child=serializers.CharField(max_length=200), min_length=1, max_length=MOST_ASKED
    )


class PeopleAffectedSerializer(serializers.Serializer[Any]):
    affected = serializers.ListField(child=serializers.CharField())


class CommunicationViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, BaseViewSet):
    """What was told of incidents, to whom, and whom it reached."""

    serializer_class = CommunicationSerializer
    queryset = Communication._default_manager.none()
    required_actions = {"list": "incidents.view", "retrieve": "incidents.view", "affected": ASKS}

    def get_queryset(self) -> QuerySet[Communication]:
        return communications_for(self.actor).prefetch_related("deliveries")

    @extend_schema(request=PeopleAskedSerializer, responses=PeopleAffectedSerializer)
    @action(detail=True, methods=["post"])
    def affected(self, request: Request, pk: str) -> Response:
        """Which of these people (your own ids) the message is due to; asked by who mails them."""
        form = PeopleAskedSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        found = affected_among(
            communication=self.get_object(),
            subjects=form.validated_data["subjects"],
            actor=self.actor,
        )
        return Response({"affected": found})
