"""The REST door of guessed interests: systems add theirs and read those that may be used."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from consent.selectors.people import usable_interests
from consent.services.interests import Guess, note_interests
from governance.core.api.idempotency import IdempotentRequests
from governance.people.actors import request_actor


class GuessIn(serializers.Serializer[Any]):
    label = serializers.CharField(max_length=120)  # type: ignore[assignment]
    because = serializers.CharField(
        max_length=200, required=False, default="", allow_blank=True, help_text="For the person."
    )
    inferred_at = serializers.DateTimeField(required=False, allow_null=True, default=None)


class InterestsIn(serializers.Serializer[Any]):
    subject = serializers.CharField(max_length=1024, trim_whitespace=False)
    system = serializers.CharField(max_length=63)
    interests = serializers.ListField(child=GuessIn(), max_length=500)


class InterestsNoted(serializers.Serializer[Any]):
    kept = serializers.IntegerField()
    unwanted = serializers.ListField(
        child=serializers.CharField(), help_text="Removed by the person: do not use them."
    )


class UsableInterest(serializers.Serializer[Any]):
    label = serializers.CharField()  # type: ignore[assignment]
    standing = serializers.CharField()
    inferred_at = serializers.DateTimeField()


class UsableInterests(serializers.Serializer[Any]):
    interests = UsableInterest(many=True)


class Interests(IdempotentRequests):
    """What a system guessed about a person, under the person's word."""

    required_actions: ClassVar[dict[str, str]] = {"get": "consent.check", "post": "consent.write"}

    @extend_schema(
        parameters=[
            OpenApiParameter("subject", str, required=True),
            OpenApiParameter("system", str, required=True),
        ],
        responses=UsableInterests,
    )
    def get(self, request: Request) -> Response:
        found = usable_interests(
            subject=request.query_params.get("subject", ""),
            system=request.query_params.get("system", ""),
            actor=request_actor(request._request),
        )
        return Response(UsableInterests({"interests": found}).data)

    @extend_schema(request=InterestsIn, responses=InterestsNoted)
    def post(self, request: Request) -> Response:
        given = InterestsIn(data=request.data)
        given.is_valid(raise_exception=True)
        noted = note_interests(
            subject=given.validated_data["subject"],
            system=given.validated_data["system"],
            guesses=[Guess(**each) for each in given.validated_data["interests"]],
            actor=request_actor(request._request),
        )
        return Response(InterestsNoted(noted).data)
