"""Items the product answers by itself, from the register and from signals.

A machine answer outranks a person's; where the product cannot know, it says so and a person
answers. Each function is read-only and returns one outcome with its reason.
"""

from __future__ import annotations

from collections.abc import Callable, Sized
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property

from governance.core.clock import database_now
from governance.people.choices import Role
from governance.people.models import RoleAssignment, SystemMembership
from governance.registry.choices import RiskTier
from governance.registry.models import DataFlow, Feature, ModelVersion, Purpose, Surface
from governance.signals.choices import SignalState
from governance.signals.selectors import SignalReading, signals_for

OBSERVED_WITHIN = timedelta(days=30)
LONGEST_REVIEW = {RiskTier.HIGH: timedelta(days=183)}
LONGEST_REVIEW_ELSE = timedelta(days=366)


@dataclass(frozen=True)
class MachineAnswer:
    """`passed` is None where the product cannot know; then a person answers."""

    passed: bool | None
    sentence: str


@dataclass
class Facts:
    """What the machine looks at; each part is read once, when an item first asks for it."""

    version: ModelVersion

    @cached_property
    def features(self) -> list[Feature]:
        return list(self.version.features.prefetch_related("allowed_purposes"))

    @cached_property
    def surfaces(self) -> list[Surface]:
        return list(self.version.system.surfaces.prefetch_related("purposes__types"))

    @cached_property
    def purposes(self) -> list[Purpose]:
        own = self.version.system.purposes.prefetch_related("types")
        found = {purpose.pk: purpose for purpose in own}
        for surface in self.surfaces:
            found |= {purpose.pk: purpose for purpose in surface.purposes.all()}
        return sorted(found.values(), key=lambda purpose: purpose.key)

    @cached_property
    def undeclared_flows(self) -> list[DataFlow]:
        since = database_now() - OBSERVED_WITHIN
        flows = DataFlow.objects.filter(system=self.version.system, declared=False)
        return list(flows.filter(observed_last_at__gte=since))

    @cached_property
    def audits(self) -> list[SignalReading]:
        """Verdicts that audits published about this version."""
        return verdicts(self.version)


def verdicts(version: ModelVersion) -> list[SignalReading]:
    """The last verdict of each audit plan about this version."""
    readings = signals_for(version.scope_key, prefix="audit.")
    return [reading for reading in readings if reading.key.endswith(".verdict")]


def _count(things: Sized, noun: str) -> str:
    return f"{len(things)} {noun}" if len(things) == 1 else f"{len(things)} {noun}s"


def _missing(title: str, names: list[str]) -> MachineAnswer:
    return MachineAnswer(False, f"{title}: {', '.join(sorted(names))}.")


def purposes_are_standard(facts: Facts) -> MachineAnswer:
    if not facts.purposes:
        return MachineAnswer(False, "The system has no purpose; add one to it or its surfaces.")
    vague = [purpose.key for purpose in facts.purposes if not purpose.dpv_iri]
    if vague:
        return _missing("Without a standard purpose", vague)
    return MachineAnswer(True, f"{_count(facts.purposes, 'purpose')}, each with its DPV concept.")


def features_are_registered(facts: Facts) -> MachineAnswer:
    if facts.undeclared_flows:
        names = [str(flow) for flow in facts.undeclared_flows]
        return _missing("Undeclared flows seen in the last 30 days", names)
    thin = [
        feature.key
        for feature in facts.features
        if not (feature.source and feature.owner_id and feature.allowed_purposes.all())
    ]
    if thin:
        return _missing("Features without source, purpose or owner", thin)
    if not facts.features and facts.version.profiled:
        return MachineAnswer(None, "No feature is registered for this version.")
    return MachineAnswer(
        True, f"{_count(facts.features, 'feature')}, each with source, purpose and owner."
    )


def features_have_retention(facts: Facts) -> MachineAnswer:
    endless = [feature.key for feature in facts.features if not feature.retention]
    if endless:
        return _missing("Features without a retention time", endless)
    if not facts.features and facts.version.profiled:
        return MachineAnswer(None, "No feature is registered for this version.")
    return MachineAnswer(True, f"{_count(facts.features, 'feature')}, each with a retention time.")


def purposes_have_toggles(facts: Facts) -> MachineAnswer:
    bare = [purpose.key for purpose in facts.purposes if not purpose.types.all()]
    if bare or not facts.purposes:
        return _missing("Purposes without a toggle", bare or ["none is named"])
    names = {kind.title for purpose in facts.purposes for kind in purpose.types.all()}
    return MachineAnswer(True, f"Covered by {', '.join(sorted(names))}.")


def a_variant_without_profiling(facts: Facts) -> MachineAnswer:
    fallback = facts.version.system.fallback_version
    bare = [surface.key for surface in facts.surfaces if not surface.non_profiled_variant]
    if bare:
        return _missing("Surfaces without a variant that does not profile", bare)
    if fallback is None:
        return MachineAnswer(False, "The system has no fallback version.")
    return MachineAnswer(True, f"People who are not profiled get {fallback.key}.")


def audits_are_current(facts: Facts) -> MachineAnswer:
    if not facts.audits:
        return MachineAnswer(None, "No audit has published a verdict about this version yet.")
    silent = [one.key for one in facts.audits if one.stale or one.state == SignalState.UNKNOWN]
    if silent:
        return _missing("Audits without a current result", silent)
    return MachineAnswer(True, f"Watched by {_count(facts.audits, 'audit plan')}.")


def roles_are_named(facts: Facts) -> MachineAnswer:
    system = facts.version.system
    members = SystemMembership.objects.filter(system_key=system.key, user__is_active=True)
    held = set(members.values_list("user__role_assignments__role", flat=True))
    # Privacy leads see every system, so they need not be members.
    needed = {Role.PRODUCT_OWNER, Role.ETHICS_REVIEWER} - held
    missing = [Role(role).label.lower() for role in needed]
    if Role.PRIVACY_LEAD not in held and not _someone_leads_privacy():
        missing.append("privacy lead")
    if system.owner_id is None:
        missing.append("owner")
    if missing:
        return _missing("Not named for this system", missing)
    return MachineAnswer(True, "Owner, product owner, privacy lead and ethics reviewer are named.")


def _someone_leads_privacy() -> bool:
    leads = RoleAssignment.objects.filter(role=Role.PRIVACY_LEAD, user__is_active=True)
    return leads.exists()


def the_next_review_is_set(facts: Facts) -> MachineAnswer:
    system = facts.version.system
    today = database_now().date()
    if system.review_due is None:
        return MachineAnswer(False, "The date of the next review is not set.")
    if system.review_due < today:
        return MachineAnswer(False, f"The review was due on {system.review_due:%-d %B %Y}.")
    longest = LONGEST_REVIEW.get(RiskTier(system.risk_tier), LONGEST_REVIEW_ELSE)
    if system.review_due - today > longest:
        return MachineAnswer(False, f"The next review is more than {longest.days} days away.")
    return MachineAnswer(True, f"Next review on {system.review_due:%-d %B %Y}.")


ANSWERS: dict[str, Callable[[Facts], MachineAnswer]] = {
    "R-01": purposes_are_standard,
    "R-03": features_are_registered,
    "R-06": features_have_retention,
    "C-01": purposes_have_toggles,
    "C-03": a_variant_without_profiling,
    "V-09": audits_are_current,
    "G-01": roles_are_named,
    "G-12": the_next_review_is_set,
}
