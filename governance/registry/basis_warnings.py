"""What a lawyer would ask about a purpose, as sentences with their source. Nothing is refused."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils import timezone

from governance.registry.choices import LawfulBasis, Mechanism, Sensitivity
from governance.registry.models import Purpose
from governance.registry.standards import (
    crosses_companies,
    is_ads_profiling,
    is_electronic_marketing,
)

_WITHOUT_A_YES = frozenset({Mechanism.OPT_OUT, Mechanism.NOTICE_ONLY})
#: What `profile_of` reads; give it to `prefetch_related` before asking for many.
RELATIONS = ("region_rules", "features")


@dataclass(frozen=True, slots=True)
class BasisWarning:
    """One thing to look at, and where it is written."""

    key: str
    sentence: str
    source: str


@dataclass(frozen=True, slots=True)
class PurposeProfile:
    """A purpose as the warnings see it."""

    lawful_basis: str
    ads_profiling: bool = False
    electronic_marketing: bool = False
    device_access: bool = False
    crosses_companies: bool = False
    gpc_covers: bool = False
    default_ttl_days: int | None = None
    record_basis: str = LawfulBasis.LEGAL_OBLIGATION
    regimes: frozenset[str] = frozenset()
    special_category: bool = False
    unlimited_features: tuple[str, ...] = ()


def profile_of(purpose: Purpose) -> PurposeProfile:
    """Read what the warnings need; regimes are those that hold now or will."""
    now = timezone.now()
    features = list(purpose.features.all())
    return PurposeProfile(
        lawful_basis=purpose.lawful_basis,
        ads_profiling=is_ads_profiling(purpose.dpv_iri, purpose.fideslang_use),
        electronic_marketing=is_electronic_marketing(purpose.dpv_iri, purpose.fideslang_use),
        device_access=purpose.needs_device_access,
        crosses_companies=crosses_companies(purpose.fideslang_use),
        gpc_covers=purpose.gpc_covers,
        default_ttl_days=purpose.default_ttl_days,
        record_basis=purpose.record_basis,
        regimes=frozenset(
            str(rule.regime)
            for rule in purpose.region_rules.all()
            if rule.valid_until is None or rule.valid_until > now
        ),
        special_category=any(
            feature.sensitivity == Sensitivity.SPECIAL_CATEGORY for feature in features
        ),
        unlimited_features=tuple(
            sorted(feature.title for feature in features if not feature.retention)
        ),
    )


def warnings_of(profile: PurposeProfile) -> tuple[BasisWarning, ...]:
    """Return every warning that applies, the gravest first."""
    return tuple(
        warning
        for applies, warning in (*_basis(profile), *_time(profile), *_record(profile))
        if applies
    )


def _basis(profile: PurposeProfile) -> list[tuple[bool, BasisWarning]]:
    consent = profile.lawful_basis == LawfulBasis.CONSENT
    freely = bool(_WITHOUT_A_YES & profile.regimes)
    name = LawfulBasis(profile.lawful_basis).label.lower()
    return [
        (
            profile.ads_profiling
            and profile.lawful_basis in (LawfulBasis.CONTRACT, LawfulBasis.LEGITIMATE_INTERESTS),
            BasisWarning(
                "ads_without_consent",
                f"Profiling for ads rests on {name}; courts accepted consent alone. "
                "Change the lawful basis to consent.",
                "CJEU C-252/21 (Meta Platforms, 4 July 2023); EDPB Urgent Binding Decision 1/2023",
            ),
        ),
        (
            profile.device_access and not consent,
            BasisWarning(
                "device_without_consent",
                f"The purpose reads or writes on the person's device and rests on {name}. Such "
                "access needs consent unless the service asked for cannot do without it; "
                "decisions ask for a yes everywhere.",
                "ePrivacy Directive 2002/58/EC, Article 5(3)",
            ),
        ),
        (
            profile.electronic_marketing and not consent,
            BasisWarning(
                "marketing_without_consent",
                f"Marketing by electronic message rests on {name}. It needs consent, except for "
                "one's own similar products to one's customers; decisions ask for a yes "
                "everywhere.",
                "ePrivacy Directive 2002/58/EC, Article 13",
            ),
        ),
        (
            profile.special_category and not consent,
            BasisWarning(
                "special_category_without_consent",
                "Features of a special category are allowed for this purpose; without explicit "
                "consent hardly any ground of Article 9 is open to personalisation.",
                "GDPR, Article 9(2)",
            ),
        ),
        (
            profile.special_category and profile.ads_profiling,
            BasisWarning(
                "special_category_ads",
                "Features of a special category are allowed for ads. Online platforms may not "
                "show ads by such profiling, not even with consent. Take the features away.",
                "Digital Services Act, Article 26(3)",
            ),
        ),
        (
            consent and freely,
            BasisWarning(
                "silence_is_no_consent",
                "The basis is consent, yet a region's rule takes silence for a yes. In the EU, "
                "the EEA, the United Kingdom and Switzerland decisions ask for a yes all the "
                "same.",
                "GDPR, Article 4(11) and Recital 32; CJEU C-673/17 (Planet49)",
            ),
        ),
        (
            profile.crosses_companies and not profile.gpc_covers,
            BasisWarning(
                "gpc_not_covered",
                "Data crosses companies, yet Global Privacy Control is not said to cover the "
                "purpose. The signal refuses sale, sharing and ads across companies.",
                "CCPA Regulations, section 7025; Global Privacy Control specification",
            ),
        ),
    ]


def _time(profile: PurposeProfile) -> list[tuple[bool, BasisWarning]]:
    names = ", ".join(profile.unlimited_features[:3])
    more = len(profile.unlimited_features) - 3
    names += f" and {more} more" if more > 0 else ""
    return [
        (
            profile.ads_profiling and bool(profile.unlimited_features),
            BasisWarning(
                "ads_data_without_limit",
                f"Ads use data that is kept without a limit: {names}. Give these features a "
                "retention.",
                "CJEU C-446/21 (Schrems, 4 October 2024); GDPR, Article 5(1)(c) and (e)",
            ),
        ),
        (
            profile.lawful_basis == LawfulBasis.CONSENT and profile.default_ttl_days is None,
            BasisWarning(
                "consent_without_end",
                "A yes to this purpose never runs out. Say how many days it lasts, and ask again "
                "then.",
                "EDPB Guidelines 05/2020 on consent, paragraphs 110 and 111",
            ),
        ),
    ]


def _record(profile: PurposeProfile) -> list[tuple[bool, BasisWarning]]:
    return [
        (
            profile.record_basis == LawfulBasis.CONSENT,
            BasisWarning(
                "record_on_consent",
                "The record of the consent rests on consent itself: who withdraws would take the "
                "proof away. Keeping it is a duty; choose legal obligation.",
                "GDPR, Article 7(1)",
            ),
        ),
    ]
