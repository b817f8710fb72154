"""Purposes and types over REST, and their rules with a time. Parse, call a service, render."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import transaction
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from governance.registry import services
from governance.registry.api import serializers
from governance.registry.api.register import VIEW, RegisterViewSet
from governance.registry.basis_warnings import RELATIONS
from governance.registry.models import PersonalizationType, Purpose

EDIT_PURPOSES = {
    **VIEW,
    "create": "registry.edit_purposes",
    "partial_update": "registry.edit_purposes",
    "rules": "registry.edit_purposes",
    "end_rule": "registry.edit_purposes",
}


class RuledViewSet(RegisterViewSet):
    """A noun with rules by region: set one, or let one end."""

    required_actions = EDIT_PURPOSES
    rule_serializer: type[Any]
    set_rule: Callable[..., Any]
    stop_rule: Callable[..., Any]

    def _rules(self, request: Request) -> Response:
        given = self.rule_serializer(data=request.data)
        given.is_valid(raise_exception=True)
        with transaction.atomic():
            owner = {self.noun: self.get_object()}
            rule = type(self).set_rule(**owner, actor=self.actor, **given.validated_data)
        return Response(self.rule_serializer(rule).data, status=status.HTTP_201_CREATED)

    def _end_rule(self, request: Request) -> Response:
        given = serializers.EndRuleSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        with transaction.atomic():
            owner = {self.noun: self.get_object()}
            type(self).stop_rule(**owner, actor=self.actor, **given.validated_data)
        return Response(self.get_serializer(self.get_object()).data)


class PurposeViewSet(RuledViewSet):
    queryset = Purpose.objects.select_related("parent").prefetch_related(*RELATIONS)
    serializer_class = serializers.PurposeSerializer
    noun = "purpose"
    register = staticmethod(services.register_purpose)
    update_noun = staticmethod(services.update_purpose)
    rule_serializer = serializers.RegionRuleSerializer
    set_rule = staticmethod(services.set_region_rule)
    stop_rule = staticmethod(services.end_region_rule)

    @extend_schema(
        request=serializers.RegionRuleSerializer,
        responses={201: serializers.RegionRuleSerializer},
    )
    @action(detail=True, methods=["post"])
    def rules(self, request: Request, key: str) -> Response:
        """Say how people choose in a region, from now or from a later moment on."""
        return self._rules(request)

    @extend_schema(request=serializers.EndRuleSerializer, responses=serializers.PurposeSerializer)
    @action(detail=True, methods=["post"], url_path="rules/end")
    def end_rule(self, request: Request, key: str) -> Response:
        """Let a region's rule end; the wider region's rule has the say then."""
        return self._end_rule(request)


class TypeViewSet(RuledViewSet):
    queryset = PersonalizationType.objects.prefetch_related("purposes", "age_rules")
    serializer_class = serializers.TypeSerializer
    noun = "type"
    register = staticmethod(services.register_type)
    update_noun = staticmethod(services.update_type)
    rule_serializer = serializers.AgeRuleSerializer
    set_rule = staticmethod(services.set_age_rule)
    stop_rule = staticmethod(services.end_age_rule)

    @extend_schema(
        request=serializers.AgeRuleSerializer, responses={201: serializers.AgeRuleSerializer}
    )
    @action(detail=True, methods=["post"], url_path="age-rules")
    def rules(self, request: Request, key: str) -> Response:
        """Say from which age a type is open in a region."""
        return self._rules(request)

    @extend_schema(request=serializers.EndRuleSerializer, responses=serializers.TypeSerializer)
    @action(detail=True, methods=["post"], url_path="age-rules/end")
    def end_rule(self, request: Request, key: str) -> Response:
        """Let a region's age rule end."""
        return self._end_rule(request)
