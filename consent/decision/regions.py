"""Which regime holds for a purpose in a region. Regions are ISO 3166 codes, `EU`, or `*`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from consent.decision.facts import RegionRule, in_force
from consent.decision.vocabulary import Regime

EU_COUNTRIES = frozenset(
    {
        "AT", "BE", "BG", "HR", "CY", "CZ", "DK", "EE", "FI", "FR", "DE", "GR", "HU", "IE",
        "IT", "LV", "LT", "LU", "MT", "NL", "PL", "PT", "RO", "SK", "SI", "ES", "SE",
    }
)  # fmt: skip
#: Where consent as the lawful basis means opt-in: EU, EEA, United Kingdom, Switzerland.
OPT_IN_COUNTRIES = EU_COUNTRIES | {"IS", "LI", "NO", "GB", "CH"}

BASIS_DEFAULT: Mapping[str, Regime] = {
    "consent": Regime.OPT_IN,
    "legitimate_interests": Regime.OPT_OUT,
    "contract": Regime.NOTICE_ONLY,
    "legal_obligation": Regime.NOTICE_ONLY,
    "vital_interests": Regime.NOTICE_ONLY,
    "public_task": Regime.NOTICE_ONLY,
}


def wider_regions(region: str) -> Iterator[str]:
    """Yield the region and those around it: `DE-BY`, `DE`, `EU`, `*`."""
    name = region.strip().upper()
    country = name.split("-", 1)[0]
    yield name
    if country != name:
        yield country
    if country in EU_COUNTRIES:
        yield "EU"
    yield "*"


def _read(value: str) -> Regime:
    """Read a declared regime; a word we do not know counts as opt-in, never as freer."""
    try:
        return Regime(value)
    except ValueError:
        return Regime.OPT_IN


def rules_for(
    rules: Sequence[RegionRule], region: str | None, now: datetime
) -> tuple[RegionRule, ...]:
    """Return the rules that bind a region now: the closest one declared for it, else all.

    All of them bind where the region is unknown or nothing is declared for it: the strictest
    of them counts.
    """
    valid = [rule for rule in rules if in_force(rule, now)]
    for name in wider_regions(region) if region else ():
        closest = tuple(rule for rule in valid if rule.region.upper() == name)
        if closest:
            return closest
    return tuple(valid)


def regime_of(
    *,
    rules: Sequence[RegionRule],
    lawful_basis: str,
    consent_always: bool,
    region: str | None,
    now: datetime,
) -> Regime:
    """Return the regime of a purpose; an unknown or undeclared region gets the strictest.

    `consent_always` is set for access to the person's device and for electronic marketing:
    both need consent whatever the lawful basis of the processing behind them.
    """
    binding = rules_for(rules, region, now)
    declared = [_read(rule.regime) for rule in binding]
    if not region or not declared or not _declared_for(binding, region):
        declared.append(BASIS_DEFAULT.get(lawful_basis, Regime.OPT_IN))
    country = region.strip().upper().split("-", 1)[0] if region else ""
    opt_in_by_law = lawful_basis == "consent" and (
        not country or country == "EU" or country in OPT_IN_COUNTRIES
    )
    if consent_always or opt_in_by_law:
        declared.append(Regime.OPT_IN)
    return max(declared, key=lambda regime: regime.strictness)


def _declared_for(binding: Sequence[RegionRule], region: str) -> bool:
    names = set(wider_regions(region))
    return any(rule.region.upper() in names for rule in binding)
