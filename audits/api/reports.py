"""Reports over REST, as data, page or PDF: by `?format=` or by what the client accepts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import NotAuthenticated
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from audits import selectors
from audits.reports.assembling import content_of_run, run_as_data
from audits.reports.content import Content
from audits.reports.html import report_html
from audits.reports.pdf import report_pdf
from audits.reports.period import asked_period, content_of_period, period_as_data, read_period
from governance.core.actors import Actor
from governance.core.clock import database_now
from governance.core.web.access import actor_of

FORMAT = OpenApiParameter("format", str, enum=["json", "html", "pdf"])


class ReportRenderer(BaseRenderer):
    """Renders what the view prepared; an answer that is no report stays a problem as JSON."""

    charset: str | None = None

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        if isinstance(data, bytes):
            return data
        return bytes(JSONRenderer().render(data, accepted_media_type, renderer_context))


class HTMLReport(ReportRenderer):
    media_type = "text/html"
    format = "html"
    charset = "utf-8"


class PDFReport(ReportRenderer):
    media_type = "application/pdf"
    format = "pdf"


class ReportView(APIView):
    """A report in the form that was asked for."""

    renderer_classes: ClassVar[list[type[BaseRenderer]]] = [JSONRenderer, HTMLReport, PDFReport]  # type: ignore[misc]
    required_actions: ClassVar[dict[str, str]] = {"get": "audits.view"}

    def reader(self) -> Actor:
        actor = actor_of(self.request)
        if actor is None:
            raise NotAuthenticated
        return actor

    def answer(
        self, request: Request, name: str, data: dict[str, Any], content: Content
    ) -> Response:
        """Write the content in the negotiated form."""
        form = request.accepted_renderer.format
        if form == "json":
            return Response(data)
        made = report_pdf(content) if form == "pdf" else report_html(content).encode()
        headers = {"Content-Disposition": f'attachment; filename="{name}.{form}"'}
        return Response(made, headers=headers)


class RunReport(ReportView):
    """The report of one run, with its digest and where the ledger holds it."""

    @extend_schema(
        parameters=[FORMAT],
        responses={
            (200, "application/json"): OpenApiTypes.OBJECT,
            (200, "text/html"): OpenApiTypes.STR,
            (200, "application/pdf"): OpenApiTypes.BINARY,
        },
    )
    def get(self, request: Request, run_id: str) -> Response:
        run = selectors.find_run(run_id, self.reader())
        return self.answer(request, f"run-{run.pk}", run_as_data(run), content_of_run(run))


class PlanReport(ReportView):
    """The report of a plan over a period; without one, over the last three months."""

    @extend_schema(
        parameters=[
            FORMAT,
            OpenApiParameter("since", OpenApiTypes.DATETIME),
            OpenApiParameter("until", OpenApiTypes.DATETIME),
        ],
        responses={
            (200, "application/json"): OpenApiTypes.OBJECT,
            (200, "text/html"): OpenApiTypes.STR,
            (200, "application/pdf"): OpenApiTypes.BINARY,
        },
    )
    def get(self, request: Request, key: str) -> Response:
        plan = selectors.find_plan(key, self.reader())
        since, until = asked_period(request.query_params, database_now())
        period = read_period(plan, since, until)
        name = f"{plan.key}-{since:%Y-%m-%d}-{until:%Y-%m-%d}"
        return self.answer(request, name, period_as_data(period), content_of_period(period))
