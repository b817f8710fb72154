"""Whether a type of personalisation is open to a person of some age. Pure; rules are facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from consent.decision.facts import AgeRule, in_force
from consent.decision.regions import wider_regions
from consent.decision.vocabulary import (
    AGE_OF_MAJORITY,
    TYPES_CLOSED_TO_MINORS,
    AgeBand,
    UnknownAge,
)

#: The youngest a person of a band may be; a band that is not listed counts as the youngest.
YOUNGEST: Mapping[str, int] = {
    AgeBand.UNDER_13: 0,
    AgeBand.FROM_13_TO_15: 13,
    AgeBand.FROM_16_TO_17: 16,
    AgeBand.MINOR: 0,
    AgeBand.ADULT: AGE_OF_MAJORITY,
}


def closes(rule: AgeRule, age_band: str) -> bool:
    """Tell whether a rule closes its type to someone of this band."""
    if age_band == AgeBand.UNKNOWN:
        return rule.minimum_age > 0 and rule.unknown_age != UnknownAge.ALLOW
    return YOUNGEST.get(age_band, 0) < rule.minimum_age


def _binding(
    rules: Sequence[AgeRule], kind: str, region: str | None, now: datetime
) -> Sequence[AgeRule]:
    """Return the closest rules declared for the region, else all: the strictest counts."""
    valid = [rule for rule in rules if rule.type in ("", kind) and in_force(rule, now)]
    for name in wider_regions(region) if region else ():
        closest = [rule for rule in valid if rule.region.upper() == name]
        if closest:
            return closest
    return valid


def closed_by_age(
    *,
    types: Sequence[str],
    age_rules: Sequence[AgeRule],
    age_band: str,
    region: str | None,
    now: datetime,
) -> bool:
    """Tell whether the age rule of any of the types closes it to someone of this band.

    The types closed to minors stay closed to them whatever the rules say.
    """
    floor = AgeRule("*", AGE_OF_MAJORITY)
    if closes(floor, age_band) and TYPES_CLOSED_TO_MINORS.intersection(types):
        return True
    return any(
        closes(rule, age_band) for kind in types for rule in _binding(age_rules, kind, region, now)
    )
