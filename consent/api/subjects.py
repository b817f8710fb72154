"""The REST doors about one person: read, everything held, merge at sign-in, restrict, erase."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from consent import selectors, services
from consent.api.serializers import SubjectChoice, SubjectEvent
from consent.selectors import events, people
from governance.core.api.idempotency import IdempotentRequests
from governance.people.actors import request_actor


class PositionedEvent(SubjectEvent):
    position = serializers.IntegerField(allow_null=True, help_text="Null until sequenced.")


class PersonOut(serializers.Serializer[Any]):
    subject = serializers.CharField()
    id = serializers.UUIDField(help_text="The `subject` of the feed of events.")
    region = serializers.CharField()
    age_band = serializers.CharField()
    gpc = serializers.BooleanField()
    restricted = serializers.BooleanField()
    choices = SubjectChoice(many=True)
    events = PositionedEvent(many=True)
    everything = serializers.DictField(
        required=False, help_text="What every part of the product holds; with ?everything."
    )


class MergeIn(serializers.Serializer[Any]):
    browser = serializers.CharField(max_length=1024, trim_whitespace=False)
    account = serializers.CharField(max_length=1024, trim_whitespace=False)


class ToldOut(serializers.Serializer[Any]):
    purpose = serializers.CharField()
    before = serializers.CharField()
    after = serializers.CharField()
    why = serializers.ChoiceField(["newer", "tie", "unknown"])


class MergeOut(serializers.Serializer[Any]):
    told = ToldOut(many=True)
    as_of = serializers.CharField()


class ConsentSubject(IdempotentRequests):
    """One person's choices; `for` says the purpose of access, which is recorded."""

    required_actions: ClassVar[dict[str, str]] = {
        "get": "consent.read_subject",
        "delete": "consent.erase",
    }

    @extend_schema(
        parameters=[
            OpenApiParameter("for", str, required=True),
            OpenApiParameter("everything", bool),
        ],
        responses=PersonOut,
    )
    def get(self, request: Request, subject: str) -> Response:
        reason = request.query_params.get("for") or request.headers.get("X-Access-Purpose", "")
        person = services.open_subject(
            subject=subject,
            purpose_of_access=reason,
            actor=request_actor(request._request),
        )
        told: dict[str, Any] = {
            "subject": subject,
            "id": person.pk,
            "region": person.region,
            "age_band": person.age_band,
            "gpc": person.gpc,
            "restricted": person.restricted_at is not None,
            "choices": selectors.choices_of(person),
            "events": events.history_of_person(person),
        }
        asked = request.query_params.get("everything", "0")
        if asked.lower() not in ("0", "false", "no"):
            told["everything"] = people.all_we_hold(person.pseudonym or "")
        return Response(PersonOut(told).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, subject: str) -> Response:
        """Erase the person everywhere; a record that they must stay denied is kept."""
        services.erase_everywhere(subject=subject, actor=request_actor(request._request))
        return Response(status=204)


class MergeSubjects(IdempotentRequests):
    """Join a browser's choices to the account its person signed in to."""

    required_actions: ClassVar[dict[str, str]] = {"post": "consent.write"}

    @extend_schema(request=MergeIn, responses=MergeOut)
    def post(self, request: Request) -> Response:
        given = MergeIn(data=request.data)
        given.is_valid(raise_exception=True)
        merged = services.merge_subjects(
            actor=request_actor(request._request), **given.validated_data
        )
        return Response(MergeOut(merged).data)
