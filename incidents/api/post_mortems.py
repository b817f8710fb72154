"""Post-mortems over REST, to read: what was written, what was promised, where the public reads."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import mixins, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from governance.core.api.viewsets import BaseViewSet
from incidents.choices import PostMortemState, Visibility
from incidents.models import ActionSafeguard, PostMortem, PostMortemAction
from incidents.post_mortem.reading import post_mortem_by_reference, post_mortems_for
from incidents.post_mortem.sections import SECTIONS


class SafeguardSerializer(serializers.ModelSerializer[ActionSafeguard]):
    item = serializers.SlugRelatedField(slug_field="code", read_only=True)  # type: ignore[var-annotated]
    plan = serializers.SlugRelatedField(slug_field="key", read_only=True)  # type: ignore[var-annotated]

    class Meta:
        model = ActionSafeguard
        fields = ("kind", "title", "item", "plan", "at")


class PostMortemActionSerializer(serializers.ModelSerializer[PostMortemAction]):
    safeguards = SafeguardSerializer(many=True, read_only=True)

    class Meta:
        model = PostMortemAction
        fields = (
            "id",
            "title",
            "due_on",
            "verification",
            "state",
            "evidence",
            "done_at",
            "look_again_on",
            "safeguards",
        )


class PostMortemSectionSerializer(serializers.Serializer[Any]):
    key = serializers.CharField()
    title = serializers.CharField()
    text = serializers.CharField()
    public = serializers.BooleanField(help_text="Whether the public reads it.")


class PostMortemSerializer(serializers.ModelSerializer[PostMortem]):
    incident = serializers.CharField(source="incident.reference", read_only=True)
    system = serializers.CharField(source="incident.system.key", read_only=True, allow_null=True)
    sections = serializers.SerializerMethodField()
    actions = PostMortemActionSerializer(many=True, read_only=True)
    published_url = serializers.SerializerMethodField()
    bundle_url = serializers.SerializerMethodField()

    class Meta:
        model = PostMortem
        fields = (
            "id",
            "incident",
            "system",
            "state",
            "visibility",
            "due_at",
            "frozen_at",
            "revision",
            "sections",
            "actions",
            "published_url",
            "bundle_url",
        )

    @extend_schema_field(PostMortemSectionSerializer(many=True))
    def get_sections(self, found: PostMortem) -> list[dict[str, Any]]:
        """The sections that are written, in order."""
        return [
            {"key": one.key, "title": one.title, "text": text, "public": one.public}
            for one in SECTIONS
            if (text := found.sections.get(one.key, ""))
        ]

    @extend_schema_field(OpenApiTypes.URI)
    def get_published_url(self, found: PostMortem) -> str | None:
        """Where anybody reads it; null while it is not published."""
        return _address("published_post_mortem", found)

    @extend_schema_field(OpenApiTypes.URI)
    def get_bundle_url(self, found: PostMortem) -> str | None:
        """The document with its proof, for the stand-alone verifier; null while not published."""
        return _address("published_post_mortem_json", found)


def _address(name: str, found: PostMortem) -> str | None:
    if found.state != PostMortemState.FROZEN or found.visibility != Visibility.PUBLIC:
        return None
    return settings.PUBLIC_URL.rstrip("/") + reverse(name, args=[found.incident.reference])


OF_INCIDENT = OpenApiParameter(
    "reference", str, OpenApiParameter.PATH, description="such as INC-0001", pattern="^INC-[0-9]+$"
)


class PostMortemViewSet(mixins.ListModelMixin, BaseViewSet):
    """Post-mortems by the reference of their incident (`INC-0001`)."""

    serializer_class = PostMortemSerializer
    lookup_field = "reference"
    queryset = PostMortem._default_manager.none()
    required_actions = {"list": "incidents.view", "retrieve": "incidents.view"}

    def get_queryset(self) -> QuerySet[PostMortem]:
        return post_mortems_for(self.actor).prefetch_related(
            "actions__safeguards__item", "actions__safeguards__plan"
        )

    @extend_schema(parameters=[OF_INCIDENT])
    def retrieve(self, request: Request, reference: str) -> Response:
        found = post_mortem_by_reference(reference, self.actor)
        return Response(self.get_serializer(found).data)
