"""The register over REST: list, read, register, change. Parse, call a service, render."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django.db import transaction
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from governance.core.api.viewsets import BaseViewSet
from governance.registry import selectors, services
from governance.registry.api import serializers
from governance.registry.models import (
    DataFlow,
    Feature,
    ModelVersion,
    Surface,
    System,
)

VIEW = {"list": "registry.view", "retrieve": "registry.view"}
EDIT = {**VIEW, "create": "registry.edit", "partial_update": "registry.edit"}


class RegisterViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, BaseViewSet):
    """One noun of the register, looked up by its key."""

    lookup_field = "key"
    lookup_value_regex = "[^/]+"
    noun: ClassVar[str]
    register: ClassVar[Callable[..., Any]]
    update_noun: ClassVar[Callable[..., Any]]
    #: What names a noun and so never changes.
    fixed: ClassVar[frozenset[str]] = frozenset({"key"})

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        given = self.get_serializer(data=request.data)
        given.is_valid(raise_exception=True)
        made = type(self).register(actor=self.actor, **given.validated_data)
        return Response(self.get_serializer(made).data, status=status.HTTP_201_CREATED)

    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        with transaction.atomic():
            instance = self.locked_object()
            given = self.get_serializer(instance, data=request.data, partial=True)
            given.is_valid(raise_exception=True)
            said = given.validated_data.items()
            changes = {name: value for name, value in said if name not in self.fixed}
            changed = type(self).update_noun(**{self.noun: instance}, actor=self.actor, **changes)
        return Response(self.get_serializer(changed).data)


class SystemViewSet(RegisterViewSet):
    queryset = System._default_manager.none()  # its model, for the schema
    serializer_class = serializers.SystemSerializer
    required_actions = {**EDIT, "serve": "registry.serve", "fallback": "registry.edit"}
    noun = "system"
    register = staticmethod(services.register_system)
    update_noun = staticmethod(services.update_system)
    filterset_fields = ("on_pause", "risk_tier")

    def get_queryset(self) -> QuerySet[Any]:
        return selectors.systems_for(self.actor).prefetch_related("surfaces", "purposes")

    def get_serializer(self, *args: Any, **kwargs: Any) -> Any:
        given = args[0] if args else None
        systems = [] if given is None else given if kwargs.get("many") else [given]
        kwargs["context"] = {
            **self.get_serializer_context(),
            "states": selectors.system_states(systems),
        }
        return self.get_serializer_class()(*args, **kwargs)

    @extend_schema(request=serializers.ServeSerializer, responses=serializers.SystemSerializer)
    @action(detail=True, methods=["post"], serializer_class=serializers.ServeSerializer)
    def serve(self, request: Request, key: str) -> Response:
        """Make an approved version the one that serves."""
        return self._set_version(request, services.set_serving_version)

    @extend_schema(request=serializers.ServeSerializer, responses=serializers.SystemSerializer)
    @action(detail=True, methods=["post"], serializer_class=serializers.ServeSerializer)
    def fallback(self, request: Request, key: str) -> Response:
        """Name the version for people who are not profiled."""
        return self._set_version(request, services.set_fallback_version)

    def _set_version(self, request: Request, service: Callable[..., Any]) -> Response:
        given = serializers.ServeSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        system = self.get_object()
        version = selectors.find_version(system.key, given.validated_data["version"], self.actor)
        system = service(
            system=system,
            version=version,
            actor=self.actor,
            reason=given.validated_data["reason"],
        )
        context = {"states": selectors.system_states([system])}
        return Response(serializers.SystemSerializer(system, context=context).data)


class VersionViewSet(RegisterViewSet):
    """Versions, looked up as `<system>:<version>`."""

    queryset = ModelVersion._default_manager.none()  # its model, for the schema
    serializer_class = serializers.VersionSerializer
    required_actions = EDIT
    noun = "version"
    register = staticmethod(services.register_version)
    update_noun = staticmethod(services.update_version)
    fixed = frozenset({"key", "system"})
    filterset_fields = ("state", "system__key")

    def get_queryset(self) -> QuerySet[ModelVersion]:
        found = ModelVersion.objects.for_actor(self.actor).select_related("system")
        return found.prefetch_related("features")

    def get_object(self) -> ModelVersion:
        system_key, _, version_key = self.kwargs["key"].partition(":")
        return selectors.find_version(system_key, version_key, self.actor)


class SurfaceViewSet(RegisterViewSet):
    queryset = Surface._default_manager.none()  # its model, for the schema
    serializer_class = serializers.SurfaceSerializer
    required_actions = EDIT
    noun = "surface"
    register = staticmethod(services.register_surface)
    update_noun = staticmethod(services.update_surface)

    def get_queryset(self) -> QuerySet[Any]:
        return selectors.surfaces_for(self.actor).prefetch_related("purposes")


class FeatureViewSet(RegisterViewSet):
    queryset = Feature._default_manager.none()  # its model, for the schema
    serializer_class = serializers.FeatureSerializer
    required_actions = EDIT
    noun = "feature"
    register = staticmethod(services.register_feature)
    update_noun = staticmethod(services.update_feature)
    filterset_fields = ("sensitivity", "systems__key")

    def get_queryset(self) -> QuerySet[Feature]:
        found = Feature.objects.for_actor(self.actor).select_related("owner")
        return found.prefetch_related("systems", "allowed_purposes")


class FlowViewSet(RegisterViewSet):
    queryset = DataFlow._default_manager.none()  # its model, for the schema
    serializer_class = serializers.FlowSerializer
    required_actions = EDIT
    noun = "flow"
    register = staticmethod(services.register_flow)
    update_noun = staticmethod(services.update_flow)
    filterset_fields = ("kind", "system__key")

    def get_queryset(self) -> QuerySet[DataFlow]:
        return DataFlow.objects.for_actor(self.actor).select_related("system", "purpose")
