"""Serving targets over REST: which there are, and what each says it serves."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from governance.core.api.viewsets import BaseViewSet
from governance.core.errors import NotFound
from incidents.confirmation import Standing
from incidents.models import ServingTarget
from incidents.selectors import target_standings, targets_for
from incidents.services.targets import report_served


class TargetSerializer(serializers.ModelSerializer[ServingTarget]):
    system = serializers.SlugRelatedField(slug_field="key", read_only=True)  # type: ignore[var-annotated]
    standing = serializers.SerializerMethodField()

    class Meta:
        model = ServingTarget
        fields = (
            "id",
            "system",
            "key",
            "title",
            "active",
            "served_version",
            "served_personalised",
            "served_at",
            "standing",
        )

    def get_standing(self, target: ServingTarget) -> str | None:
        """`confirmed`, `waiting`, `unconfirmed` or `no_traffic`; null for one that is retired."""
        found = [one for one in target_standings(target.system) if one.target.pk == target.pk]
        return str(found[0].standing) if found else None


class ServedSerializer(serializers.Serializer[Any]):
    system = serializers.SlugField()
    version = serializers.CharField(
        max_length=63, allow_blank=True, help_text="The version served now; empty: nothing."
    )
    personalises = serializers.BooleanField(help_text="Whether people are personalised for.")


class ReportAnswerSerializer(serializers.Serializer[Any]):
    standing = serializers.ChoiceField(choices=[str(one) for one in Standing])


class TargetViewSet(mixins.ListModelMixin, BaseViewSet):
    """The places that serve systems; each reports what it serves with its server key."""

    serializer_class = TargetSerializer
    lookup_field = "key"
    queryset = ServingTarget.objects.none()
    required_actions = {"list": "incidents.view", "reports": "incidents.report_served"}

    def get_queryset(self) -> QuerySet[ServingTarget]:
        return targets_for(self.actor)

    @extend_schema(request=ServedSerializer, responses=ReportAnswerSerializer)
    @action(detail=True, methods=["post"])
    def reports(self, request: Request, key: str) -> Response:
        """Say what this target serves now; the answer says what that confirms."""
        form = ServedSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        given = form.validated_data
        targets = ServingTarget.objects.select_related("system").filter(active=True)
        if self.actor.system_keys is not None:
            targets = targets.filter(system__key__in=self.actor.system_keys)
        target = targets.filter(key=key, system__key=given["system"]).first()
        if target is None:
            raise NotFound(f"There is no serving target {key!r} of {given['system']!r}.")
        standing = report_served(
            target=target,
            version=given["version"],
            personalises=given["personalises"],
            actor=self.actor,
        )
        return Response({"standing": str(standing)})
