"""The REST doors of consent: record, read, check many, mint subject tokens."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar
from urllib.parse import urlsplit

from drf_spectacular.utils import OpenApiParameter, extend_schema
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


class ConsentEvents(IdempotentRequests):
    """Record what a person chose."""

    required_actions: ClassVar[dict[str, str]] = {"post": "consent.write"}

    @extend_schema(request=serializers.EventIn, responses={201: serializers.EventOut})
    def post(self, request: Request) -> Response:
        given = _read(serializers.EventIn, request)
        recorded = services.record_choice(actor=request_actor(request._request), **given)
        return Response(serializers.EventOut(recorded).data, status=201)


class ConsentSubject(IdempotentRequests):
    """One person's choices; `for` says the purpose of access, which is recorded."""

    required_actions: ClassVar[dict[str, str]] = {"get": "consent.read_subject"}

    @extend_schema(
        parameters=[OpenApiParameter("for", str, required=True)],
        responses=serializers.SubjectOut,
    )
    def get(self, request: Request, subject: str) -> Response:
        reason = request.query_params.get("for") or request.headers.get("X-Access-Purpose", "")
        person = services.open_subject(
            subject=subject,
            purpose_of_access=reason,
            actor=request_actor(request._request),
        )
        told = {
            "subject": subject,
            "region": person.region,
            "restricted": person.restricted_at is not None,
            "choices": selectors.choices_of(person),
            "events": selectors.history_of(person),
        }
        return Response(serializers.SubjectOut(told).data)


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
