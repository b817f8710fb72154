"""Notices over REST: versions, drafts, publication, who was shown one, and who may be asked."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from consent import services
from consent.choices import Component, Layer
from consent.models import DataSubject, NoticeVersion
from consent.selectors import find_subject
from consent.selectors.notices import find_notice, may_ask, notices_for
from governance.core.api.idempotency import IdempotentRequests
from governance.core.errors import NotFound
from governance.people.actors import request_actor
from governance.registry.models import Purpose


class TextSerializer(serializers.Serializer[Any]):
    """What a version says in one language, in two layers."""

    title = serializers.CharField(max_length=120)
    short = serializers.CharField()
    body = serializers.CharField()


class NoticeIn(serializers.Serializer[Any]):
    """A draft; `texts` maps a language code such as `de` to its texts."""

    texts = serializers.DictField(child=TextSerializer())
    purposes: Any = serializers.SlugRelatedField(
        slug_field="key", queryset=Purpose.objects.all(), many=True
    )
    material = serializers.BooleanField(default=True)
    change_note = serializers.CharField(default="", allow_blank=True)
    steps_to_accept = serializers.IntegerField(default=1, min_value=1, max_value=99)
    steps_to_refuse = serializers.IntegerField(default=1, min_value=1, max_value=99)
    accept_layer = serializers.ChoiceField(choices=Layer.choices, default=Layer.SHORT)
    refuse_layer = serializers.ChoiceField(choices=Layer.choices, default=Layer.SHORT)


class NewNoticeIn(NoticeIn):
    key = serializers.CharField(max_length=63)


class NoticeOut(serializers.ModelSerializer[NoticeVersion]):
    texts = serializers.SerializerMethodField()
    purposes: Any = serializers.SlugRelatedField(slug_field="key", many=True, read_only=True)

    class Meta:
        model = NoticeVersion
        fields = (
            "key", "purposes", "texts", "material", "change_note", "steps_to_accept",
            "steps_to_refuse", "accept_layer", "refuse_layer", "published_at",
        )  # fmt: skip

    @extend_schema_field(serializers.DictField(child=TextSerializer()))
    def get_texts(self, version: NoticeVersion) -> dict[str, dict[str, str]]:
        return {
            text.language: {"title": text.title, "short": text.short, "body": text.body}
            for text in version.texts.all()
        }


class NoticeList(serializers.Serializer[Any]):
    results = NoticeOut(many=True)


class ServedIn(serializers.Serializer[Any]):
    """That a version was shown; `subject` is left out for somebody unknown."""

    language = serializers.CharField(max_length=2)
    component = serializers.ChoiceField(choices=Component.choices)
    surface = serializers.CharField(max_length=63, default="", allow_blank=True)
    region = serializers.CharField(max_length=6, default="", allow_blank=True)
    subject = serializers.CharField(max_length=1024, required=False, allow_null=True)


class ServedOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    served_at = serializers.DateTimeField()


class MayAskOut(serializers.Serializer[Any]):
    may_ask = serializers.BooleanField()
    sentence = serializers.CharField()


def _draft(given: dict[str, Any]) -> dict[str, Any]:
    texts = {
        language: (text["title"], text["short"], text["body"])
        for language, text in given.pop("texts").items()
    }
    return {**given, "texts": texts}


class Notices(IdempotentRequests):
    """Every version, and new drafts."""

    required_actions: ClassVar[dict[str, str]] = {
        "get": "consent.view",
        "post": "consent.publish_notice",
    }

    @extend_schema(operation_id="notices_list", responses=NoticeList)
    def get(self, request: Request) -> Response:
        """The newest two hundred, drafts first."""
        found = notices_for(request_actor(request._request))[:200]
        return Response({"results": NoticeOut(found, many=True).data})

    @extend_schema(request=NewNoticeIn, responses={201: NoticeOut})
    def post(self, request: Request) -> Response:
        given = NewNoticeIn(data=request.data)
        given.is_valid(raise_exception=True)
        actor = request_actor(request._request)
        made = services.draft_notice(actor=actor, **_draft(dict(given.validated_data)))
        return Response(NoticeOut(made).data, status=201)


class Notice(IdempotentRequests):
    """One version; a draft can be replaced or thrown away."""

    required_actions: ClassVar[dict[str, str]] = {
        "get": "consent.view",
        "put": "consent.publish_notice",
        "delete": "consent.publish_notice",
    }

    @extend_schema(responses=NoticeOut)
    def get(self, request: Request, key: str) -> Response:
        return Response(NoticeOut(find_notice(key, request_actor(request._request))).data)

    @extend_schema(request=NoticeIn, responses=NoticeOut)
    def put(self, request: Request, key: str) -> Response:
        given = NoticeIn(data=request.data)
        given.is_valid(raise_exception=True)
        actor = request_actor(request._request)
        services.change_draft(
            version=find_notice(key, actor), actor=actor, **_draft(dict(given.validated_data))
        )
        return Response(NoticeOut(find_notice(key, actor)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, key: str) -> Response:
        actor = request_actor(request._request)
        services.discard_draft(version=find_notice(key, actor), actor=actor)
        return Response(status=204)


class PublishNotice(IdempotentRequests):
    """Publish a draft; it never changes again."""

    required_actions: ClassVar[dict[str, str]] = {"post": "consent.publish_notice"}

    @extend_schema(request=None, responses=NoticeOut)
    def post(self, request: Request, key: str) -> Response:
        actor = request_actor(request._request)
        services.publish_draft(version=find_notice(key, actor), actor=actor)
        return Response(NoticeOut(find_notice(key, actor)).data)


class ServeNotice(IdempotentRequests):
    """Say that a published version was shown to somebody."""

    required_actions: ClassVar[dict[str, str]] = {"post": "consent.write"}

    @extend_schema(request=ServedIn, responses={201: ServedOut})
    def post(self, request: Request, key: str) -> Response:
        given = ServedIn(data=request.data)
        given.is_valid(raise_exception=True)
        version = NoticeVersion.objects.filter(key=key).first()
        if version is None:
            raise NotFound(f"There is no notice version {key!r}.")
        served = services.record_served_notice(
            version=version, actor=request_actor(request._request), **given.validated_data
        )
        return Response(ServedOut(served).data, status=201)


class MayAsk(IdempotentRequests):
    """May this person be asked about a purpose now? An unknown person was never asked."""

    required_actions: ClassVar[dict[str, str]] = {"get": "consent.check"}

    @extend_schema(
        parameters=[OpenApiParameter("subject", str, required=True)], responses=MayAskOut
    )
    def get(self, request: Request, key: str) -> Response:
        purpose = Purpose.objects.filter(key=key).first()
        if purpose is None:
            raise NotFound(f"There is no purpose {key!r}.")
        person: DataSubject | None
        try:
            person = find_subject(request.query_params.get("subject", ""))
        except NotFound:
            person = None
        allowed, sentence = may_ask(person, purpose)
        return Response({"may_ask": allowed, "sentence": sentence})
