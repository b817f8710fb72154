"""Reviews, checklists and gates over REST: parse, call a service, render."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from governance.core.api.viewsets import BaseViewSet
from governance.registry.selectors import find_system, find_version
from governance.reviews import content, services
from governance.reviews.choices import Outcome
from governance.reviews.gates import evaluate_gate
from governance.reviews.items import standings
from governance.reviews.models import Approval, ApprovalStep, Checklist, ChecklistItem
from governance.reviews.selectors import reviews_for
from governance.reviews.services import EvidenceInput


class ChecklistItemSerializer(serializers.ModelSerializer[ChecklistItem]):
    class Meta:
        model = ChecklistItem
        fields = ("code", "section", "question", "evidence_expected", "roles", "source")


class ChecklistSerializer(serializers.ModelSerializer[Checklist]):
    items = ChecklistItemSerializer(many=True, read_only=True)

    class Meta:
        model = Checklist
        fields = ("version", "title", "items")


class SignatureSerializer(serializers.ModelSerializer[ApprovalStep]):
    class Meta:
        model = ApprovalStep
        fields = ("seat", "role", "decided_by", "decided_at", "comment")


class ReviewSerializer(serializers.ModelSerializer[Approval]):
    system = serializers.CharField(source="version.system.key", read_only=True)
    version = serializers.CharField(source="version.key", read_only=True)
    steps = SignatureSerializer(many=True, read_only=True)

    class Meta:
        model = Approval
        fields = (
            "id", "system", "version", "state", "content_hash", "requested_by", "note", "steps",
            "created_at", "decided_at",
        )  # fmt: skip


class StartSerializer(serializers.Serializer[Approval]):
    system = serializers.CharField()
    version = serializers.CharField()
    note = serializers.CharField(required=False, default="", allow_blank=True)


class EvidenceSerializer(serializers.Serializer[Any]):
    title = serializers.CharField(max_length=200)
    link = serializers.CharField(required=False, default="", allow_blank=True)
    expires_at = serializers.DateTimeField(required=False, allow_null=True, default=None)


class AnswerSerializer(serializers.Serializer[Any]):
    item = serializers.CharField()
    outcome = serializers.ChoiceField(choices=Outcome.choices)
    note = serializers.CharField(required=False, default="", allow_blank=True)
    evidence = EvidenceSerializer(many=True, required=False, default=list)


class CommentSerializer(serializers.Serializer[Any]):
    comment = serializers.CharField(required=False, default="", allow_blank=True)


class StandingSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    question = serializers.CharField()
    standing = serializers.CharField()
    sentence = serializers.CharField()
    by_machine = serializers.BooleanField()
    roles = serializers.ListField(child=serializers.CharField())


class StandingsSerializer(serializers.Serializer[Any]):
    items = StandingSerializer(many=True)
    changed = serializers.ListField(
        child=serializers.CharField(), help_text="what changed since the content was frozen"
    )


class MissingSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    sentence = serializers.CharField()
    role = serializers.CharField(allow_blank=True)
    url = serializers.CharField(allow_blank=True)


class GateSerializer(serializers.Serializer[Any]):
    gate = serializers.CharField()
    system = serializers.CharField()
    version = serializers.CharField()
    allowed = serializers.BooleanField()
    decision = serializers.ChoiceField(["allow", "deny"])
    missing = MissingSerializer(many=True)
    decided_at = serializers.DateTimeField()


class ChecklistViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, BaseViewSet):
    queryset = Checklist.objects.prefetch_related("items")
    serializer_class = ChecklistSerializer
    lookup_field = "version"
    required_actions = {"list": "reviews.view", "retrieve": "reviews.view"}


class ReviewViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, BaseViewSet):
    queryset = Approval._default_manager.none()  # its model, for the schema
    serializer_class = ReviewSerializer
    lookup_value_regex = "[0-9a-f-]{36}"
    required_actions = {
        "list": "reviews.view",
        "retrieve": "reviews.view",
        "create": "reviews.start",
        "items": "reviews.view",
        "answers": "reviews.answer",
        "approve": "reviews.decide",
        "reject": "reviews.decide",
    }

    def get_queryset(self) -> QuerySet[Approval]:
        return reviews_for(self.actor).prefetch_related("steps")

    @extend_schema(request=StartSerializer, responses={201: ReviewSerializer})
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        given = self._given(StartSerializer)
        version = find_version(given["system"], given["version"], self.actor)
        review = services.start_review(version=version, actor=self.actor, note=given["note"])
        return Response(ReviewSerializer(review).data, status=status.HTTP_201_CREATED)

    @extend_schema(responses=StandingsSerializer)
    @action(detail=True, methods=["get"], pagination_class=None)
    def items(self, request: Request, pk: str) -> Response:
        """Every item with its standing, and what changed since the content was frozen."""
        review = self.get_object()
        rows = [
            {
                "code": one.item.code,
                "question": one.item.question,
                "standing": one.standing,
                "sentence": one.sentence,
                "by_machine": one.by_machine,
                "roles": one.item.roles,
            }
            for one in standings(review.version, review.run)
        ]
        return Response({"items": rows, "changed": content.diff(review)})

    @extend_schema(request=AnswerSerializer, responses=ReviewSerializer)
    @action(detail=True, methods=["post"], serializer_class=AnswerSerializer)
    def answers(self, request: Request, pk: str) -> Response:
        """Answer one item with its evidence."""
        given = self._given(AnswerSerializer)
        services.answer_item(
            review=self.get_object(),
            code=given["item"],
            outcome=given["outcome"],
            note=given["note"],
            evidence=[EvidenceInput(**one) for one in given["evidence"]],
            actor=self.actor,
        )
        return self._review()

    @extend_schema(request=CommentSerializer, responses=ReviewSerializer)
    @action(detail=True, methods=["post"], serializer_class=CommentSerializer)
    def approve(self, request: Request, pk: str) -> Response:
        """Sign one of the two seats."""
        comment = self._given(CommentSerializer)["comment"]
        services.approve(approval=self.get_object(), actor=self.actor, comment=comment)
        return self._review()

    @extend_schema(request=CommentSerializer, responses=ReviewSerializer)
    @action(detail=True, methods=["post"], serializer_class=CommentSerializer)
    def reject(self, request: Request, pk: str) -> Response:
        """Say no, with the reason."""
        comment = self._given(CommentSerializer)["comment"]
        services.reject(approval=self.get_object(), actor=self.actor, comment=comment)
        return self._review()

    def _given(self, kind: type[serializers.Serializer[Any]]) -> Any:
        given = kind(data=self.request.data)
        given.is_valid(raise_exception=True)
        return given.validated_data

    def _review(self) -> Response:
        return Response(ReviewSerializer(self.get_object()).data)


class GateViewSet(BaseViewSet):
    """`gates/<gate>?system=&version=`: allow, or deny with the missing items in words."""

    required_actions = {"retrieve": "gates.ask"}
    lookup_field = "gate"
    lookup_value_regex = "[a-z_]+"
    serializer_class = GateSerializer

    @extend_schema(
        parameters=[
            OpenApiParameter("gate", str, OpenApiParameter.PATH, pattern="^[a-z_]+$"),
            OpenApiParameter("system", str, required=True),
            OpenApiParameter("version", str, required=True),
        ],
        responses=GateSerializer,
    )
    def retrieve(self, request: Request, gate: str) -> Response:
        asked = request.query_params
        system = find_system(asked.get("system", ""), self.actor)
        version = find_version(system.key, asked.get("version", ""), self.actor)
        decision = evaluate_gate(gate, system, version)
        missing = [
            {"code": one.code, "sentence": one.sentence, "role": one.role, "url": one.url}
            for one in decision.missing
        ]
        return Response(
            {
                "gate": decision.gate,
                "system": decision.system_key,
                "version": decision.version_key,
                "allowed": decision.allowed,
                "decision": "allow" if decision.allowed else "deny",
                "missing": missing,
                "decided_at": decision.decided_at,
            }
        )
