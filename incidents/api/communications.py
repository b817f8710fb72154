"""Messages about incidents over REST, to read: texts, and whom each has reached."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework import mixins, serializers

from governance.core.api.viewsets import BaseViewSet
from incidents.models import Communication, CommunicationDelivery
from incidents.selectors import communications_for


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


class CommunicationViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, BaseViewSet):
    """What was told of incidents, to whom, and whom it reached."""

    serializer_class = CommunicationSerializer
    queryset = Communication._default_manager.none()
    required_actions = {"list": "incidents.view", "retrieve": "incidents.view"}

    def get_queryset(self) -> QuerySet[Communication]:
        return communications_for(self.actor).prefetch_related("deliveries")
