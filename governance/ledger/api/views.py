"""The ledger over HTTP: the latest signed checkpoint and proofs of inclusion."""

from __future__ import annotations

from typing import ClassVar

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from governance.core.errors import Invalid, NotFound
from governance.ledger.proofs import consistency_proof, inclusion_proof, latest_checkpoint

NO_CHECKPOINT = "The ledger has no checkpoint yet: nothing was recorded."

CHECKPOINT = inline_serializer(
    "LedgerCheckpoint",
    {
        "size": serializers.IntegerField(),
        "root": serializers.CharField(help_text="hex SHA-256 over the leaves, RFC 6962"),
        "at": serializers.DateTimeField(),
        "checkpoint": serializers.CharField(help_text="C2SP checkpoint, a signed note"),
        "verifier_key": serializers.CharField(help_text="name+hash+base64, ed25519"),
        "consistency": serializers.ListField(
            child=serializers.CharField(), required=False, help_text="hex hashes, with `from`"
        ),
    },
)
PROOF = inline_serializer(
    "LedgerProof",
    {
        "position": serializers.IntegerField(),
        "size": serializers.IntegerField(),
        "leaf": serializers.CharField(help_text="canonical JSON (RFC 8785) of the entry"),
        "leaf_hash": serializers.CharField(),
        "path": serializers.ListField(child=serializers.CharField()),
        "root": serializers.CharField(),
        "checkpoint": serializers.CharField(),
        "verifier_key": serializers.CharField(),
    },
)


class CheckpointView(APIView):
    """The latest checkpoint; `?from=SIZE` adds the proof that the tree only grew since then."""

    required_actions: ClassVar[dict[str, str]] = {"get": "evidence.view"}

    @extend_schema(
        parameters=[OpenApiParameter("from", OpenApiTypes.INT, description="an earlier size")],
        responses=CHECKPOINT,
    )
    def get(self, request: Request) -> Response:
        checkpoint = latest_checkpoint()
        if checkpoint is None:
            raise NotFound(NO_CHECKPOINT)
        body: dict[str, object] = {
            "size": checkpoint.size,
            "root": bytes(checkpoint.root).hex(),
            "at": checkpoint.at,
            "checkpoint": checkpoint.note,
            "verifier_key": checkpoint.verifier_key,
        }
        earlier = request.query_params.get("from")
        if earlier is not None:
            if not earlier.isdecimal() or len(earlier) > 18:
                raise Invalid("from is the size of an earlier checkpoint.")
            path = consistency_proof(int(earlier), checkpoint.size)
            body["consistency"] = [one.hex() for one in path]
        return Response(body)


class ProofView(APIView):
    """The proof that the entry at a position is in the tree of the latest checkpoint."""

    required_actions: ClassVar[dict[str, str]] = {"get": "evidence.view"}

    @extend_schema(
        parameters=[
            OpenApiParameter(
                "as", OpenApiTypes.STR, enum=["json", "tlog"], description="tlog: C2SP tlog-proof"
            )
        ],
        responses=PROOF,
    )
    def get(self, request: Request, position: int) -> HttpResponse:
        if position >= 2**63:
            raise NotFound(f"The ledger has no entry at position {position}.")
        proof = inclusion_proof(position)
        if request.query_params.get("as") == "tlog":
            return HttpResponse(proof.as_tlog_proof(), content_type="text/plain; charset=utf-8")
        return Response(proof.as_json())
