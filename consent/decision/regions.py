"""Which regime holds for a purpose in a region. Regions are ISO 3166 codes, `EU`, or `*`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

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
    """Read a declared mechanism; a word we do not know counts as opt-in, never as freer."""
    try:
        return Regime(value)
    except ValueError:
        return Regime.OPT_IN


def regime_of(
    *,
    mechanism: Mapping[str, str],
    lawful_basis: str,
    consent_always: bool,
    region: str | None,
) -> Regime:
    """Return the regime of a purpose; an unknown or undeclared region gets the strictest.

    `consent_always` is set for access to the person's device and for electronic marketing:
    both need consent whatever the lawful basis of the processing behind them.
    """
    declared = {name.upper(): _read(value) for name, value in mechanism.items()}
    basis = BASIS_DEFAULT.get(lawful_basis, Regime.OPT_IN)
    found = None
    if region:
        found = next((declared[name] for name in wider_regions(region) if name in declared), None)
    if found is None:
        found = max([*declared.values(), basis], key=lambda regime: regime.strictness)
    country = region.strip().upper().split("-", 1)[0] if region else ""
    opt_in_by_law = lawful_basis == "consent" and (
        not country or country == "EU" or country in OPT_IN_COUNTRIES
    )
    if consent_always or opt_in_by_law:
        found = max(found, Regime.OPT_IN, key=lambda regime: regime.strictness)
    return found
