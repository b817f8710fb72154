"""The REST doors of consent that check many people and mint subject tokens."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar
from urllib.parse import urlsplit

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from consent import selectors, services
from consent.api import serializers
from governance.core.api.idempotency import IdempotentRequests
from governance.core.errors import Invalid
from governance.people.actors import request_actor


def _read(serializer: type[Any], request: Request) -> dict[str, Any]:
    given = serializer(data=request.data)
    given.is_valid(raise_exception=True)
    return dict(given.validated_data)


class ConsentCheck(IdempotentRequests):
    """Decide a purpose or a system for many people at once."""

    required_actions: ClassVar[dict[str, str]] = {"post": "consent.check"}

    @extend_schema(request=serializers.CheckIn, responses=serializers.CheckOut)
    def post(self, request: Request) -> Response:
        given = _read(serializers.CheckIn, request)
        checked = selectors.check_many(
            subjects=given["subjects"],
            purpose=given.get("purpose"),
            system=given.get("system"),
            region=given["region"],
            gpc=given["gpc"] or request.headers.get("Sec-GPC") == "1",
            as_of=given["as_of"],
            actor=request_actor(request._request),
        )
        results = [
            {
                "subject": subject,
                "outcome": str(decision.outcome),
                "reason": str(decision.reason),
                "revision": decision.revision,
            }
            for subject, decision in zip(given["subjects"], checked.decisions, strict=True)
        ]
        return Response({"results": results, "as_of": checked.as_of})


class SubjectTokens(IdempotentRequests):
    """Mint a short-lived token for one browser."""

    required_actions: ClassVar[dict[str, str]] = {"post": "consent.mint_token"}

    @extend_schema(request=serializers.TokenIn, responses={201: serializers.TokenOut})
    def post(self, request: Request) -> Response:
        given = _read(serializers.TokenIn, request)
        origin = urlsplit(given["origin"])
        if origin.scheme not in ("https", "http") or not origin.netloc or origin.path:
            raise Invalid("origin is a scheme and a host, such as https://shop.example.")
        text, token = services.mint_subject_token(
            subject=given["subject"],
            purposes=given["purposes"],
            origin=given["origin"],
            ttl=timedelta(seconds=given["ttl"]),
            actor=request_actor(request._request),
        )
        return Response({"token": text, "expires_at": token.expires_at}, status=201)
