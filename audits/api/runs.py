"""Runs and backfills over REST: parse, call, render."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import transaction
from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from audits import selectors, services
from audits.api import plan_shapes as shapes
from audits.choices import RunPurpose, RunState, Verdict
from audits.models import Backfill, Run
from governance.core.api.viewsets import BaseViewSet
from governance.registry.selectors import find_version

FILTERS = {
    "plan": "plan__key",
    "system": "plan__system__key",
    "version": "version__key",
    "state": "state",
    "verdict": "verdict",
    "purpose": "purpose",
}


@extend_schema_view(
    list=extend_schema(
        parameters=[
            OpenApiParameter("plan", str, description="key"),
            OpenApiParameter("system", str, description="key"),
            OpenApiParameter("version", str, description="key"),
            OpenApiParameter("state", str, enum=RunState.values),
            OpenApiParameter("verdict", str, enum=Verdict.values),
            OpenApiParameter("purpose", str, enum=RunPurpose.values),
        ]
    )
)
class Runs(mixins.ListModelMixin, BaseViewSet):
    """Audits of windows; one by itself carries its report."""

    serializer_class = shapes.RunSerializer
    queryset = Run.objects.none()
    required_actions: ClassVar[dict[str, str]] = {
        "list": "audits.view",
        "retrieve": "audits.view",
        "progress": "audits.view",
        "create": "audits.run",
        "cancel": "audits.run",
        "retry": "audits.run",
    }

    def get_queryset(self) -> QuerySet[Run]:
        found = selectors.runs_for(self.actor).defer("report")
        for name, lookup in FILTERS.items():
            if value := self.request.query_params.get(name):
                found = found.filter(**{lookup: value})
        return found

    @extend_schema(responses=shapes.RunReportSerializer)
    def retrieve(self, request: Request, pk: str) -> Response:
        found = selectors.find_run(pk, self.actor)
        context = self.get_serializer_context()
        return Response(shapes.RunReportSerializer(found, context=context).data)

    @extend_schema(request=shapes.NewRun, responses={201: shapes.RunSerializer})
    def create(self, request: Request) -> Response:
        """Run now: the latest complete window of a plan, or the one that is named."""
        form = shapes.NewRun(data=request.data)
        form.is_valid(raise_exception=True)
        given: dict[str, Any] = dict(form.validated_data)
        plan = selectors.find_plan(given.pop("plan"), self.actor)
        if version := given.pop("version", None):
            given["version"] = find_version(plan.system.key, version, self.actor)
        made = services.schedule_run(plan=plan, actor=self.actor, **given)
        return Response(self.get_serializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(responses=shapes.RunProgressSerializer)
    @action(detail=True, methods=["get"])
    def progress(self, request: Request, pk: str) -> Response:
        """How far the run is, in per cent, words and time left."""
        found = selectors.run_progress(selectors.find_run(pk, self.actor))
        return Response(shapes.RunProgressSerializer(found).data)

    @extend_schema(request=shapes.Reason, responses=shapes.RunSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """Stop it: its worker ends within seconds, and nothing is published."""
        reason = shapes.reason_of(request.data)
        with transaction.atomic():
            run = services.cancel_run(run=self._matched(pk), reason=reason, actor=self.actor)
        return Response(self.get_serializer(run).data)

    @extend_schema(request=None, responses=shapes.RunSerializer)
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, pk: str) -> Response:
        """Try again what stopped by an error or was cancelled."""
        with transaction.atomic():
            run = services.retry_run(run=self._matched(pk), actor=self.actor)
        return Response(self.get_serializer(run).data)

    def _matched(self, pk: str) -> Run:
        """The run, in the state that the caller saw."""
        run = selectors.find_run(pk, self.actor)
        header = self.request.headers.get("If-Match")
        if header is not None:
            self.serializer_class = shapes.RunReportSerializer  # whose tag the caller was given
            self.check_match(run)
            self.serializer_class = shapes.RunSerializer
        return run


@extend_schema_view(
    list=extend_schema(parameters=[OpenApiParameter("plan", str, description="key")])
)
class Backfills(mixins.ListModelMixin, mixins.RetrieveModelMixin, BaseViewSet):
    """Past windows asked for later, and how far their runs are."""

    serializer_class = shapes.BackfillSerializer
    queryset = Backfill.objects.none()
    required_actions: ClassVar[dict[str, str]] = {
        "list": "audits.view",
        "retrieve": "audits.view",
        "create": "audits.run",
        "cancel": "audits.run",
    }

    def get_queryset(self) -> QuerySet[Backfill]:
        found = selectors.backfills_for(self.actor)
        plan = self.request.query_params.get("plan") if self.action == "list" else None
        return found.filter(plan__key=plan) if plan else found

    def get_object(self) -> Backfill:
        return selectors.find_backfill(self.kwargs["pk"], self.actor)

    @extend_schema(request=shapes.NewBackfill, responses={201: shapes.BackfillSerializer})
    def create(self, request: Request) -> Response:
        form = shapes.NewBackfill(data=request.data)
        form.is_valid(raise_exception=True)
        given: dict[str, Any] = dict(form.validated_data)
        plan = selectors.find_plan(given.pop("plan"), self.actor)
        made = services.request_backfill(plan=plan, actor=self.actor, **given)
        return Response(self.get_serializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=shapes.Reason, responses=shapes.BackfillSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """Cancel what is still open of it; what has been published stands."""
        reason = shapes.reason_of(request.data)
        with transaction.atomic():
            found = self.get_object()
            self.check_match(found)
            stopped = services.cancel_backfill(backfill=found, reason=reason, actor=self.actor)
        return Response(self.get_serializer(stopped).data)
