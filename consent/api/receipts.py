"""The REST doors of receipts: hand one out, check one, and the keys they are checked with."""

from __future__ import annotations

import json
from typing import Any, ClassVar
from uuid import UUID

from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from consent.receipts import selectors
from consent.receipts.proof import NotAReceipt, read_receipt
from consent.services.receipts import open_receipt
from governance.core.api.idempotency import IdempotentRequests
from governance.core.errors import Invalid
from governance.people.actors import request_actor
from governance.people.web.access import public_route


class JsonLd(JSONRenderer):
    media_type = "application/ld+json"
    format = "jsonld"


class ReceiptCheck(serializers.Serializer[Any]):
    authentic = serializers.BooleanField()
    faults = serializers.ListField(child=serializers.CharField())
    in_ledger = serializers.BooleanField(help_text="The receipt carries a proof of inclusion.")


class ConsentReceipt(IdempotentRequests):
    """The receipt of one recorded choice, by the id its recording answered with."""

    required_actions: ClassVar[dict[str, str]] = {"get": "consent.read_subject"}
    renderer_classes = [JSONRenderer, JsonLd]

    @extend_schema(
        parameters=[OpenApiParameter("for", str, required=True)],
        responses={200: OpenApiTypes.OBJECT},
    )
    def get(self, request: Request, event_id: UUID) -> Response:
        reason = request.query_params.get("for") or request.headers.get("X-Access-Purpose", "")
        actor = request_actor(request._request)
        return Response(open_receipt(event_id=event_id, purpose_of_access=reason, actor=actor))


class CheckReceipt(IdempotentRequests):
    """Check a receipt that somebody presents: signature, and its place in the ledger."""

    required_actions: ClassVar[dict[str, str]] = {"post": "consent.view"}

    @extend_schema(request=OpenApiTypes.OBJECT, responses=ReceiptCheck)
    def post(self, request: Request) -> Response:
        try:
            receipt = read_receipt(json.dumps(request.data))
        except NotAReceipt as problem:
            raise Invalid(str(problem)) from None
        faults = selectors.check_receipt(receipt)
        told = {
            "authentic": not faults,
            "faults": faults,
            "in_ledger": "ledger" in receipt["tactful:proof"],
        }
        return Response(ReceiptCheck(told).data)


@public_route("public keys")
@cache_control(public=True, max_age=300)
@require_safe
def key_set(request: HttpRequest) -> JsonResponse:
    """The JWK set that receipts are checked with."""
    return JsonResponse(selectors.published_keys())
