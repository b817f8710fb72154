"""Signals over REST, read-only: `?scope_key=` and `?prefix=` narrow the list."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import mixins, serializers

from governance.core.api.viewsets import BaseViewSet
from governance.core.clock import database_now
from governance.signals.models import CurrentSignal
from governance.signals.selectors import read, signals_for_actor


class SignalSerializer(serializers.ModelSerializer[CurrentSignal]):
    value = serializers.SerializerMethodField(method_name="reading")
    stale = serializers.SerializerMethodField()

    class Meta:
        model = CurrentSignal
        fields = (
            "key", "scope", "scope_key", "value", "state", "sentence", "source", "published_at",
            "stale",
        )  # fmt: skip

    def reading(self, row: CurrentSignal) -> float | str | None:
        return row.number if row.number is not None else (row.text or None)

    def get_stale(self, row: CurrentSignal) -> bool:
        return read(row, self.context["now"]).stale


@extend_schema_view(
    list=extend_schema(
        parameters=[
            OpenApiParameter("scope_key", str, description="the key of what the signal is about"),
            OpenApiParameter("prefix", str, description="how the signal's own key starts"),
        ]
    )
)
class SignalViewSet(mixins.ListModelMixin, BaseViewSet):
    queryset = CurrentSignal._default_manager.none()  # its model, for the schema
    serializer_class = SignalSerializer
    required_actions = {"list": "signals.view"}

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "now": database_now()}

    def get_queryset(self) -> QuerySet[CurrentSignal]:
        found = signals_for_actor(self.actor)
        asked = self.request.query_params
        if "scope_key" in asked:
            found = found.filter(scope_key=asked["scope_key"])
        if "prefix" in asked:
            found = found.filter(key__startswith=asked["prefix"])
        return found
