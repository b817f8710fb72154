"""The attribute vault over REST: declare, load, permit, see who read; values never leave."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from audits import selectors
from audits.api.batches import RawBody, body_file, sent_media_type
from audits.choices import Article9, AttributeKind, VaultPurpose
from audits.models import VaultAccess, VaultAttribute, VaultPermit
from audits.sources.ingest import MEDIA_TYPES
from audits.vault import attributes, loading
from governance.core.api.viewsets import BaseViewSet
from governance.core.pagination import LARGEST_PAGE, keyset_page
from governance.registry.choices import LawfulBasis


class AttributeSerializer(serializers.ModelSerializer[VaultAttribute]):
    """What is declared of an attribute, and of how many people a value is held."""

    class Meta:
        model = VaultAttribute
        fields = (
            "key",
            "title",
            "kind",
            "purposes",
            "reason",
            "legal_basis",
            "article9",
            "dpia",
            "expires_at",
            "systems",
            "subjects",
            "loaded_at",
            "inferred_reason",
            "retired_at",
            "created_at",
        )


class NewAttribute(serializers.Serializer[VaultAttribute]):
    key = serializers.SlugField(max_length=63)
    title = serializers.CharField(max_length=200)
    kind = serializers.ChoiceField(choices=AttributeKind.choices)
    purposes = serializers.ListField(child=serializers.ChoiceField(choices=VaultPurpose.choices))
    reason = serializers.CharField()
    legal_basis = serializers.ChoiceField(choices=LawfulBasis.choices)
    article9 = serializers.ChoiceField(choices=Article9.choices)
    dpia = serializers.URLField(max_length=500)
    expires_at = serializers.DateTimeField()
    systems = serializers.ListField(child=serializers.SlugField(), required=False)


class Renewal(serializers.Serializer[Any]):
    expires_at = serializers.DateTimeField()
    reason = serializers.CharField()


class Grounds(serializers.Serializer[Any]):
    reason = serializers.CharField()


class NewPermit(serializers.Serializer[Any]):
    plan = serializers.SlugField()
    reason = serializers.CharField()


class PlanName(serializers.Serializer[Any]):
    plan = serializers.SlugField()


class PermitSerializer(serializers.ModelSerializer[VaultPermit]):
    plan = serializers.SlugRelatedField(slug_field="key", read_only=True)  # type: ignore[var-annotated]
    attribute = serializers.SlugRelatedField(slug_field="key", read_only=True)  # type: ignore[var-annotated]

    class Meta:
        model = VaultPermit
        fields = ("id", "plan", "attribute", "reason", "permitted_by", "created_at", "revoked_at")


class AccessSerializer(serializers.ModelSerializer[VaultAccess]):
    class Meta:
        model = VaultAccess
        fields = ("id", "at", "act", "actor", "run_id", "why", "subjects")


class Accesses(serializers.Serializer[Any]):
    results = AccessSerializer(many=True)
    next_cursor = serializers.CharField(allow_null=True)


class VaultAttributes(mixins.ListModelMixin, mixins.RetrieveModelMixin, BaseViewSet):
    """Protected attributes: their grounds, who may join them, who did."""

    serializer_class = AttributeSerializer
    queryset = VaultAttribute._default_manager.none()
    lookup_field = "key"
    required_actions: ClassVar[dict[str, str]] = {
        "list": "audits.vault_view",
        "retrieve": "audits.vault_view",
        "accesses": "audits.vault_view",
        "create": "audits.vault",
        "renew": "audits.vault",
        "retire": "audits.vault",
        "load": "audits.vault",
        "remove": "audits.vault",
        "permit": "audits.vault",
        "revoke": "audits.vault",
        "allow_inferred": "audits.vault_inferred",
    }

    def get_queryset(self) -> QuerySet[VaultAttribute]:
        return selectors.attributes_for(self.actor)

    @extend_schema(request=NewAttribute, responses={201: AttributeSerializer})
    def create(self, request: Request) -> Response:
        form = NewAttribute(data=request.data)
        form.is_valid(raise_exception=True)
        made = attributes.create_attribute(**form.validated_data, actor=self.actor)
        return Response(self.get_serializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=Renewal, responses=AttributeSerializer)
    @action(detail=True, methods=["post"])
    def renew(self, request: Request, key: str) -> Response:
        given = _read(Renewal, request)
        found = attributes.renew_attribute(
            attribute=self._attribute(key), actor=self.actor, **given
        )
        return Response(self.get_serializer(found).data)

    @extend_schema(request=Grounds, responses=AttributeSerializer)
    @action(detail=True, methods=["post"])
    def retire(self, request: Request, key: str) -> Response:
        """End its use for good; its values go at once."""
        given = _read(Grounds, request)
        found = attributes.retire_attribute(
            attribute=self._attribute(key), actor=self.actor, **given
        )
        return Response(self.get_serializer(found).data)

    @extend_schema(request=Grounds, responses=AttributeSerializer)
    @action(detail=True, methods=["post"], url_path="allow-inferred")
    def allow_inferred(self, request: Request, key: str) -> Response:
        given = _read(Grounds, request)
        found = attributes.allow_inferred(attribute=self._attribute(key), actor=self.actor, **given)
        return Response(self.get_serializer(found).data)

    @extend_schema(
        parameters=[
            OpenApiParameter("why", str, required=True, description="where the values come from"),
            OpenApiParameter("replace", bool, description="who is not in the body loses theirs"),
        ],
        request=dict.fromkeys(MEDIA_TYPES, OpenApiTypes.BINARY),
        responses=AttributeSerializer,
    )
    @action(detail=True, methods=["post"], url_path="values", parser_classes=(RawBody,))
    def load(self, request: Request, key: str) -> Response:
        """Load rows of `subject, value`."""
        media_type, found = sent_media_type(request), self._attribute(key)
        with body_file(request) as body:
            loading.load_values(
                attribute=found,
                data=Path(body.name),
                media_type=media_type,
                replace=request.query_params.get("replace", "").lower() in ("1", "true"),
                why=request.query_params.get("why", ""),
                actor=self.actor,
            )
        found.refresh_from_db()
        return Response(self.get_serializer(found).data)

    @extend_schema(request=Grounds, responses=AttributeSerializer)
    @action(detail=True, methods=["post"], url_path="values/remove")
    def remove(self, request: Request, key: str) -> Response:
        """Remove every value; the attribute stays declared."""
        found = self._attribute(key)
        loading.remove_values(
            attribute=found, why=_read(Grounds, request)["reason"], actor=self.actor
        )
        found.refresh_from_db()
        return Response(self.get_serializer(found).data)

    @extend_schema(request=NewPermit, responses={201: PermitSerializer})
    @action(detail=True, methods=["post"], url_path="permits")
    def permit(self, request: Request, key: str) -> Response:
        """Let one plan join this attribute."""
        given = _read(NewPermit, request)
        made = attributes.permit_plan(
            plan=selectors.find_plan(given["plan"], self.actor),
            attribute=self._attribute(key),
            reason=given["reason"],
            actor=self.actor,
        )
        context = self.get_serializer_context()
        return Response(
            PermitSerializer(made, context=context).data, status=status.HTTP_201_CREATED
        )

    @extend_schema(request=PlanName, responses={204: None})
    @action(detail=True, methods=["post"], url_path="permits/revoke")
    def revoke(self, request: Request, key: str) -> Response:
        """Take back that a plan may join it; its next run is refused."""
        plan = selectors.find_plan(_read(PlanName, request)["plan"], self.actor)
        attributes.revoke_permit(plan=plan, attribute=self._attribute(key), actor=self.actor)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(
        parameters=[OpenApiParameter("cursor", str, description="next_cursor of the page before")],
        responses=Accesses,
    )
    @action(detail=True, methods=["get"], pagination_class=None)
    def accesses(self, request: Request, key: str) -> Response:
        """Who touched the values, when, why, of how many people; newest first."""
        page = keyset_page(
            selectors.accesses_of(self._attribute(key)),
            request.query_params.get("cursor"),
            LARGEST_PAGE,
        )
        rows = AccessSerializer(page.rows, many=True).data
        return Response({"results": rows, "next_cursor": page.next_cursor})

    def _attribute(self, key: str) -> VaultAttribute:
        return selectors.find_attribute(key, self.actor)


def _read(form_class: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    form = form_class(data=request.data)
    form.is_valid(raise_exception=True)
    return dict(form.validated_data)
