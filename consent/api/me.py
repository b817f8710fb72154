"""The person's own door: read and save choices with a subject token. No cookie, no API key."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from consent.actors import TokenActor
from consent.choices import Language, Method
from consent.selectors.people import notices_for_person, types_to_ask_again
from consent.services.own_choices import (
    OwnChoices,
    current_notices,
    read_own_choices,
    save_own_choices,
)
from consent.tokens import SubjectToken, TokenRefused, read_token
from consent.web.texts import toggle_note, type_text, widget_words
from consent.web.told import tell_once
from governance.core.api.idempotency import IdempotentRequests

#: What a page of another origin may send along.
_ALLOWED = "authorization, content-type"


class SubjectTokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer <subject token>`, from the origin that the token is bound to."""

    def authenticate(self, request: Request) -> tuple[None, SubjectToken] | None:
        header = get_authorization_header(request).split()
        if len(header) != 2 or header[0].lower() != b"bearer":
            return None
        try:
            token = read_token(
                settings.KEYS.token_public_keys,
                header[1].decode("latin-1"),
                now=datetime.now(UTC),
            )
        except TokenRefused as refusal:
            raise AuthenticationFailed(str(refusal)) from None
        origin = request.headers.get("Origin")
        if origin and origin != token.origin:
            raise PermissionDenied("This subject token is bound to another origin.")
        request.actor = request._request.actor = TokenActor(token)  # type: ignore[attr-defined]
        return None, token

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="tactful"'


class SubjectTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = SubjectTokenAuthentication
    name = "subjectToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {"type": "http", "scheme": "bearer", "description": "A subject token of a person."}


class OwnToggle(serializers.Serializer[Any]):
    key = serializers.CharField()
    title = serializers.CharField()
    help = serializers.CharField()
    on = serializers.BooleanField(help_text="The person said yes, for all of it.")
    by_default = serializers.BooleanField(help_text="On without the person's choice.")
    closed = serializers.BooleanField(help_text="A rule keeps it off; no yes opens it.")
    ask_again = serializers.BooleanField(
        help_text="The yes counts no more (it ran out, or the notice changed) and you may ask."
    )
    note = serializers.CharField(
        allow_blank=True, help_text="What the person should know about it."
    )


class OwnNotice(serializers.Serializer[Any]):
    version = serializers.CharField()
    title = serializers.CharField()
    short = serializers.CharField()
    full = serializers.CharField()


class OwnChoicesOut(serializers.Serializer[Any]):
    language = serializers.ChoiceField(Language.choices)
    types = OwnToggle(many=True)
    notice = OwnNotice(allow_null=True, help_text="The first of `notices`.")
    notices = OwnNotice(many=True)
    words = serializers.DictField(child=serializers.CharField())
    told = serializers.ListField(
        child=serializers.CharField(), help_text="What a sign-in joined; said once, then cleared."
    )
    gpc = serializers.BooleanField()
    erased = serializers.BooleanField()


class OwnChoicesIn(serializers.Serializer[Any]):
    on = serializers.ListField(
        child=serializers.CharField(max_length=63),
        max_length=50,
        help_text="The types that shall be on; all others that the token covers are turned off.",
    )
    nonce = serializers.CharField(
        min_length=8, max_length=100, help_text="A new random text a save; it saves once."
    )
    notices = serializers.ListField(
        child=serializers.CharField(max_length=63),
        required=False,
        allow_null=True,
        default=None,
        max_length=20,
        help_text="The versions that were shown; those in force when left out.",
    )
    clicks = serializers.IntegerField(
        min_value=0,
        max_value=1000,
        required=False,
        allow_null=True,
        default=None,
        help_text="The steps the person took; kept to compare a yes with a no.",
    )


class SavedOut(OwnChoicesOut):
    changed = serializers.BooleanField()
    receipt = serializers.CharField(allow_blank=True)


class Me(IdempotentRequests):
    """The choices of the person behind a subject token."""

    authentication_classes = [SubjectTokenAuthentication]
    required_actions: ClassVar[dict[str, str]] = {"get": "consent.write", "post": "consent.write"}

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = super().dispatch(request, *args, **kwargs)
        origin = request.headers.get("Origin")
        if origin:
            # A preflight carries no token; what it allows is checked when the token comes.
            response["Access-Control-Allow-Origin"] = origin
            response["Access-Control-Allow-Headers"] = _ALLOWED
            response["Access-Control-Allow-Methods"] = "GET, POST"
            response["Access-Control-Max-Age"] = "600"
            response["Vary"] = "Origin"
            response["Cross-Origin-Resource-Policy"] = "cross-origin"
        response["Cache-Control"] = "no-store"
        return response

    @extend_schema(
        parameters=[OpenApiParameter("lang", str, enum=Language.values)], responses=OwnChoicesOut
    )
    def get(self, request: Request) -> Response:
        choices = read_own_choices(_token(request), gpc=_gpc(request))
        return Response(OwnChoicesOut(_told(request, choices)).data)

    @extend_schema(
        parameters=[OpenApiParameter("lang", str, enum=Language.values)],
        request=OwnChoicesIn,
        responses=SavedOut,
    )
    def post(self, request: Request) -> Response:
        given = OwnChoicesIn(data=request.data)
        given.is_valid(raise_exception=True)
        saved = save_own_choices(
            read_own_choices(_token(request), gpc=_gpc(request)),
            wanted=given.validated_data["on"],
            nonce=given.validated_data["nonce"],
            method=Method.WIDGET,
            gpc=_gpc(request),
            language=_language(request),
            clicks=given.validated_data["clicks"],
            notices=given.validated_data["notices"],
        )
        told = _told(request, read_own_choices(_token(request), gpc=_gpc(request)))
        told |= {"changed": saved is not None, "receipt": saved.receipt if saved else ""}
        return Response(SavedOut(told).data)


def _token(request: Request) -> SubjectToken:
    assert isinstance(request.auth, SubjectToken)  # the door's only authentication
    return request.auth


def _gpc(request: Request) -> bool:
    return request.headers.get("Sec-GPC") == "1"


def _language(request: Request) -> str:
    asked = request.query_params.get("lang", "")
    return asked if asked in Language.values else str(Language.ENGLISH)


def _told(request: Request, choices: OwnChoices) -> dict[str, Any]:
    language = _language(request)
    keys = current_notices(choices)
    notices = [
        {
            "version": notice.version.key,
            "title": notice.title,
            "short": notice.short,
            "full": notice.body,
        }
        for notice in notices_for_person(keys, language)
    ]
    ask = {each.key for each in types_to_ask_again(choices.subject, choices.toggles)}
    return {
        "language": language,
        "types": [
            {
                "key": toggle.key,
                "title": type_text(toggle.type, language)[0],
                "help": type_text(toggle.type, language)[1],
                "on": toggle.on,
                "by_default": toggle.by_default,
                "closed": toggle.closed,
                "ask_again": toggle.key in ask,
                "note": toggle_note(toggle, language),
            }
            for toggle in choices.toggles
        ],
        "notice": notices[0] if notices else None,
        "notices": notices,
        "words": widget_words(language),
        "told": tell_once(request._request, choices.subject, language),
        "gpc": _gpc(request),
        "erased": choices.facts.erased,
    }
