"""API views of people: who am I, and the list of API keys."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from governance.people import selectors
from governance.people.actors import request_actor
from governance.people.models import ApiKey


class WhoAmISerializer(serializers.Serializer[Any]):
    kind = serializers.CharField()
    reference = serializers.CharField()
    display = serializers.CharField()
    roles = serializers.ListField(child=serializers.CharField())
    scopes = serializers.ListField(child=serializers.CharField())
    system_keys = serializers.ListField(
        child=serializers.CharField(), allow_null=True, help_text="null: every system"
    )


class ApiKeySerializer(serializers.ModelSerializer[ApiKey]):
    class Meta:
        model = ApiKey
        fields: ClassVar[list[str]] = [
            "id",
            "name",
            "prefix",
            "scopes",
            "system_keys",
            "created_at",
            "expires_at",
            "last_used_at",
            "revoked_at",
        ]
        read_only_fields = fields


class WhoAmI(APIView):
    """The caller as the product sees them."""

    required_actions: ClassVar[dict[str, str]] = {"get": "account.whoami"}

    @extend_schema(responses=WhoAmISerializer)
    def get(self, request: Request) -> Response:
        actor = request_actor(request)
        systems = actor.system_keys
        return Response(
            {
                "kind": actor.kind,
                "reference": actor.reference,
                "display": actor.display,
                "roles": sorted(actor.roles),
                "scopes": sorted(actor.scopes),
                "system_keys": None if systems is None else sorted(systems),
            }
        )


class ApiKeyList(generics.ListAPIView[ApiKey]):
    """API keys, newest first; never their secrets."""

    queryset = ApiKey._default_manager.none()  # its model, for the schema
    serializer_class = ApiKeySerializer
    required_actions: ClassVar[dict[str, str]] = {"get": "keys.view"}

    def get_queryset(self) -> QuerySet[ApiKey]:
        return selectors.keys_for(request_actor(self.request))
