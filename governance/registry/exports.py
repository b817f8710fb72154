"""Exports of the registry: the record of processing activities and the inventory of systems."""

from __future__ import annotations

from collections.abc import Iterator

from governance.core.exports import NOT_HELD, Cell, Export
from governance.registry.models import DataFlow, Feature, Purpose, System

_ROPA = (
    "purpose", "title", "description", "lawful_basis", "dpv_iri", "state",
    "regional_regimes", "data_subjects", "systems", "owners", "categories_of_data",
    "special_or_proxy_data", "recipients", "retention_of_data", "retention_of_consent_record",
    "security_measures", "controller", "transfers_to_third_countries",
)  # fmt: skip


def record_of_processing() -> Export:
    """One row a purpose, with the fields of GDPR, Article 30 (1)."""
    return Export(
        "Record of processing activities",
        _ROPA,
        _activities(),
        (
            (
                "Controller, representative, data protection officer and transfers to third "
                "countries are not held in Tactful: fill them in."
            ),
            (
                "Categories of data are the features of the systems that serve a purpose and may "
                "use it; a feature without a declared purpose is in no row. Recipients are the "
                "destinations of those systems' declared data flows."
            ),
        ),
    )


def _activities() -> Iterator[list[Cell]]:
    purposes = Purpose.objects.order_by("key").prefetch_related(
        "systems__owner", "systems__features__allowed_purposes", "region_rules"
    )
    flows: dict[object, set[str]] = {}
    for flow in DataFlow.objects.filter(declared=True):
        flows.setdefault(flow.system_id, set()).add(flow.destination)
    for purpose in purposes:
        systems = sorted(purpose.systems.all(), key=lambda each: each.key)
        features = _features_for(purpose, systems)
        regimes = {f"{each.region or '*'}: {each.regime}" for each in purpose.region_rules.all()}
        yield [
            purpose.key,
            purpose.title,
            purpose.description,
            purpose.lawful_basis,
            purpose.dpv_iri,
            purpose.state,
            sorted(regimes),
            "people whom the customer's systems name by an id",
            [each.key for each in systems],
            sorted({str(each.owner) for each in systems if each.owner_id}),
            [each.key for each in features],
            [f"{each.key}: {each.sensitivity}" for each in features if each.sensitivity != "none"],
            sorted({name for each in systems for name in flows.get(each.pk, ())}),
            [f"{each.key}: {each.retention}" for each in features if each.retention],
            purpose.record_retention,
            sorted({str(each.technique) for each in features}),
            NOT_HELD,
            NOT_HELD,
        ]


def _features_for(purpose: Purpose, systems: list[System]) -> list[Feature]:
    """Features of the systems that are declared to be used for the purpose."""
    found = {
        feature.key: feature
        for system in systems
        for feature in system.features.all()
        if purpose in feature.allowed_purposes.all()
    }
    return [found[key] for key in sorted(found)]


def inventory() -> Export:
    """One row a registered system, with what it serves and where it stands."""
    return Export(
        "Inventory of personalisation systems",
        (
            "system",
            "title",
            "description",
            "owner",
            "risk_tier",
            "on_pause",
            "surfaces",
            "purposes",
            "features",
            "versions",
            "serving_version",
            "fallback_version",
            "review_due",
            "active_holds",
        ),
        _systems(),
        ("Only what was registered is listed.",),
    )


def _systems() -> Iterator[list[Cell]]:
    found = System.objects.select_related("owner", "serving_version", "fallback_version")
    for system in found.order_by("key").prefetch_related(
        "surfaces", "purposes", "features", "versions", "holds"
    ):
        serving, fallback = system.serving_version, system.fallback_version
        yield [
            system.key,
            system.title,
            system.description,
            str(system.owner) if system.owner_id else "",
            system.risk_tier,
            system.on_pause,
            sorted(each.key for each in system.surfaces.all()),
            sorted(each.key for each in system.purposes.all()),
            sorted(each.key for each in system.features.all()),
            sorted(each.key for each in system.versions.all()),
            serving.key if serving else "",
            fallback.key if fallback else "",
            system.review_due.isoformat() if system.review_due else "",
            sorted(each.cause for each in system.holds.all() if each.released_at is None),
        ]
