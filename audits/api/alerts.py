"""Alerts and their rules over REST: what fires and why, answers, rules with the delay to expect."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import (
    OpenApiParameter,
    extend_schema,
    extend_schema_field,
    extend_schema_view,
)
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from audits import selectors, services
from audits.choices import AlertAction, AlertDetector, AlertSide, AlertState
from audits.models import Alert, AlertMute, AlertRule, AlertStep
from governance.core.api.viewsets import BaseViewSet
from governance.people.choices import Role

LARGEST_LOG = 700.0


class AlertStepSerializer(serializers.ModelSerializer[AlertStep]):
    evidence = serializers.SerializerMethodField(help_text="20 is twenty to one.")

    class Meta:
        model = AlertStep
        fields = (
            "run",
            "window_start",
            "version",
            "estimate",
            "subjects",
            "evidence",
            "low",
            "high",
            "limit",
            "watch",
            "threshold",
            "status",
            "cube_sha256",
        )

    def get_evidence(self, step: AlertStep) -> float | None:
        known = step.log_evidence
        return None if known is None else math.exp(min(known, LARGEST_LOG))

    def to_representation(self, step: AlertStep) -> dict[str, Any]:
        """Too few people are not shown one by one."""
        shown = dict(super().to_representation(step))
        if step.subjects < step.stream.rule.plan.suppress_below:
            shown |= {"estimate": None, "subjects": None}
        return shown


class AlertSerializer(serializers.ModelSerializer[Alert]):
    plan = serializers.CharField(source="stream.rule.plan.key", read_only=True)
    system = serializers.CharField(source="stream.rule.plan.system.key", read_only=True)
    metric = serializers.CharField(source="stream.rule.metric", read_only=True)
    rule = serializers.UUIDField(source="stream.rule_id", read_only=True)
    watched = serializers.JSONField(source="stream.watched", read_only=True)
    run = serializers.UUIDField(source="raised_by.run_id", read_only=True)

    class Meta:
        model = Alert
        fields = (
            "id",
            "plan",
            "system",
            "version",
            "metric",
            "rule",
            "watched",
            "run",
            "since",
            "sentence",
            "action",
            "state",
            "muted",
            "acknowledged_at",
            "escalated_at",
            "resolved_at",
            "resolution",
            "incident_reference",
            "created_at",
        )


class AlertPathSerializer(AlertSerializer):
    evidence = serializers.SerializerMethodField()

    class Meta(AlertSerializer.Meta):
        fields = (*AlertSerializer.Meta.fields, "evidence")  # type: ignore[assignment]

    @extend_schema_field(AlertStepSerializer(many=True))
    def get_evidence(self, alert: Alert) -> list[dict[str, Any]]:
        steps = selectors.evidence_steps(alert.stream)
        return list(AlertStepSerializer(steps, many=True).data)


class AlertReason(serializers.Serializer[Any]):
    reason = serializers.CharField()


class NewAlertMute(serializers.Serializer[Any]):
    reason = serializers.CharField()
    until = serializers.DateTimeField()
    stops_containment = serializers.BooleanField(default=False)


class AlertMuteSerializer(serializers.ModelSerializer[AlertMute]):
    class Meta:
        model = AlertMute
        fields = ("id", "rule", "stream", "reason", "until", "stops_containment", "lifted_at")


class AlertRuleSerializer(serializers.ModelSerializer[AlertRule]):
    plan = serializers.SlugRelatedField(slug_field="key", read_only=True)  # type: ignore[var-annotated]
    system = serializers.CharField(source="plan.system.key", read_only=True)

    class Meta:
        model = AlertRule
        fields = (
            "id",
            "plan",
            "system",
            "metric",
            "kind",
            "evidence",
            "pairs",
            "pair",
            "limit",
            "side",
            "shift",
            "log",
            "threshold",
            "watch",
            "calm",
            "least_subjects",
            "detector",
            "lasting",
            "action",
            "destinations",
            "escalate_after",
            "escalate_to",
            "expected",
            "derived",
            "active",
            "revision",
            "created_at",
        )


class AlertRuleSettings(serializers.Serializer[AlertRule]):
    """What may be set of a rule; left out, it stays, or follows from the limit."""

    limit = serializers.FloatField(required=False)
    side = serializers.ChoiceField(choices=AlertSide.choices, required=False)
    shift = serializers.FloatField(required=False)
    pair = serializers.JSONField(required=False, help_text="`of` and `to`; then one pair only.")
    threshold = serializers.FloatField(required=False)
    watch = serializers.FloatField(required=False)
    calm = serializers.IntegerField(min_value=1, required=False)
    least_subjects = serializers.IntegerField(min_value=2, required=False)
    detector = serializers.ChoiceField(choices=AlertDetector.choices, required=False)
    lasting = serializers.FloatField(min_value=0, max_value=1, required=False, allow_null=True)
    action = serializers.ChoiceField(choices=AlertAction.choices, required=False)
    destinations = serializers.ListField(
        child=serializers.ChoiceField(choices=Role.choices), required=False
    )
    escalate_after = serializers.DurationField(required=False, allow_null=True)
    escalate_to = serializers.ListField(
        child=serializers.ChoiceField(choices=Role.choices), required=False
    )
    active = serializers.BooleanField(required=False)
    reason = serializers.CharField(required=False, default="", allow_blank=True)
    people = serializers.IntegerField(min_value=20, required=False)


class NewAlertRule(AlertRuleSettings):
    plan = serializers.SlugField()
    metric = serializers.CharField()
    limit = serializers.FloatField()


@extend_schema_view(
    list=extend_schema(
        parameters=[
            OpenApiParameter("state", str, enum=AlertState.values),
            OpenApiParameter("plan", str, description="key"),
            OpenApiParameter("system", str, description="key"),
        ]
    )
)
class Alerts(mixins.ListModelMixin, BaseViewSet):
    """What left its limit by the evidence of all windows; one by itself carries its path."""

    serializer_class = AlertSerializer
    queryset = Alert._default_manager.none()
    required_actions: ClassVar[dict[str, str]] = {
        "list": "audits.view",
        "retrieve": "audits.view",
        "acknowledge": "audits.run",
        "resolve": "audits.decide",
        "mute": "audits.decide",
    }

    def get_queryset(self) -> QuerySet[Alert]:
        found, given = selectors.alerts_for(self.actor), self.request.query_params
        lookups = {
            "state": "state",
            "plan": "stream__rule__plan__key",
            "system": "stream__rule__plan__system__key",
        }
        for name, lookup in lookups.items():
            if value := given.get(name):
                found = found.filter(**{lookup: value})
        return found

    @extend_schema(responses=AlertPathSerializer)
    def retrieve(self, request: Request, pk: str) -> Response:
        found = selectors.find_alert(pk, self.actor)
        return Response(AlertPathSerializer(found, context=self.get_serializer_context()).data)

    @extend_schema(request=None, responses=AlertSerializer)
    @action(detail=True, methods=["post"])
    def acknowledge(self, request: Request, pk: str) -> Response:
        found = selectors.find_alert(pk, self.actor)
        services.acknowledge_alert(alert=found, actor=self.actor)
        return Response(self.get_serializer(selectors.find_alert(pk, self.actor)).data)

    @extend_schema(request=AlertReason, responses=AlertSerializer)
    @action(detail=True, methods=["post"])
    def resolve(self, request: Request, pk: str) -> Response:
        form = AlertReason(data=request.data)
        form.is_valid(raise_exception=True)
        found = selectors.find_alert(pk, self.actor)
        services.resolve_alert(alert=found, actor=self.actor, **form.validated_data)
        return Response(self.get_serializer(selectors.find_alert(pk, self.actor)).data)

    @extend_schema(request=NewAlertMute, responses={201: AlertMuteSerializer})
    @action(detail=True, methods=["post"])
    def mute(self, request: Request, pk: str) -> Response:
        """Silence the stream of an alert for a while."""
        form = NewAlertMute(data=request.data)
        form.is_valid(raise_exception=True)
        found = selectors.find_alert(pk, self.actor)
        made = services.mute_alerts(stream=found.stream, actor=self.actor, **form.validated_data)
        return Response(AlertMuteSerializer(made).data, status=status.HTTP_201_CREATED)


@extend_schema_view(
    list=extend_schema(parameters=[OpenApiParameter("plan", str, description="key")])
)
class AlertRules(mixins.ListModelMixin, mixins.RetrieveModelMixin, BaseViewSet):
    """What a plan's alerts tolerate, how sure they must be, what they set off."""

    serializer_class = AlertRuleSerializer
    queryset = AlertRule._default_manager.none()
    required_actions: ClassVar[dict[str, str]] = {
        "list": "audits.view",
        "retrieve": "audits.view",
        "create": "audits.plan",
        "partial_update": "audits.plan",
        "mute": "audits.decide",
    }

    def get_queryset(self) -> QuerySet[AlertRule]:
        found = selectors.rules_for(self.actor)
        plan = self.request.query_params.get("plan")
        return found.filter(plan__key=plan) if plan else found

    @extend_schema(request=NewAlertRule, responses={201: AlertRuleSerializer})
    def create(self, request: Request) -> Response:
        form = NewAlertRule(data=request.data)
        form.is_valid(raise_exception=True)
        given = dict(form.validated_data)
        plan = selectors.find_plan(given.pop("plan"), self.actor)
        made = services.save_rule(plan=plan, actor=self.actor, **_with_pairs(given))
        return Response(self.get_serializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=AlertRuleSettings, responses=AlertRuleSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        form = AlertRuleSettings(data=request.data)
        form.is_valid(raise_exception=True)
        found = selectors.find_rule(pk, self.actor)
        saved = services.save_rule(
            plan=found.plan, rule=found, actor=self.actor, **_with_pairs(form.validated_data)
        )
        return Response(self.get_serializer(saved).data)

    @extend_schema(request=NewAlertMute, responses={201: AlertMuteSerializer})
    @action(detail=True, methods=["post"])
    def mute(self, request: Request, pk: str) -> Response:
        """Silence a whole rule for a while."""
        form = NewAlertMute(data=request.data)
        form.is_valid(raise_exception=True)
        found = selectors.find_rule(pk, self.actor)
        made = services.mute_alerts(rule=found, actor=self.actor, **form.validated_data)
        return Response(AlertMuteSerializer(made).data, status=status.HTTP_201_CREATED)


def _with_pairs(given: dict[str, Any]) -> dict[str, Any]:
    """A pair that is named is the one watched; an empty one means all."""
    if "pair" not in given:
        return dict(given)
    return {**given, "pairs": "one" if given["pair"] else "all"}
