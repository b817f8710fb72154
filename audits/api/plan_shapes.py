"""How plans, their changes, runs and backfills look over REST; the doors are `plans` and `runs`."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from audits import selectors
from audits.choices import OnBreach, PlanWeight
from audits.models import Backfill, Plan, PlanChange, Run
from audits.schedule_words import schedule_in_words
from audits.schedules import schedule_of


class PlanSerializer(serializers.ModelSerializer[Plan]):
    system = serializers.SlugRelatedField(slug_field="key", read_only=True)  # type: ignore[var-annotated]
    source = serializers.SlugRelatedField(slug_field="key", read_only=True)  # type: ignore[var-annotated,assignment]
    version = serializers.SlugRelatedField(slug_field="key", read_only=True)  # type: ignore[var-annotated]
    schedule = serializers.SerializerMethodField(help_text="When windows begin, in words.")

    class Meta:
        model = Plan
        fields = (
            *("id", "key", "title", "system", "source", "version", "method", "parameters"),
            *("columns", "limits", "limits_declared_at", "limits_note", "schedule", "zone"),
            *("starts_at", "ends_at", "cron", "length", "every", "lateness", "label_maturity"),
            *("backfill", "planned_looks", "time_limit", "weight", "suppress_below"),
            *("vault_attributes", "preset", "on_breach", "seed", "state", "revision"),
            "created_at",
        )

    def get_schedule(self, plan: Plan) -> str:
        return schedule_in_words(schedule_of(plan))


class PlanFields(serializers.Serializer[Any]):
    """What a plan may be changed to; durations as words or as DRF writes them."""

    title = serializers.CharField(max_length=200, required=False)
    source = serializers.SlugField(required=False, allow_null=True)  # type: ignore[assignment]
    version = serializers.SlugField(required=False, allow_null=True)
    parameters = serializers.DictField(required=False)
    columns = serializers.DictField(
        child=serializers.ListField(child=serializers.CharField()), required=False
    )
    limits = serializers.ListField(
        child=serializers.CharField(), required=False, help_text="Such as top_share<=0.30."
    )
    limits_note = serializers.CharField(required=False, allow_blank=True)
    zone = serializers.CharField(required=False)
    ends_at = serializers.DateTimeField(required=False, allow_null=True)
    cron = serializers.CharField(required=False, allow_blank=True, max_length=120)
    length = serializers.DurationField(required=False)
    every = serializers.DurationField(required=False)
    lateness = serializers.DurationField(required=False)
    label_maturity = serializers.DurationField(required=False)
    planned_looks = serializers.IntegerField(min_value=1, required=False, allow_null=True)
    time_limit = serializers.DurationField(required=False)
    weight = serializers.ChoiceField(choices=PlanWeight.choices, required=False)
    suppress_below = serializers.IntegerField(min_value=0, required=False)
    vault_attributes = serializers.ListField(child=serializers.SlugField(), required=False)
    on_breach = serializers.ChoiceField(choices=OnBreach.choices, required=False)


class NewPlan(PlanFields):
    key = serializers.SlugField(max_length=63)
    title = serializers.CharField(max_length=200)
    system = serializers.SlugField()
    source = serializers.SlugField(required=False)
    version = serializers.SlugField(required=False)
    method = serializers.CharField()
    columns = serializers.DictField(child=serializers.ListField(child=serializers.CharField()))
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField(required=False)
    planned_looks = serializers.IntegerField(min_value=1, required=False)
    backfill = serializers.BooleanField(required=False)
    seed = serializers.IntegerField(min_value=0, required=False)


class NewPlanChange(PlanFields):
    reason = serializers.CharField(
        required=False, allow_blank=True, default="", help_text="Needed where it weakens the plan."
    )


class PlanChangeSerializer(serializers.ModelSerializer[PlanChange]):
    plan = serializers.SlugRelatedField(slug_field="key", read_only=True)  # type: ignore[var-annotated]

    class Meta:
        model = PlanChange
        fields = (
            *("id", "plan", "base_revision", "before", "after", "weakens", "reasons"),
            *("justification", "proposed_by", "state", "decided_by", "decided_at"),
            *("decision_note", "revision", "created_at"),
        )


class AppliedFile(serializers.Serializer[Any]):
    """What became of a plan file."""

    outcome = serializers.ChoiceField(choices=["created", "unchanged", "applied", "proposed"])
    plan = PlanSerializer()
    change = PlanChangeSerializer(allow_null=True)


class WindowSerializer(serializers.Serializer[Any]):
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    due_at = serializers.DateTimeField()


class PlanProspect(serializers.Serializer[Any]):
    """What a plan audits next, or why nothing."""

    schedule = serializers.CharField()
    overdue = serializers.BooleanField()
    reason = serializers.CharField(help_text="Why there is no next window; else empty.")
    windows = WindowSerializer(many=True)


class Reason(serializers.Serializer[Any]):
    reason = serializers.CharField(required=False, default="", allow_blank=True)


class RunProgressSerializer(serializers.Serializer[Any]):
    percent = serializers.IntegerField()
    words = serializers.CharField()
    elapsed = serializers.DurationField()
    left = serializers.DurationField(allow_null=True)


class RunSerializer(serializers.ModelSerializer[Run]):
    plan = serializers.SlugRelatedField(slug_field="key", read_only=True)  # type: ignore[var-annotated]
    version = serializers.SlugRelatedField(slug_field="key", read_only=True)  # type: ignore[var-annotated]
    system = serializers.CharField(source="plan.system.key", read_only=True)

    class Meta:
        model = Run
        fields = (
            *("id", "plan", "plan_revision", "system", "version", "window_start", "window_end"),
            *("purpose", "incident_id", "backfill", "state", "attempt", "progress"),
            *("progress_note", "verdict", "sentence", "error", "created_at", "started_at"),
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


class NewBackfill(serializers.Serializer[Backfill]):
    plan = serializers.SlugField()
    first = serializers.DateTimeField()
    until = serializers.DateTimeField()
    reason = serializers.CharField(required=False, default="", allow_blank=True)


class BackfillCounts(serializers.Serializer[Any]):
    windows = serializers.IntegerField()
    ended = serializers.IntegerField()
    succeeded = serializers.IntegerField()
    failed = serializers.IntegerField(source="errors")
    cancelled = serializers.IntegerField()
    percent = serializers.IntegerField()
    words = serializers.CharField()


class BackfillSerializer(serializers.ModelSerializer[Backfill]):
    plan = serializers.SlugRelatedField(slug_field="key", read_only=True)  # type: ignore[var-annotated]
    progress = serializers.SerializerMethodField()

    class Meta:
        model = Backfill
        fields = (
            *("id", "plan", "first", "until", "windows", "reason", "requested_by"),
            *("cancelled_at", "progress", "created_at"),
        )

    def get_progress(self, backfill: Backfill) -> dict[str, Any]:
        return dict(BackfillCounts(selectors.backfill_progress(backfill)).data)


def reason_of(data: Any) -> str:
    """The reason in a request's body."""
    form = Reason(data=data)
    form.is_valid(raise_exception=True)
    return str(form.validated_data["reason"])
