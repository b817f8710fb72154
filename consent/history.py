"""A past decision, computed again from what is append-only: events, holds, the ledger's changes.

The present row of a registry object is wound back by undoing every change the ledger recorded
after the moment asked about. Deciding stands in `decision`; this module only reads.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Q

from consent.decision.facts import (
    AgeRule,
    Catalogue,
    ChoiceFacts,
    Circumstances,
    HoldFacts,
    PersonFacts,
    PurposeFacts,
    RegionRule,
    SurfaceFacts,
    SystemFacts,
    VersionFacts,
)
from consent.decision.precedence import Decision, decide_system
from consent.decision.vocabulary import Outcome, Status
from consent.identity import fingerprint_of, pseudonyms_of
from consent.models import ConsentEvent, DataSubject, NoticeVersion, Suppression
from consent.slowpath.reading import APPROVED_STATES, notice_facts
from governance.core.errors import NotFound
from governance.ledger.models import LedgerEntry
from governance.registry.choices import Technique
from governance.registry.models import AgeRule as StoredAgeRule
from governance.registry.models import (
    Feature,
    Hold,
    ModelVersion,
    PersonalizationType,
    Purpose,
    Surface,
    System,
)
from governance.registry.standards import is_electronic_marketing


@dataclass(frozen=True)
class Explanation:
    """The decision as it was, or as it can no longer be told."""

    decision: Decision
    at: datetime
    person_known: bool


def _wind_back(kind: str, key: str, fields: dict[str, Any], at: datetime) -> dict[str, Any]:
    """Undo, newest first, what the ledger says was changed after `at`."""
    later = LedgerEntry.objects.filter(object_type=kind, object_id=key, at__gt=at)
    for entry in later.order_by("-at", "-id"):
        changed = dict(entry.facts.get("changed") or {})
        if entry.verb == "registry.serving_version_set":
            changed["serving_version"] = entry.facts
        elif entry.verb == "registry.version_state_set":
            changed["state"] = entry.facts
        for name, change in changed.items():
            if name in fields and isinstance(change, dict) and "from" in change:
                fields[name] = change["from"]
    return fields


def _holds(at: datetime, **target: Any) -> tuple[HoldFacts, ...]:
    """The holds on a target that were active then."""
    standing = Hold.objects.filter(
        Q(released_at=None) | Q(released_at__gt=at), placed_at__lte=at, **target
    )
    return tuple(
        HoldFacts(str(hold.pk), Outcome(hold.effect), hold.cause, hold.incident_reference)
        for hold in standing.order_by("pk")
    )


@dataclass(frozen=True)
class _Then:
    """What several pieces of the catalogue share at one moment."""

    at: datetime
    types: dict[str, list[str]]
    on_device: dict[str, list[str]]
    notices: Sequence[NoticeVersion]


def _types_then(at: datetime) -> dict[str, list[str]]:
    """The types behind which each purpose stood."""
    types: dict[str, list[str]] = {}
    known = PersonalizationType.objects.filter(created_at__lte=at).prefetch_related("purposes")
    for kind in known.order_by("key"):
        present = {"purposes": [purpose.key for purpose in kind.purposes.all()]}
        for purpose in _wind_back("type", kind.key, present, at)["purposes"]:
            types.setdefault(purpose, []).append(kind.key)
    return types


def _on_device_then(at: datetime) -> dict[str, list[str]]:
    """The features that were read on the device, and the purposes they were allowed for."""
    changed = LedgerEntry.objects.filter(
        object_type="feature", at__gt=at, facts__changed__has_key="technique"
    )
    found = Feature.objects.filter(
        Q(technique=Technique.ON_DEVICE) | Q(key__in=changed.values("object_id")),
        created_at__lte=at,
    )
    told: dict[str, list[str]] = {}
    for feature in found.prefetch_related("allowed_purposes"):
        present: dict[str, Any] = {
            "technique": feature.technique,
            "allowed_purposes": [purpose.key for purpose in feature.allowed_purposes.all()],
        }
        was = _wind_back("feature", feature.key, present, at)
        if was["technique"] == Technique.ON_DEVICE:
            told[feature.key] = was["allowed_purposes"]
    return told


def _version(system: System, name: str | None, then: _Then) -> VersionFacts | None:
    if not name:
        return None
    key = name.rpartition(":")[2]
    version = ModelVersion.objects.filter(system=system, key=key).first()
    if version is None:
        return None
    present: dict[str, Any] = {
        "state": version.state,
        "features": [feature.key for feature in version.features.all()],
    }
    was = _wind_back("version", f"{system.key}:{key}", present, then.at)
    return VersionFacts(
        key,
        was["state"] in APPROVED_STATES,
        _holds(then.at, version=version),
        on_device=any(feature in then.on_device for feature in was["features"]),
    )


def _purpose(purpose: Purpose, then: _Then) -> PurposeFacts:
    names = (
        "lawful_basis",
        "needs_device_access",
        "dpv_iri",
        "fideslang_use",
        "gpc_covers",
        "default_ttl_days",
        "state",
    )
    present = {name: getattr(purpose, name) for name in names}
    was = _wind_back("purpose", purpose.key, present, then.at)
    types = then.types.get(purpose.key, [])
    ages = StoredAgeRule.objects.filter(type__key__in=types, valid__contains=then.at)
    return PurposeFacts(
        key=purpose.key,
        lawful_basis=was["lawful_basis"],
        needs_device_access=was["needs_device_access"],
        electronic_marketing=is_electronic_marketing(was["dpv_iri"], was["fideslang_use"]),
        rules=tuple(
            RegionRule(
                rule.region, rule.regime, rule.valid_from, rule.valid_until, rule.max_age_days
            )
            for rule in purpose.region_rules.filter(valid__contains=then.at).order_by("region")
        ),
        gpc_covers=was["gpc_covers"],
        active=was["state"] == "published",
        types=tuple(types),
        holds=_holds(then.at, purpose=purpose),
        age_rules=tuple(
            AgeRule(
                rule.region,
                rule.minimum_age,
                rule.unknown_age,
                rule.valid_from,
                rule.valid_until,
                rule.type.key,
            )
            for rule in ages.select_related("type").order_by("type__key", "region")
        ),
        default_ttl_days=was["default_ttl_days"],
        notice=notice_facts(
            [
                (each.key, each.material, each.published_at)
                for each in then.notices
                if each.published_at and purpose in each.purposes.all()
            ]
        ),
        on_device=any(purpose.key in allowed for allowed in then.on_device.values()),
    )


def _surface(surface: Surface, at: datetime) -> SurfaceFacts:
    keys = list(surface.purposes.values_list("key", flat=True))
    was = _wind_back("surface", surface.key, {"purposes": keys, "kind": surface.kind}, at)
    return SurfaceFacts(
        surface.key, tuple(was["purposes"]), _holds(at, surface=surface), was["kind"]
    )


def catalogue_at(system: System, at: datetime) -> Catalogue:
    """The registry as it stood around one system."""
    present: dict[str, Any] = {
        "on_pause": system.on_pause,
        "serving_version": system.serving_version and system.serving_version.key,
        "fallback_version": system.fallback_version and system.fallback_version.key,
        "purposes": list(system.purposes.values_list("key", flat=True)),
        "surfaces": list(system.surfaces.values_list("key", flat=True)),
    }
    was = _wind_back("system", system.key, present, at)
    surfaces = {
        surface.key: _surface(surface, at)
        for surface in Surface.objects.filter(key__in=was["surfaces"])
    }
    keys = {*was["purposes"], *(key for each in surfaces.values() for key in each.purposes)}
    notices = NoticeVersion.objects.filter(published_at__lte=at).order_by("-published_at")
    notices = notices.prefetch_related("purposes")
    then = _Then(at, _types_then(at), _on_device_then(at), list(notices))
    return Catalogue(
        purposes={
            purpose.key: _purpose(purpose, then) for purpose in Purpose.objects.filter(key__in=keys)
        },
        systems={
            system.key: SystemFacts(
                key=system.key,
                on_pause=was["on_pause"],
                serving=_version(system, was["serving_version"], then),
                fallback=_version(system, was["fallback_version"], then),
                purposes=tuple(sorted(was["purposes"])),
                surfaces=surfaces,
                holds=_holds(at, system=system),
            )
        },
    )


def person_at(subject: str, at: datetime) -> PersonFacts | None:
    """What was known of a person then; None when nothing is; erased once they were erased."""
    names = pseudonyms_of(settings.KEYS, subject)
    fingerprints = [fingerprint_of(settings.KEYS.fingerprint_key, name) for name in names]
    if Suppression.objects.filter(fingerprint__in=fingerprints).exists():
        return PersonFacts(erased=True)
    person = DataSubject.objects.filter(pseudonym__in=names).first()
    if person is None:
        return None
    choices: dict[str, ChoiceFacts] = {}
    gpc, region = False, ""
    events = ConsentEvent.objects.filter(subject=person, at__lte=at).select_related("purpose")
    for event in events.order_by("at", "revision"):
        gpc, region = event.gpc, event.region
        choices[event.purpose.key] = ChoiceFacts(
            status=Status(event.status),
            revision=event.revision,
            decided_at=event.occurred_at,
            notice_version=event.notice_version,
            gpc_at_choice=event.gpc,
            expires_at=event.expires_at,
        )
    return PersonFacts(
        restricted=person.restricted_at is not None and person.restricted_at <= at,
        age_band=person.age_band,
        gpc=gpc,
        region=region,
        choices=choices,
    )


def explain_decision(
    *, system_key: str, subject: str, at: datetime, region: str = "", surface: str = ""
) -> Explanation:
    """Compute what the decision for this person and system was at a moment."""
    related = ("serving_version", "fallback_version")
    system = System.objects.filter(key=system_key).select_related(*related).first()
    if system is None:
        raise NotFound(f"There is no system {system_key!r}.")
    if system.created_at > at:
        raise NotFound(f"The system {system_key!r} was not registered then.")
    person = person_at(subject, at)
    decision = decide_system(
        catalogue_at(system, at),
        system_key,
        person,
        Circumstances(now=at, region=region, surface=surface),
    )
    return Explanation(decision, at, person is not None)
