"""What a hold would do, over REST: asked before it is placed."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from governance.core.api.viewsets import BaseViewSet
from governance.core.errors import Invalid
from governance.registry.choices import HoldEffect
from governance.registry.models import Hold, ModelVersion, System
from governance.registry.models.holds import TARGETS
from governance.registry.ports import HoldProposal
from governance.registry.selectors import find_target
from governance.registry.services.holds import default_effect
from incidents.impact.preview import preview


class NumberSerializer(serializers.Serializer[Any]):
    value = serializers.IntegerField()
    low = serializers.IntegerField(allow_null=True, help_text="Null: the value is exact.")
    high = serializers.IntegerField(allow_null=True)


class ChangeSerializer(serializers.Serializer[Any]):
    known = NumberSerializer()
    personalised = NumberSerializer(help_text="For whom it personalises now.")
    to_non_profiled = NumberSerializer()
    to_deny = NumberSerializer()
    denied_more = NumberSerializer()
    minors = NumberSerializer()
    strangers_before = serializers.CharField(help_text="What somebody unknown gets now.")
    strangers_after = serializers.CharField()


class FallbackSerializer(serializers.Serializer[Any]):
    key = serializers.CharField()
    approved = serializers.BooleanField()
    held = serializers.BooleanField()
    audited_at = serializers.DateTimeField(allow_null=True)
    verdict = serializers.CharField(allow_blank=True)
    served_at = serializers.DateTimeField(allow_null=True)
    warnings = serializers.ListField(child=serializers.CharField())


class TargetOutlookSerializer(serializers.Serializer[Any]):
    key = serializers.CharField()
    title = serializers.CharField()
    will = serializers.CharField()
    last_heard = serializers.DateTimeField(allow_null=True)


class SystemOutlookSerializer(serializers.Serializer[Any]):
    key = serializers.CharField()
    title = serializers.CharField()
    change = ChangeSerializer()
    surfaces = serializers.ListField(child=serializers.CharField())
    fallback = FallbackSerializer(allow_null=True)
    fallback_is_used = serializers.BooleanField()
    targets = TargetOutlookSerializer(many=True)


class HoldPreviewSerializer(serializers.Serializer[Any]):
    effect = serializers.ChoiceField(choices=HoldEffect.choices)
    systems = SystemOutlookSerializer(many=True)
    others = serializers.IntegerField(help_text="Systems it reaches that are not listed.")
    notes = serializers.ListField(child=serializers.CharField())


class HoldPreviewViewSet(BaseViewSet):
    """Whom a hold would touch; nothing is placed."""

    serializer_class = HoldPreviewSerializer
    queryset = Hold._default_manager.none()
    required_actions = {"preview": "registry.hold"}

    @extend_schema(
        operation_id="holds_preview",
        parameters=[
            *(
                OpenApiParameter(name, str, description="its key; name one target")
                for name in TARGETS
            ),
            OpenApiParameter("effect", str, enum=list(HoldEffect.values)),
        ],
        responses=HoldPreviewSerializer,
    )
    def preview(self, request: Request) -> Response:
        """Say who is affected, how the fallback is, and what each serving target will do."""
        asked = request.query_params
        named = {name: asked[name] for name in TARGETS if asked.get(name)}
        if len(named) != 1:
            raise Invalid("Name exactly one of system, surface, purpose or version.")
        ((kind, key),) = named.items()
        target = find_target(kind, key, self.actor)
        effect = asked.get("effect") or default_effect(
            system=target if isinstance(target, System) else None,
            version=target if isinstance(target, ModelVersion) else None,
        )
        if effect not in HoldEffect.values:
            raise Invalid(f"{effect!r} is not an effect of a hold; choose deny or non_profiled.")
        told = preview(HoldProposal(kind, target, effect), self.actor)
        answer = {
            "effect": effect,
            "systems": told.systems,
            "others": told.others,
            "notes": told.notes,
        }
        return Response(HoldPreviewSerializer(answer).data)
