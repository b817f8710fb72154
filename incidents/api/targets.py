"""Serving targets over REST: which there are, another one, and what each says it serves."""

from __future__ import annotations

import time
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from governance.core.api.viewsets import BaseViewSet
from governance.core.clock import database_now
from governance.core.errors import Invalid, NotFound, NotPermitted
from governance.outbox.webhooks.models import WebhookEndpoint
from governance.outbox.webhooks.secrets import unseal
from governance.registry.selectors import find_system
from incidents.choices import TargetKind
from incidents.confirmation import Standing
from incidents.levers.signed_reports import fault_of
from incidents.models import DesiredState, ServingTarget, TargetOrder
from incidents.selectors import standings_of, targets_for
from incidents.services.targets import TargetSettings, register_target, report_served


class DesiredSerializer(serializers.ModelSerializer[DesiredState]):
    class Meta:
        model = DesiredState
        fields = ("revision", "version", "personalises", "since")


class TargetOrderSerializer(serializers.ModelSerializer[TargetOrder]):
    tries = serializers.IntegerField(read_only=True)
    problem = serializers.CharField(read_only=True)

    class Meta:
        model = TargetOrder
        fields = (
            "revision",
            "version",
            "personalises",
            "state",
            "tries",
            "problem",
            "created_at",
            "applied_at",
            "done_at",
        )


class TargetSerializer(serializers.ModelSerializer[ServingTarget]):
    system = serializers.SlugRelatedField(slug_field="key", read_only=True)  # type: ignore[var-annotated]
    endpoint = serializers.SlugRelatedField(slug_field="name", read_only=True)  # type: ignore[var-annotated]
    desired = DesiredSerializer(source="system.desired_state", read_only=True)
    standing = serializers.SerializerMethodField()
    sentence = serializers.SerializerMethodField()
    order = serializers.SerializerMethodField()

    class Meta:
        model = ServingTarget
        fields = (
            "id",
            "system",
            "key",
            "title",
            "kind",
            "for_drills",
            "active",
            "endpoint",
            "tracking_url",
            "model_name",
            "alias",
            "reports_itself",
            "alias_reads",
            "alias_read_at",
            "served_version",
            "served_personalised",
            "served_revision",
            "served_at",
            "desired",
            "standing",
            "sentence",
            "order",
        )

    def get_standing(self, target: ServingTarget) -> str | None:
        """`confirmed`, `waiting`, `unconfirmed` or `no_traffic`; null for one that is retired."""
        found = self.context["standings"].get(target.pk)
        return str(found.standing) if found else None

    def get_sentence(self, target: ServingTarget) -> str:
        """Why it stands there, in words."""
        found = self.context["standings"].get(target.pk)
        return found.sentence if found else ""

    @extend_schema(responses=TargetOrderSerializer(allow_null=True))
    def get_order(self, target: ServingTarget) -> dict[str, Any] | None:
        """What it was told of the present revision, where it has to be told."""
        found = self.context["standings"].get(target.pk)
        if found is None or found.order is None:
            return None
        return dict(TargetOrderSerializer(found.order).data)


class NewTargetSerializer(serializers.Serializer[Any]):
    system = serializers.SlugField()
    key = serializers.SlugField(max_length=63)
    title = serializers.CharField(max_length=120)
    kind = serializers.ChoiceField(TargetKind.choices, default=TargetKind.OFREP)
    for_drills = serializers.BooleanField(default=False)
    endpoint = serializers.CharField(
        required=False, default="", help_text="The name of the webhook endpoint, for a webhook."
    )
    tracking_url = serializers.CharField(required=False, default="", max_length=300)
    model_name = serializers.CharField(required=False, default="", max_length=200)
    alias = serializers.CharField(required=False, default="", max_length=100)
    credential = serializers.CharField(
        required=False, default="", max_length=2000, write_only=True, help_text="Never shown again."
    )
    reports_itself = serializers.BooleanField(
        default=True, help_text="Whether what loads the alias also reports."
    )


class ServedSerializer(serializers.Serializer[Any]):
    system = serializers.SlugField()
    version = serializers.CharField(
        max_length=63, allow_blank=True, help_text="The version served now; empty: nothing."
    )
    personalises = serializers.BooleanField(help_text="Whether people are personalised for.")
    revision = serializers.IntegerField(
        min_value=1,
        max_value=2**31 - 1,
        required=False,
        allow_null=True,
        default=None,
        help_text="The revision this answers to; a target that is told by webhook names it.",
    )


class ReportAnswerSerializer(serializers.Serializer[Any]):
    standing = serializers.ChoiceField(choices=[str(one) for one in Standing])
    desired = DesiredSerializer(help_text="What should be served now.")


class TargetViewSet(mixins.ListModelMixin, BaseViewSet):
    """The places that serve systems; each reports what it serves with its server key."""

    serializer_class = TargetSerializer
    lookup_field = "key"
    queryset = ServingTarget.objects.none()
    required_actions = {
        "list": "incidents.view",
        "create": "incidents.edit_targets",
        "reports": "incidents.report_served",
    }

    def get_queryset(self) -> QuerySet[ServingTarget]:
        return targets_for(self.actor).select_related("system__desired_state", "endpoint")

    def get_serializer(self, *args: Any, **kwargs: Any) -> Any:
        """Judge all targets that are shown at once."""
        shown = args[:1] if not kwargs.get("many") else args[0]
        targets: list[ServingTarget] = list(shown)
        systems = {target.system_id: target.system for target in targets}
        judged = standings_of(systems.values()) if systems else {}
        standings = {one.target.pk: one for each in judged.values() for one in each}
        kwargs["context"] = {**self.get_serializer_context(), "standings": standings}
        return TargetSerializer(*args, **kwargs)

    @extend_schema(request=NewTargetSerializer, responses={201: TargetSerializer})
    def create(self, request: Request) -> Response:
        """Register a place that serves a system; one that has to be told is told at once."""
        form = NewTargetSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        values: dict[str, Any] = dict(form.validated_data)
        system = find_system(values.pop("system"), self.actor)
        key, title = values.pop("key"), values.pop("title")
        name = values.pop("endpoint")
        endpoint = WebhookEndpoint.objects.filter(name=name).first() if name else None
        if name and endpoint is None:
            raise Invalid(f"There is no webhook endpoint named {name!r}.")
        made = register_target(
            system=system,
            key=key,
            title=title,
            settings=TargetSettings(endpoint=endpoint, **values),
            actor=self.actor,
        )
        shown = targets_for(self.actor).get(pk=made.pk)
        return Response(self.get_serializer(shown).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=ServedSerializer, responses=ReportAnswerSerializer)
    @action(detail=True, methods=["post"])
    def reports(self, request: Request, key: str) -> Response:
        """Say what this target serves now; the answer says what that confirms, and what is wanted.

        A target that is told by webhook signs its report with the secret of its endpoint, in the
        headers of Standard Webhooks.
        """
        body = request._request.body
        form = ServedSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        given = form.validated_data
        target = self._target(given["system"], key)
        signed = target.kind == TargetKind.WEBHOOK and _is_signed(target, request, body)
        standing = report_served(
            target=target,
            version=given["version"],
            personalises=given["personalises"],
            revision=given["revision"],
            signed=signed,
            actor=self.actor,
        )
        desired = DesiredState.objects.get(system=target.system)
        return Response({"standing": str(standing), "desired": DesiredSerializer(desired).data})

    def _target(self, system_key: str, key: str) -> ServingTarget:
        targets = ServingTarget.objects.select_related("system", "endpoint").filter(active=True)
        if self.actor.system_keys is not None:
            targets = targets.filter(system__key__in=self.actor.system_keys)
        target = targets.filter(key=key, system__key=system_key).first()
        if target is None:
            raise NotFound(f"There is no serving target {key!r} of {system_key!r}.")
        return target


def _is_signed(target: ServingTarget, request: Request, body: bytes) -> bool:
    endpoint = target.endpoint
    if endpoint is None:
        return False
    secrets = [unseal(endpoint.secret)]
    until = endpoint.previous_until
    if endpoint.previous_secret is not None and until and until > database_now():
        secrets.append(unseal(endpoint.previous_secret))
    if fault := fault_of(request.headers, body, secrets=secrets, now=time.time()):
        raise NotPermitted(fault)
    return True
