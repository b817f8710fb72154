"""Rules with a time: how people choose about a purpose in a region, from which age a type is open.

Two rules of one region never overlap, and what a rule said in the past stays: both are held by
the database. Setting and ending rules: `services.rules`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pgtrigger
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Cast

from governance.core.models import PublicModel
from governance.registry.choices import Mechanism, UnknownAge
from governance.registry.models.vocabulary import PersonalizationType, Purpose
from governance.registry.validators import REGION_PATTERN, validate_region

PAST_STAYS = pgtrigger.Trigger(
    name="past_stays",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
    level=pgtrigger.Row,
    declare=[("present", "timestamptz")],
    func="""
    present := transaction_timestamp();
    IF TG_OP <> 'INSERT' AND (lower_inf(OLD.valid) OR lower(OLD.valid) < present) THEN
        IF TG_OP = 'DELETE' OR NOT (
            to_jsonb(NEW) - ARRAY['valid', 'changed_by', 'updated_at']
                = to_jsonb(OLD) - ARRAY['valid', 'changed_by', 'updated_at']
            AND lower(NEW.valid) IS NOT DISTINCT FROM lower(OLD.valid)
            AND (upper_inf(OLD.valid) OR upper(OLD.valid) >= present)
            AND (upper_inf(NEW.valid) OR upper(NEW.valid) >= present)
        ) THEN
            RAISE EXCEPTION 'a rule that has begun keeps what it said: set a new one'
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
    ELSIF TG_OP <> 'DELETE' AND (lower_inf(NEW.valid) OR lower(NEW.valid) < present) THEN
        RAISE EXCEPTION 'a rule does not begin in the past'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    RETURN NEW;
    """,
)


def _exactly(value: Any) -> Func:
    """The value as a range of itself alone: GiST compares it without the extension btree_gist."""
    return Func(value, function="registry_exactly")


def _never_twice(name: str, owner: str, sentence: str) -> ExclusionConstraint:
    return ExclusionConstraint(
        name=name,
        expressions=[
            (_exactly(Cast(F(owner), models.TextField())), RangeOperators.EQUAL),
            (_exactly(Cast(F("region"), models.TextField())), RangeOperators.EQUAL),
            ("valid", RangeOperators.OVERLAPS),
        ],
        violation_error_message=sentence,
    )


class Rule(PublicModel):
    """What both kinds of rule share: a region and a time, from its start until before its end."""

    region = models.CharField(max_length=6, validators=[validate_region])
    valid = DateTimeRangeField()
    changed_by = models.CharField(max_length=100, default="system:registry")

    class Meta:
        abstract = True

    @property
    def valid_from(self) -> datetime | None:
        start: datetime | None = self.valid.lower
        return start

    @property
    def valid_until(self) -> datetime | None:
        end: datetime | None = self.valid.upper
        return end

    def holds_at(self, moment: datetime) -> bool:
        started = self.valid_from is None or self.valid_from <= moment
        return started and (self.valid_until is None or moment < self.valid_until)


def _checks(table: str) -> list[models.CheckConstraint]:
    return [
        models.CheckConstraint(
            condition=Q(region__regex=REGION_PATTERN), name=f"{table}_region_is_a_code"
        ),
        models.CheckConstraint(
            condition=Q(valid__isempty=False), name=f"{table}_valid_for_some_time"
        ),
    ]


class RegionRule(Rule):
    """How people choose about a purpose in a region, and how old a yes may grow there."""

    purpose = models.ForeignKey(Purpose, on_delete=models.PROTECT, related_name="region_rules")
    regime = models.CharField(max_length=12, choices=Mechanism.choices)
    max_age_days = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["region", "valid"]
        triggers = [PAST_STAYS]
        constraints = [
            _never_twice(
                "region_rule_one_at_a_time",
                "purpose",
                "Two rules of one purpose and region may not hold at the same time.",
            ),
            *_checks("region_rule"),
            models.CheckConstraint(
                condition=Q(regime__in=Mechanism.values), name="region_rule_regime_known"
            ),
            models.CheckConstraint(
                condition=Q(max_age_days__isnull=True) | Q(max_age_days__gte=1),
                name="region_rule_age_at_least_a_day",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.region}: {self.get_regime_display()}"


class AgeRule(Rule):
    """From which age a type is open in a region, and what holds for people of unknown age."""

    type = models.ForeignKey(
        PersonalizationType, on_delete=models.PROTECT, related_name="age_rules"
    )
    minimum_age = models.PositiveSmallIntegerField()
    unknown_age = models.CharField(
        max_length=8, choices=UnknownAge.choices, default=UnknownAge.ALLOW
    )

    class Meta:
        ordering = ["region", "valid"]
        triggers = [PAST_STAYS]
        constraints = [
            _never_twice(
                "age_rule_one_at_a_time",
                "type",
                "Two age rules of one type and region may not hold at the same time.",
            ),
            *_checks("age_rule"),
            models.CheckConstraint(
                condition=Q(unknown_age__in=UnknownAge.values), name="age_rule_unknown_known"
            ),
            models.CheckConstraint(condition=Q(minimum_age__lte=99), name="age_rule_is_an_age"),
        ]

    def __str__(self) -> str:
        return f"{self.region}: from {self.minimum_age}"
