"""What an approval covers, as canonical content with a hash, and what changed, in words.

Staleness is a comparison of hashes at the moment of asking; nothing has to notice a change.
"""

from __future__ import annotations

import hashlib
from typing import Any

import rfc8785

from governance.registry.models import (
    AgeRule,
    DataFlow,
    Feature,
    ModelVersion,
    Purpose,
    RegionRule,
    Surface,
)
from governance.reviews.models import Approval

Content = dict[str, dict[str, Any]]


def content_of(version: ModelVersion) -> Content:
    """The reviewed state: `{"feature age": {"retention": "P90D", ...}, ...}`."""
    system = version.system
    surfaces = list(system.surfaces.prefetch_related("purposes"))
    wanted = [system.purposes.all(), *(surface.purposes.all() for surface in surfaces)]
    keys = {purpose.key for found in wanted for purpose in found}
    purposes = Purpose.objects.filter(key__in=keys).select_related("parent")
    purposes = purposes.prefetch_related("region_rules", "types__age_rules")
    features = list(version.features.prefetch_related("allowed_purposes"))
    flows = list(DataFlow.objects.filter(system=system).select_related("purpose"))
    fallback = system.fallback_version
    content: Content = {
        f"system {system.key}": {
            "description": system.description,
            "what it does while held": system.on_pause,
            "risk tier": system.risk_tier,
            "surfaces": sorted(surface.key for surface in surfaces),
            "purposes": sorted(purpose.key for purpose in system.purposes.all()),
            "fallback version": fallback.key if fallback else None,
        },
        f"version {version.key}": {
            "description": version.description,
            "profiled": version.profiled,
            "features": sorted(feature.key for feature in features),
            "model": version.mlflow_uri,
            "training": version.training_note,
        },
    }
    content |= {f"feature {feature.key}": _feature(feature) for feature in features}
    content |= {f"surface {surface.key}": _surface(surface) for surface in surfaces}
    content |= {f"purpose {purpose.key}": _purpose(purpose) for purpose in purposes}
    content |= {f"flow {flow.key}": _flow(flow) for flow in flows}
    return content


def hash_of(content: Content) -> str:
    return hashlib.sha256(rfc8785.dumps(content)).hexdigest()


def content_hash(version: ModelVersion) -> str:
    """The hash of everything an approval of this version covers, as it is now."""
    return hash_of(content_of(version))


def diff(approval: Approval) -> list[str]:
    """What changed since the approval's content was frozen, one sentence a change."""
    return differences(approval.content, content_of(approval.version))


def changed_pieces(before: Content, after: Content) -> list[str]:
    """The names of the pieces that were added, removed or changed."""
    return sorted(
        name for name in before.keys() | after.keys() if before.get(name) != after.get(name)
    )


def differences(before: Content, after: Content) -> list[str]:
    sentences = []
    for name in changed_pieces(before, after):
        title = name[0].upper() + name[1:]
        if name not in before:
            sentences.append(f"{title} was added.")
        elif name not in after:
            sentences.append(f"{title} was removed.")
        else:
            sentences += _field_changes(title, before[name], after[name])
    return sentences


def _field_changes(title: str, before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    return [
        f"{title}: {field} changed from {_say(before.get(field))} to {_say(after.get(field))}."
        for field in sorted(before.keys() | after.keys())
        if before.get(field) != after.get(field)
    ]


def _say(value: Any) -> str:
    if value is None or value in ("", [], {}):
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(str(entry) for entry in value)
    if isinstance(value, dict):
        return ", ".join(f"{key} {entry}" for key, entry in sorted(value.items()))
    return str(value).replace("_", " ")


def _feature(feature: Feature) -> dict[str, Any]:
    until = feature.justification_expires_at
    return {
        "title": feature.title,
        "source": feature.source,
        "sensitivity": feature.sensitivity,
        "justification": feature.justification,
        "end of the justification": until.isoformat() if until else None,
        "allowed purposes": sorted(purpose.key for purpose in feature.allowed_purposes.all()),
        "disclosable": feature.disclosable,
        "technique": feature.technique,
        "retention": feature.retention,
    }


def _surface(surface: Surface) -> dict[str, Any]:
    return {
        "title": surface.title,
        "kind": surface.kind,
        "objective": surface.objective,
        "main parameters": surface.main_parameters,
        "variant without profiling": surface.non_profiled_variant,
        "scope under the DSA": surface.dsa_scope,
        "purposes": sorted(purpose.key for purpose in surface.purposes.all()),
    }


def _purpose(purpose: Purpose) -> dict[str, Any]:
    return {
        "title": purpose.title,
        "description": purpose.description,
        "DPV concept": purpose.dpv_iri,
        "Fideslang use": purpose.fideslang_use,
        "lawful basis": purpose.lawful_basis,
        "device access": purpose.needs_device_access,
        "rules by region": [_region_rule(rule) for rule in purpose.region_rules.all()],
        "age rules": [
            f"{kind.key} {_age_rule(rule)}"
            for kind in sorted(purpose.types.all(), key=lambda each: each.key)
            for rule in kind.age_rules.all()
        ],
        "covered by GPC": purpose.gpc_covers,
        "parent": purpose.parent.key if purpose.parent else None,
        "days a consent lasts": purpose.default_ttl_days,
        "basis of the consent record": purpose.record_basis,
        "retention of the consent record": purpose.record_retention,
        "state": purpose.state,
    }


def _time(rule: RegionRule | AgeRule) -> str:
    """The rule's time; past rules stay in the content, so that time alone makes nothing stale."""
    since = f" from {rule.valid_from:%Y-%m-%d %H:%M:%S} UTC" if rule.valid_from else ""
    return since + (f" until {rule.valid_until:%Y-%m-%d %H:%M:%S} UTC" if rule.valid_until else "")


def _region_rule(rule: RegionRule) -> str:
    age = f", at most {rule.max_age_days} days" if rule.max_age_days else ""
    return f"{rule.region} {rule.get_regime_display().lower()}{age}{_time(rule)}"


def _age_rule(rule: AgeRule) -> str:
    unknown = rule.get_unknown_age_display().lower()
    return f"{rule.region} from {rule.minimum_age}, unknown age {unknown}{_time(rule)}"


def _flow(flow: DataFlow) -> dict[str, Any]:
    return {
        "source": flow.source,
        "destination": flow.destination,
        "kind": flow.kind,
        "categories": sorted(flow.categories),
        "purpose": flow.purpose.key if flow.purpose else None,
        "declared": flow.declared,
    }
