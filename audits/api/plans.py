"""Plans and their changes over REST: parse, call, render."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import transaction
from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response

from audits import selectors, services
from audits.api import plan_shapes as shapes
from audits.api.plan_file_formats import YamlParser, YamlRenderer
from audits.choices import PlanChangeState, PlanState
from audits.models import Plan, PlanChange
from audits.plan_files.content import file_of
from audits.plan_files.text import read_plan_data, write_plan_text
from audits.schedule_words import schedule_in_words
from audits.schedules import first_unscheduled, schedule_of
from governance.core.api.etags import entity_tag
from governance.core.api.viewsets import BaseViewSet
from governance.core.clock import database_now
from governance.core.errors import Invalid
from governance.registry.selectors import find_system, find_version
from methods.errors import BadInput

STATUS_OF = {"created": status.HTTP_201_CREATED, "proposed": status.HTTP_202_ACCEPTED}
FILTERS = {"system": "system__key", "state": "state", "method": "method"}
REASON = OpenApiParameter("reason", str, description="Needed where it weakens the plan.")


@extend_schema_view(
    list=extend_schema(
        parameters=[
            OpenApiParameter("system", str, description="key"),
            OpenApiParameter("state", str, enum=PlanState.values),
            OpenApiParameter("method", str, description="key"),
        ]
    )
)
class Plans(mixins.ListModelMixin, mixins.RetrieveModelMixin, BaseViewSet):
    """What is watched, against which limits, in which windows."""

    serializer_class = shapes.PlanSerializer
    queryset = Plan.objects.none()
    lookup_field = "key"
    required_actions: ClassVar[dict[str, str]] = {
        "list": "audits.view",
        "retrieve": "audits.view",
        "windows": "audits.view",
        "file": "audits.view",
        "create": "audits.plan",
        "update": "audits.plan",
        "partial_update": "audits.plan",
        "pause": "audits.plan",
        "resume": "audits.plan",
    }

    def get_queryset(self) -> QuerySet[Plan]:
        found = selectors.plans_for(self.actor).select_related("source")
        for name, lookup in FILTERS.items():
            if self.action == "list" and (value := self.request.query_params.get(name)):
                found = found.filter(**{lookup: value})
        return found

    @extend_schema(request=shapes.NewPlan, responses={201: shapes.PlanSerializer})
    def create(self, request: Request) -> Response:
        form = shapes.NewPlan(data=request.data)
        form.is_valid(raise_exception=True)
        given: dict[str, Any] = {"limits": [], **form.validated_data}
        system = find_system(given.pop("system"), self.actor)
        if version := given.pop("version", None):
            given["version"] = find_version(system.key, version, self.actor)
        if source := given.pop("source", None):
            given["source"] = selectors.sources_for(self.actor).filter(system=system, key=source)
            given["source"] = given["source"].first()
            if given["source"] is None:
                raise Invalid(f"The source {source!r} is not one of {system.key}.")
        made = services.create_plan(system=system, actor=self.actor, **given)
        return Response(self.get_serializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(
        request={"application/json": OpenApiTypes.OBJECT, "application/yaml": OpenApiTypes.STR},
        parameters=[REASON],
        responses=dict.fromkeys((200, 201, 202), shapes.AppliedFile),
    )
    def update(self, request: Request, key: str) -> Response:
        """Make the plan what a plan file says: 201 made, 200 as it says, 202 waits for a person.

        The shape of the file is served at `/api/v1/plan-file-schema`.
        """
        try:
            file = read_plan_data(request.data, "The body")
        except BadInput as problem:
            raise Invalid(str(problem)) from None
        if file.key != key:
            raise Invalid(f"The body describes the plan {file.key!r}, the address {key!r}.")
        reason = request.query_params.get("reason", "")
        with transaction.atomic():
            if request.headers.get("If-Match") is not None:
                self.locked_object()
            made = services.apply_plan_file(file=file, reason=reason, actor=self.actor)
            plan = self.get_queryset().get(pk=made.plan.pk)
        said = shapes.AppliedFile({"outcome": made.outcome, "plan": plan, "change": made.change})
        answer = Response(said.data, status=STATUS_OF.get(made.outcome, status.HTTP_200_OK))
        answer["ETag"] = entity_tag(self.get_serializer(plan).data)
        return answer

    @extend_schema(
        request=shapes.NewPlanChange,
        responses=dict.fromkeys((200, 202), shapes.PlanChangeSerializer),
    )
    def partial_update(self, request: Request, key: str) -> Response:
        """Change fields of a plan: 200 applied, 202 waits for a second person."""
        form = shapes.NewPlanChange(data=request.data)
        form.is_valid(raise_exception=True)
        changes: dict[str, Any] = dict(form.validated_data)
        reason = changes.pop("reason")
        if unknown := sorted(set(request.data) - set(form.fields)):
            raise Invalid(f"These fields of a plan do not change: {', '.join(unknown)}.")
        with transaction.atomic():
            change = services.propose_plan_change(
                plan=self.locked_object(), changes=changes, reason=reason, actor=self.actor
            )
            plan = self.get_queryset().get(key=key)
        waits = change.state == PlanChangeState.PROPOSED
        answer = Response(
            shapes.PlanChangeSerializer(change).data,
            status=status.HTTP_202_ACCEPTED if waits else status.HTTP_200_OK,
        )
        answer["ETag"] = entity_tag(self.get_serializer(plan).data)
        return answer

    @extend_schema(responses=shapes.PlanProspect)
    @action(detail=True, methods=["get"])
    def windows(self, request: Request, key: str) -> Response:
        """The next windows, and when each is audited."""
        plan = selectors.find_plan(key, self.actor)
        schedule = schedule_of(plan)
        prospect = selectors.prospect(plan)
        following = schedule.following(first_unscheduled(plan)) if prospect.window else []
        said = {
            "schedule": schedule_in_words(schedule),
            "overdue": selectors.is_overdue(plan, database_now()),
            "reason": prospect.reason,
            "windows": [
                {"start": one.start, "end": one.end, "due_at": schedule.due_at(one)}
                for one in following
            ],
        }
        return Response(shapes.PlanProspect(said).data)

    @extend_schema(responses={(200, "application/yaml"): OpenApiTypes.STR})
    @action(detail=True, methods=["get"], renderer_classes=[YamlRenderer])
    def file(self, request: Request, key: str) -> Response:
        """The plan as a plan file."""
        return Response(write_plan_text(file_of(selectors.find_plan(key, self.actor))))

    @extend_schema(request=shapes.Reason, responses=shapes.PlanSerializer)
    @action(detail=True, methods=["post"])
    def pause(self, request: Request, key: str) -> Response:
        return self._move(request, services.pause_plan)

    @extend_schema(request=shapes.Reason, responses=shapes.PlanSerializer)
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, key: str) -> Response:
        return self._move(request, services.resume_plan)

    def _move(self, request: Request, service: Any) -> Response:
        reason = shapes.reason_of(request.data)
        with transaction.atomic():
            moved = service(plan=self.locked_object(), reason=reason, actor=self.actor)
        return Response(self.get_serializer(moved).data)

    def get_parsers(self) -> list[Any]:
        """Plan files come as JSON or as YAML."""
        return [JSONParser(), YamlParser()]


@extend_schema_view(
    list=extend_schema(
        parameters=[
            OpenApiParameter("plan", str, description="key"),
            OpenApiParameter("state", str, enum=PlanChangeState.values),
        ]
    )
)
class PlanChanges(mixins.ListModelMixin, mixins.RetrieveModelMixin, BaseViewSet):
    """Changes of plans: what was proposed, how it weakens the plan, who decided."""

    serializer_class = shapes.PlanChangeSerializer
    queryset = PlanChange.objects.none()
    required_actions: ClassVar[dict[str, str]] = {
        "list": "audits.view",
        "retrieve": "audits.view",
        "approve": "audits.decide",
        "refuse": "audits.decide",
        "withdraw": "audits.plan",
    }

    def get_queryset(self) -> QuerySet[PlanChange]:
        found = selectors.plan_changes_for(self.actor)
        for name, lookup in (("plan", "plan__key"), ("state", "state")):
            if self.action == "list" and (value := self.request.query_params.get(name)):
                found = found.filter(**{lookup: value})
        return found

    def get_object(self) -> PlanChange:
        return selectors.find_plan_change(self.kwargs["pk"], self.actor)

    @extend_schema(request=shapes.Reason, responses=shapes.PlanChangeSerializer)
    @action(detail=True, methods=["post"])
    def approve(self, request: Request, pk: str) -> Response:
        """Apply it; another person than the proposer."""
        return self._decide(request, approve=True)

    @extend_schema(request=shapes.Reason, responses=shapes.PlanChangeSerializer)
    @action(detail=True, methods=["post"])
    def refuse(self, request: Request, pk: str) -> Response:
        """Refuse it, with the reason; another person than the proposer."""
        return self._decide(request, approve=False)

    @extend_schema(request=None, responses=shapes.PlanChangeSerializer)
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, pk: str) -> Response:
        """Take back what one has proposed oneself."""
        with transaction.atomic():
            change = self.get_object()
            self.check_match(change)
            change = services.withdraw_plan_change(change=change, actor=self.actor)
        return Response(self.get_serializer(change).data)

    def _decide(self, request: Request, *, approve: bool) -> Response:
        note = shapes.reason_of(request.data)
        with transaction.atomic():
            change = self.get_object()
            self.check_match(change)
            change = services.decide_plan_change(
                change=change, approve=approve, note=note, actor=self.actor
            )
        return Response(self.get_serializer(change).data)
