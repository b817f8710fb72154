"""Reads the rules by which a recorded yes ends; the rule itself: `decision.expiry`."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from consent.decision.expiry import PurposeRules
from consent.decision.facts import RegionRule
from governance.registry.models import Purpose
from governance.registry.models import RegionRule as StoredRule


def rules_for_recording(purposes: Iterable[Purpose]) -> dict[UUID, PurposeRules]:
    """Read what `expiry_of` needs for purposes, by id, in one statement.

    All rules of a purpose are read, for a choice may have been made before it is recorded.
    """
    found = {purpose.pk: purpose for purpose in purposes}
    rules: dict[UUID, list[RegionRule]] = {pk: [] for pk in found}
    stored = StoredRule.objects.filter(purpose__in=found)
    for rule in stored.only("purpose_id", "region", "regime", "valid", "max_age_days"):
        rules[rule.purpose_id].append(
            RegionRule(
                rule.region, rule.regime, rule.valid_from, rule.valid_until, rule.max_age_days
            )
        )
    return {
        pk: PurposeRules(purpose.default_ttl_days, tuple(rules[pk]))
        for pk, purpose in found.items()
    }
