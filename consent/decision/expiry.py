"""When a consent runs out: decided once, as it is recorded. Pure; deciding stands elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from consent.decision.facts import RegionRule
from consent.decision.regions import rules_for


class LastsByRule(Protocol):
    """What expiry is made from; `PurposeFacts` and `PurposeRules` both are."""

    @property
    def default_ttl_days(self) -> int | None: ...

    @property
    def rules(self) -> Sequence[RegionRule]: ...


@dataclass(frozen=True, slots=True)
class PurposeRules:
    """The rules of one purpose, as a recorder of choices needs them."""

    default_ttl_days: int | None = None
    rules: tuple[RegionRule, ...] = ()


def expiry_of(
    purpose_rules: LastsByRule,
    region: str,
    decided_at: datetime,
    asked: datetime | None = None,
) -> datetime | None:
    """Return when a consent given at `decided_at` ends: the shortest of all that apply.

    The purpose's own time, the maximum age in the region (unknown region: the shortest), and
    what the caller asked for; None when nothing limits it.
    """
    days = [rule.max_age_days for rule in rules_for(purpose_rules.rules, region, decided_at)]
    limits = [each for each in (*days, purpose_rules.default_ttl_days) if each is not None]
    ends = [decided_at + timedelta(days=each) for each in limits]
    if asked is not None:
        ends.append(asked)
    return min(ends, default=None)
