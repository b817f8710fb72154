"""Registry objects as JSON: relations by key, never by internal id."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from governance.people.models import User
from governance.registry.basis_warnings import profile_of, warnings_of
from governance.registry.choices import HoldEffect, Mechanism
from governance.registry.models import (
    AgeRule,
    DataFlow,
    Feature,
    Hold,
    ModelVersion,
    PersonalizationType,
    Purpose,
    RegionRule,
    Surface,
    System,
)


def _keys(model: Any, *, many: bool = True, **options: Any) -> Any:
    manager = model._default_manager
    return serializers.SlugRelatedField(
        slug_field="key", queryset=manager.all(), many=many, **options
    )


def _owner() -> Any:
    return serializers.SlugRelatedField(
        slug_field="email",
        queryset=User.objects.filter(is_active=True),
        required=False,
        allow_null=True,
    )


class RegionRuleSerializer(serializers.ModelSerializer[RegionRule]):
    """How people choose in a region, from its start until before its end."""

    valid_from = serializers.DateTimeField(required=False, allow_null=True)
    valid_until = serializers.DateTimeField(required=False, allow_null=True)

    class Meta:
        model = RegionRule
        fields = ("region", "regime", "max_age_days", "valid_from", "valid_until")


class AgeRuleSerializer(serializers.ModelSerializer[AgeRule]):
    """From which age a type is open in a region, from the rule's start until before its end."""

    valid_from = serializers.DateTimeField(required=False, allow_null=True)
    valid_until = serializers.DateTimeField(required=False, allow_null=True)

    class Meta:
        model = AgeRule
        fields = ("region", "minimum_age", "unknown_age", "valid_from", "valid_until")


class EndRuleSerializer(serializers.Serializer[RegionRule]):
    """Which region's rule ends, and when: now if nothing is said."""

    region = serializers.CharField(max_length=6)
    at = serializers.DateTimeField(required=False, allow_null=True)


class BasisWarningSerializer(serializers.Serializer[Any]):
    key = serializers.CharField()
    sentence = serializers.CharField()
    source = serializers.CharField(  # type: ignore[assignment]  # the API's word
        help_text="where it is written"
    )


class PurposeSerializer(serializers.ModelSerializer[Purpose]):
    """A purpose; `mechanism` are the regimes in force now, written as those from now on."""

    mechanism = serializers.DictField(
        child=serializers.ChoiceField(choices=Mechanism.choices), required=False
    )
    parent = _keys(Purpose, many=False, required=False, allow_null=True)
    region_rules = RegionRuleSerializer(many=True, read_only=True)
    warnings = serializers.SerializerMethodField()

    class Meta:
        model = Purpose
        fields = (
            "key", "title", "description", "dpv_iri", "fideslang_use", "lawful_basis",
            "needs_device_access", "mechanism", "region_rules", "gpc_covers", "parent",
            "default_ttl_days", "record_basis", "record_retention", "state", "warnings",
            "updated_at",
        )  # fmt: skip

    @extend_schema_field(BasisWarningSerializer(many=True))
    def get_warnings(self, purpose: Purpose) -> Any:
        return BasisWarningSerializer(warnings_of(profile_of(purpose)), many=True).data


class TypeSerializer(serializers.ModelSerializer[PersonalizationType]):
    purposes = _keys(Purpose)
    age_rules = AgeRuleSerializer(many=True, read_only=True)

    class Meta:
        model = PersonalizationType
        fields = ("key", "title", "help", "purposes", "age_rules", "order", "updated_at")


class SurfaceSerializer(serializers.ModelSerializer[Surface]):
    purposes = _keys(Purpose, required=False)

    class Meta:
        model = Surface
        fields = (
            "key", "title", "kind", "objective", "main_parameters", "non_profiled_variant",
            "dsa_scope", "purposes", "updated_at",
        )  # fmt: skip


class SystemSerializer(serializers.ModelSerializer[System]):
    surfaces = _keys(Surface, required=False)
    purposes = _keys(Purpose, required=False)
    owner = _owner()
    serving_version: Any = serializers.SlugRelatedField(slug_field="key", read_only=True)
    fallback_version: Any = serializers.SlugRelatedField(slug_field="key", read_only=True)
    state = serializers.SerializerMethodField()
    reason = serializers.SerializerMethodField()

    class Meta:
        model = System
        fields = (
            "key", "title", "description", "owner", "on_pause", "risk_tier", "surfaces",
            "purposes", "serving_version", "fallback_version", "review_due", "state", "reason",
            "updated_at",
        )  # fmt: skip

    def get_state(self, system: System) -> str:
        return str(self.context["states"][system.key].state)

    def get_reason(self, system: System) -> str:
        return str(self.context["states"][system.key].reason)


class VersionSerializer(serializers.ModelSerializer[ModelVersion]):
    system = _keys(System, many=False)
    features = _keys(Feature, required=False)

    class Meta:
        model = ModelVersion
        fields = (
            "id", "system", "key", "state", "description", "profiled", "features", "mlflow_uri",
            "training_note", "created_at", "updated_at",
        )  # fmt: skip
        read_only_fields = ("state",)
        validators: list[Any] = []  # the service refuses a second version of the same key


class FeatureSerializer(serializers.ModelSerializer[Feature]):
    systems = _keys(System, required=False)
    allowed_purposes = _keys(Purpose, required=False)
    owner = _owner()

    class Meta:
        model = Feature
        fields = (
            "key", "title", "systems", "source", "sensitivity", "justification",
            "justification_expires_at", "allowed_purposes", "disclosable", "technique",
            "retention", "owner", "updated_at",
        )  # fmt: skip


class FlowSerializer(serializers.ModelSerializer[DataFlow]):
    system = _keys(System, many=False)
    purpose = _keys(Purpose, many=False, required=False, allow_null=True)

    class Meta:
        model = DataFlow
        fields = (
            "key", "system", "source", "destination", "kind", "categories", "purpose", "declared",
            "observed_last_at", "updated_at",
        )  # fmt: skip


class HoldSerializer(serializers.ModelSerializer[Hold]):
    target_kind = serializers.CharField(read_only=True)
    target_key = serializers.CharField(read_only=True)
    active = serializers.SerializerMethodField()

    class Meta:
        model = Hold
        fields = (
            "id", "target_kind", "target_key", "active", "effect", "cause", "reason",
            "incident_reference", "placed_by", "placed_at", "renewed_at", "approve_by",
            "approved_by", "approved_at", "release_proposed_by", "release_proposed_at",
            "released_by", "released_at",
        )  # fmt: skip

    def get_active(self, hold: Hold) -> bool:
        return hold.released_at is None


class PlaceHoldSerializer(serializers.Serializer[Hold]):
    """What `POST holds` takes: exactly one target, a version as `<system>:<version>`."""

    system = serializers.CharField(required=False)
    surface = serializers.CharField(required=False)
    purpose = serializers.CharField(required=False)
    version = serializers.CharField(required=False)
    effect = serializers.ChoiceField(choices=HoldEffect.choices, required=False)
    reason = serializers.CharField()
    cause = serializers.CharField(required=False, max_length=200)
    incident_reference = serializers.CharField(required=False, max_length=40, default="")


class HoldReasonSerializer(serializers.Serializer[Hold]):
    reason = serializers.CharField()


class LiftSerializer(serializers.Serializer[Hold]):
    """What a lift answers: the first person's call proposes, the second person's lifts."""

    state = serializers.ChoiceField(["awaiting_second_person", "lifted"])
    missing = serializers.ListField(
        child=serializers.CharField(), required=False, help_text="what still stands in the way"
    )
    hold = HoldSerializer()


class ServeSerializer(serializers.Serializer[System]):
    version = serializers.CharField()
    reason = serializers.CharField()
