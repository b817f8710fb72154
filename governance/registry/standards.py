"""What a purpose's standard names say about it: marketing, advertising, other companies. Pure."""

from __future__ import annotations

_ADS = frozenset({"Advertising", "PersonalisedAdvertising", "TargetedAdvertising"})


def _concept(dpv_iri: str) -> str:
    return dpv_iri.rpartition("#")[2]


def is_electronic_marketing(dpv_iri: str, fideslang_use: str) -> bool:
    """Tell whether a purpose is marketing by electronic message (ePrivacy, Article 13)."""
    return _concept(dpv_iri) == "DirectMarketing" or fideslang_use.startswith(
        "marketing.communications"
    )


def is_ads_profiling(dpv_iri: str, fideslang_use: str) -> bool:
    """Tell whether a purpose chooses advertising by what is known of a person."""
    contextual = fideslang_use.endswith(".contextual")
    ads = _concept(dpv_iri) in _ADS or fideslang_use.startswith("marketing.advertising")
    return ads and not contextual


def crosses_companies(fideslang_use: str) -> bool:
    """Tell whether data of a purpose comes from, or goes to, other companies."""
    return ".third_party" in fideslang_use or fideslang_use.startswith("third_party_sharing")
