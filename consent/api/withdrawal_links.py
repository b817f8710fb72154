"""The REST door of links for mails that turn personalisation off."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from consent.choices import Language
from consent.services.withdrawal_links import MOST_SUBJECTS, make_withdrawal_links
from consent.withdrawal_links import LONGEST_LIFE
from governance.core.api.idempotency import IdempotentRequests
from governance.people.actors import request_actor


class LinksIn(serializers.Serializer[Any]):
    subjects = serializers.ListField(
        child=serializers.CharField(max_length=1024, trim_whitespace=False),
        min_length=1,
        max_length=MOST_SUBJECTS,
    )
    purposes = serializers.ListField(
        child=serializers.CharField(max_length=63),
        required=False,
        default=list,
        max_length=50,
        help_text="What the links turn off; all of it when empty.",
    )
    days = serializers.IntegerField(
        min_value=1, max_value=LONGEST_LIFE.days, default=LONGEST_LIFE.days
    )
    language = serializers.ChoiceField(
        Language.choices,
        required=False,
        allow_blank=True,
        default="",
        help_text="The language of the page; the browser's when empty.",
    )


class LinksOut(serializers.Serializer[Any]):
    links = serializers.ListField(
        child=serializers.CharField(),
        help_text="One a subject, in the order asked. For List-Unsubscribe and for a mail's text.",
    )


class WithdrawalLinks(IdempotentRequests):
    """Make links for mails; each can turn off and nothing else."""

    required_actions: ClassVar[dict[str, str]] = {"post": "consent.mint_token"}

    @extend_schema(request=LinksIn, responses={201: LinksOut})
    def post(self, request: Request) -> Response:
        given = LinksIn(data=request.data)
        given.is_valid(raise_exception=True)
        asked = given.validated_data
        links = make_withdrawal_links(
            subjects=asked["subjects"],
            purposes=asked["purposes"],
            life=timedelta(days=asked["days"]),
            language=asked["language"],
            actor=request_actor(request._request),
        )
        return Response(LinksOut({"links": links}).data, status=201)
