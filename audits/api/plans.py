"""Plans, runs and findings over REST: parse, call, render."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from audits import selectors, services
from audits.choices import FindingState, OnBreach
from audits.models import Finding, Plan, Run
from governance.core.api.viewsets import BaseViewSet
from governance.registry.selectors import find_system, find_version


class PlanSerializer(serializers.ModelSerializer[Plan]):
    system = serializers.SlugRelatedField(slug_field="key", read_only=True)  # type: ignore[var-annotated]
    version = serializers.SlugRelatedField(slug_field="key", read_only=True)  # type: ignore[var-annotated]

    class Meta:
        model = Plan
        fields = (
            "id",
            "key",
            "title",
            "system",
            "version",
            "method",
            "parameters",
            "columns",
            "limits",
            "limits_declared_at",
            "limits_note",
            "zone",
            "starts_at",
            "ends_at",
            "length",
            "every",
            "lateness",
            "label_maturity",
            "backfill",
            "planned_looks",
            "on_breach",
            "seed",
            "state",
            "created_at",
        )


class NewPlan(serializers.Serializer[Plan]):
    key = serializers.SlugField(max_length=63)
    title = serializers.CharField(max_length=200)
    system = serializers.SlugField()
    version = serializers.SlugField(required=False)
    method = serializers.CharField()
    parameters = serializers.DictField(required=False)
    columns = serializers.DictField(child=serializers.ListField(child=serializers.CharField()))
    limits = serializers.ListField(child=serializers.CharField(), required=False)
    limits_note = serializers.CharField(required=False)
    zone = serializers.CharField(required=False)
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField(required=False)
    length = serializers.DurationField(required=False)
    every = serializers.DurationField(required=False)
    lateness = serializers.DurationField(required=False)
    label_maturity = serializers.DurationField(required=False)
    backfill = serializers.BooleanField(required=False)
    planned_looks = serializers.IntegerField(min_value=1, required=False)
    on_breach = serializers.ChoiceField(choices=OnBreach.choices, required=False)
    seed = serializers.IntegerField(min_value=0, required=False)


class RunSerializer(serializers.ModelSerializer[Run]):
    plan = serializers.SlugRelatedField(slug_field="key", read_only=True)  # type: ignore[var-annotated]
    version = serializers.SlugRelatedField(slug_field="key", read_only=True)  # type: ignore[var-annotated]
    system = serializers.CharField(source="plan.system.key", read_only=True)

    class Meta:
        model = Run
        fields = (
            "id",
            "plan",
            "system",
            "version",
            "window_start",
            "window_end",
            "purpose",
            "incident_id",
            "state",
            "attempt",
            "progress",
            "verdict",
            "sentence",
            "error",
            "created_at",
            "finished_at",
        )


class RunReportSerializer(RunSerializer):
    class Meta(RunSerializer.Meta):
        fields = (*RunSerializer.Meta.fields, "report")  # type: ignore[assignment]


class NewRun(serializers.Serializer[Run]):
    plan = serializers.SlugField()
    version = serializers.SlugField(required=False)
    window_start = serializers.DateTimeField(required=False)
    window_end = serializers.DateTimeField(required=False)


class Reason(serializers.Serializer[Any]):
    reason = serializers.CharField(required=False, default="", allow_blank=True)


class FindingSerializer(serializers.ModelSerializer[Finding]):
    plan = serializers.SlugRelatedField(slug_field="key", read_only=True)  # type: ignore[var-annotated]
    system = serializers.CharField(source="plan.system.key", read_only=True)

    class Meta:
        model = Finding
        fields = (
            "id",
            "plan",
            "system",
            "run",
            "metric",
            "definition",
            "slice",
            "value",
            "low",
            "high",
            "n",
            "unit",
            "threshold_op",
            "threshold_value",
            "severity",
            "sentence",
            "state",
            "due_at",
            "note",
            "created_at",
        )


class FindingMove(serializers.Serializer[Finding]):
    state = serializers.ChoiceField(choices=FindingState.choices)
    note = serializers.CharField(required=False, default="", allow_blank=True)


class Plans(mixins.ListModelMixin, mixins.RetrieveModelMixin, BaseViewSet):
    """What is watched, against which limits, in which windows."""

    serializer_class = PlanSerializer
    queryset = Plan.objects.none()
    lookup_field = "key"
    required_actions: ClassVar[dict[str, str]] = {
        "list": "audits.view",
        "retrieve": "audits.view",
        "create": "audits.plan",
        "pause": "audits.plan",
        "resume": "audits.plan",
    }

    def get_queryset(self) -> QuerySet[Plan]:
        return selectors.plans_for(self.actor)

    @extend_schema(request=NewPlan, responses={201: PlanSerializer})
    def create(self, request: Request) -> Response:
        form = NewPlan(data=request.data)
        form.is_valid(raise_exception=True)
        given: dict[str, Any] = {"limits": [], **form.validated_data}
        system = find_system(given.pop("system"), self.actor)
        if version := given.pop("version", None):
            given["version"] = find_version(system.key, version, self.actor)
        made = services.create_plan(system=system, actor=self.actor, **given)
        return Response(self.get_serializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=Reason, responses=PlanSerializer)
    @action(detail=True, methods=["post"])
    def pause(self, request: Request, key: str) -> Response:
        moved = services.pause_plan(
            plan=selectors.find_plan(key, self.actor), reason=_reason(request), actor=self.actor
        )
        return Response(self.get_serializer(moved).data)

    @extend_schema(request=Reason, responses=PlanSerializer)
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, key: str) -> Response:
        moved = services.resume_plan(
            plan=selectors.find_plan(key, self.actor), reason=_reason(request), actor=self.actor
        )
        return Response(self.get_serializer(moved).data)


def _reason(request: Request) -> str:
    form = Reason(data=request.data)
    form.is_valid(raise_exception=True)
    return str(form.validated_data["reason"])


@extend_schema_view(
    list=extend_schema(
        parameters=[
            OpenApiParameter("plan", str, description="key"),
            OpenApiParameter("system", str, description="key"),
        ]
    )
)
class Runs(mixins.ListModelMixin, BaseViewSet):
    """Audits of windows; one by itself carries its report."""

    serializer_class = RunSerializer
    queryset = Run.objects.none()
    required_actions: ClassVar[dict[str, str]] = {
        "list": "audits.view",
        "retrieve": "audits.view",
        "create": "audits.run",
        "cancel": "audits.run",
    }

    def get_queryset(self) -> QuerySet[Run]:
        found = selectors.runs_for(self.actor).defer("report")
        given = self.request.query_params
        for name, lookup in (("plan", "plan__key"), ("system", "plan__system__key")):
            if value := given.get(name):
                found = found.filter(**{lookup: value})
        return found

    @extend_schema(responses=RunReportSerializer)
    def retrieve(self, request: Request, pk: str) -> Response:
        found = selectors.find_run(pk, self.actor)
        return Response(RunReportSerializer(found, context=self.get_serializer_context()).data)

    @extend_schema(request=NewRun, responses={201: RunSerializer})
    def create(self, request: Request) -> Response:
        form = NewRun(data=request.data)
        form.is_valid(raise_exception=True)
        given: dict[str, Any] = dict(form.validated_data)
        plan = selectors.find_plan(given.pop("plan"), self.actor)
        if version := given.pop("version", None):
            given["version"] = find_version(plan.system.key, version, self.actor)
        made = services.schedule_run(plan=plan, actor=self.actor, **given)
        return Response(self.get_serializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=Reason, responses=RunSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        found = selectors.find_run(pk, self.actor)
        cancelled = services.cancel_run(run=found, reason=_reason(request), actor=self.actor)
        return Response(self.get_serializer(cancelled).data)


@extend_schema_view(
    list=extend_schema(parameters=[OpenApiParameter("state", str, enum=FindingState.values)])
)
class Findings(mixins.ListModelMixin, mixins.RetrieveModelMixin, BaseViewSet):
    """Measurements wholly beyond their limit, and what becomes of them."""

    serializer_class = FindingSerializer
    queryset = Finding.objects.none()
    required_actions: ClassVar[dict[str, str]] = {
        "list": "audits.view",
        "retrieve": "audits.view",
        "move": "audits.decide",
    }

    def get_queryset(self) -> QuerySet[Finding]:
        found = selectors.findings_for(self.actor)
        state = self.request.query_params.get("state")
        return found.filter(state=state) if state else found

    @extend_schema(request=FindingMove, responses=FindingSerializer)
    @action(detail=True, methods=["post"])
    def move(self, request: Request, pk: str) -> Response:
        form = FindingMove(data=request.data)
        form.is_valid(raise_exception=True)
        moved = services.move_finding(
            finding=selectors.find_finding(pk, self.actor),
            state=form.validated_data["state"],
            note=form.validated_data["note"],
            actor=self.actor,
        )
        return Response(self.get_serializer(moved).data)
