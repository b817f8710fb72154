"""The JSON Schema of plan files, for editors and pipelines."""

from __future__ import annotations

from typing import ClassVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from audits.plan_files.model import json_schema


class PlanFileSchema(APIView):
    """The shape of a plan file (`tactful: plan/1`)."""

    required_actions: ClassVar[dict[str, str]] = {"get": "audits.view"}

    @extend_schema(responses={200: OpenApiTypes.OBJECT})
    def get(self, request: Request) -> Response:
        return Response(json_schema())
