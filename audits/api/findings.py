"""Findings over REST: narrow, assign, bring forward, remedy. Parse, call, render."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from audits import selectors, services
from audits.choices import FindingState, RemediationKind, RemediationState
from audits.models import Finding, Remediation
from governance.core.api.viewsets import BaseViewSet
from governance.core.errors import Invalid
from governance.people.models import User


class RemediationSerializer(serializers.ModelSerializer[Remediation]):
    class Meta:
        model = Remediation
        fields = (
            "id",
            "kind",
            "description",
            "due_at",
            "state",
            "note",
            "planned_by",
            "done_at",
            "measured_run",
            "after_value",
            "after_low",
            "after_high",
            "after_n",
            "after_verdict",
            "created_at",
        )


class FindingSerializer(serializers.ModelSerializer[Finding]):
    plan = serializers.SlugRelatedField(slug_field="key", read_only=True)  # type: ignore[var-annotated]
    system = serializers.CharField(source="plan.system.key", read_only=True)
    owner = serializers.SlugRelatedField(slug_field="email", read_only=True)  # type: ignore[var-annotated]

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
            "owner",
            "due_at",
            "note",
            "verified_run",
            "created_at",
        )


class FindingDetailSerializer(FindingSerializer):
    remediations = RemediationSerializer(many=True, read_only=True)

    class Meta(FindingSerializer.Meta):
        fields = (*FindingSerializer.Meta.fields, "remediations")  # type: ignore[assignment]


class FindingMove(serializers.Serializer[Finding]):
    state = serializers.ChoiceField(choices=FindingState.choices)
    note = serializers.CharField(required=False, default="", allow_blank=True)
    run = serializers.UUIDField(
        required=False,
        allow_null=True,
        default=None,
        help_text="To verify: a later run that passes on the same measurement.",
    )


class FindingAssignment(serializers.Serializer[Finding]):
    owner = serializers.EmailField(allow_null=True, help_text="Of a colleague; null: nobody.")
    due_at = serializers.DateTimeField(required=False, allow_null=True, default=None)


class NewRemediation(serializers.Serializer[Remediation]):
    kind = serializers.ChoiceField(choices=RemediationKind.choices)
    description = serializers.CharField()
    due_at = serializers.DateTimeField(required=False, allow_null=True, default=None)


class RemediationMove(serializers.Serializer[Remediation]):
    remediation = serializers.UUIDField()
    state = serializers.ChoiceField(choices=RemediationState.choices)
    note = serializers.CharField(required=False, default="", allow_blank=True)


class RemediationMeasure(serializers.Serializer[Remediation]):
    remediation = serializers.UUIDField()
    run = serializers.UUIDField(help_text="A later run that measured the same.")


@extend_schema_view(
    list=extend_schema(
        parameters=[
            OpenApiParameter("state", str, enum=["undone", *FindingState.values]),
            OpenApiParameter("system", str, description="key"),
            OpenApiParameter("owner", str, description="id of a person, me or nobody"),
            OpenApiParameter("severity", str, enum=["fail", "warn"]),
            OpenApiParameter("due", str, enum=["overdue", "none"]),
            OpenApiParameter("q", str, description="words of the sentence, metric or plan"),
        ]
    )
)
class Findings(mixins.ListModelMixin, BaseViewSet):
    """Measurements wholly beyond their limit, and what becomes of them."""

    serializer_class = FindingSerializer
    queryset = Finding.objects.none()
    required_actions: ClassVar[dict[str, str]] = {
        "list": "audits.view",
        "retrieve": "audits.view",
        "move": "audits.decide",
        "assign": "audits.decide",
        "remediations": "audits.decide",
        "move_remediation": "audits.decide",
        "measure_remediation": "audits.decide",
    }

    def get_queryset(self) -> QuerySet[Finding]:
        given = {name: str(value) for name, value in self.request.query_params.items()}
        asked = selectors.FindingFilter.asked({"state": "", **given, "sort": "newest"})
        return selectors.filtered_findings(self.actor, asked)

    @extend_schema(responses=FindingDetailSerializer)
    def retrieve(self, request: Request, pk: str) -> Response:
        return self._detail(self._finding(pk))

    def _finding(self, pk: str) -> Finding:
        return selectors.find_finding(pk, self.actor)

    def _detail(self, found: Finding, code: int = status.HTTP_200_OK) -> Response:
        context = self.get_serializer_context()
        return Response(FindingDetailSerializer(found, context=context).data, status=code)

    @extend_schema(request=FindingMove, responses=FindingDetailSerializer)
    @action(detail=True, methods=["post"])
    def move(self, request: Request, pk: str) -> Response:
        given = _read(FindingMove(data=request.data))
        run = given["run"]
        moved = services.move_finding(
            finding=self._finding(pk),
            state=given["state"],
            note=given["note"],
            run=selectors.find_run(run, self.actor) if run else None,
            actor=self.actor,
        )
        return self._detail(moved)

    @extend_schema(request=FindingAssignment, responses=FindingDetailSerializer)
    @action(detail=True, methods=["post"])
    def assign(self, request: Request, pk: str) -> Response:
        given = _read(FindingAssignment(data=request.data))
        owner = None
        if given["owner"]:
            owner = User.objects.filter(email__iexact=given["owner"], is_active=True).first()
            if owner is None:
                raise Invalid(f"Nobody here has the address {given['owner']}.")
        services.assign_finding(
            finding=self._finding(pk), owner=owner, due_at=given["due_at"], actor=self.actor
        )
        return self._detail(self._finding(pk))

    @extend_schema(request=NewRemediation, responses={201: FindingDetailSerializer})
    @action(detail=True, methods=["post"])
    def remediations(self, request: Request, pk: str) -> Response:
        """Plan one; the answer holds all of the finding."""
        given = _read(NewRemediation(data=request.data))
        services.plan_remediation(finding=self._finding(pk), actor=self.actor, **given)
        return self._detail(self._finding(pk), status.HTTP_201_CREATED)

    @extend_schema(request=RemediationMove, responses=FindingDetailSerializer)
    @action(detail=True, methods=["post"], url_path="remediations/move")
    def move_remediation(self, request: Request, pk: str) -> Response:
        given = _read(RemediationMove(data=request.data))
        services.move_remediation(
            remediation=selectors.find_remediation(pk, given["remediation"], self.actor),
            state=given["state"],
            note=given["note"],
            actor=self.actor,
        )
        return self._detail(self._finding(pk))

    @extend_schema(request=RemediationMeasure, responses=FindingDetailSerializer)
    @action(detail=True, methods=["post"], url_path="remediations/measure")
    def measure_remediation(self, request: Request, pk: str) -> Response:
        given = _read(RemediationMeasure(data=request.data))
        services.measure_remediation(
            remediation=selectors.find_remediation(pk, given["remediation"], self.actor),
            run=selectors.find_run(given["run"], self.actor),
            actor=self.actor,
        )
        return self._detail(self._finding(pk))


def _read(form: serializers.Serializer[Any]) -> dict[str, Any]:
    form.is_valid(raise_exception=True)
    return dict(form.validated_data)
